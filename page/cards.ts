/** All cards, in the order of their names; where there are many, a field to find one. */

import { Card, type CardContext } from "./card.js";
import { byId, setText } from "./dom.js";
import { readableName } from "./names.js";
import type { Device } from "./wire.js";

/** So many are seen at a glance. */
const GLANCE = 8;

const ORDER = new Intl.Collator("en", { numeric: true });

export class Cards {
  readonly #list = byId("devices");
  readonly #empty = byId("no-devices");
  readonly #find = byId("find") as HTMLInputElement;
  readonly #count = byId("device-count");
  readonly #cards = new Map<string, Card>();
  readonly #toggle: (base: string) => void;

  constructor(toggle: (base: string) => void) {
    this.#toggle = toggle;
    this.#find.addEventListener("input", () => this.#filter());
  }

  show(device: Device, context: CardContext): void {
    let card = this.#cards.get(device.base);
    if (!card) {
      card = new Card(device, this.#toggle);
      this.#cards.set(device.base, card);
      this.#insert(device.base, card);
      this.#filter();
    }
    card.update(device, context);
  }

  remove(base: string): void {
    this.#cards.get(base)?.element.remove();
    this.#cards.delete(base);
    this.#filter();
  }

  tick(context: (base: string) => CardContext): void {
    for (const [base, card] of this.#cards) card.tick(context(base));
  }

  /** @param text where there is no device */
  explain(text: string): void {
    setText(this.#empty, text);
    this.#empty.hidden = this.#cards.size > 0;
  }

  #insert(base: string, card: Card): void {
    const after = [...this.#list.children].find(
      (other) => ORDER.compare((other as HTMLElement).dataset["base"] ?? "", base) > 0,
    );
    this.#list.insertBefore(card.element, after ?? null);
  }

  #filter(): void {
    const many = this.#cards.size > GLANCE;
    this.#find.hidden = !many;
    const wanted = many ? this.#find.value.trim().toLocaleLowerCase("en") : "";
    let shown = 0;
    for (const [base, card] of this.#cards) {
      const text = `${base}\n${readableName(base)}`.toLocaleLowerCase("en");
      card.element.hidden = !text.includes(wanted);
      if (!card.element.hidden) shown += 1;
    }
    setText(this.#count, wanted === "" ? String(this.#cards.size) : `${shown} of ${this.#cards.size}`);
    this.#empty.hidden = this.#cards.size > 0;
  }
}
