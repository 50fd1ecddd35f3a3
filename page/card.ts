/** A device as a card: what it measures, how old that is, how it is, and more when asked. */

import { ClimateControl } from "./climate.js";
import { now as clock } from "./clock.js";
import { button, element, setAttribute, setText } from "./dom.js";
import { formatAge, formatMoment, formatQuantity, NOTHING, quantityOf, WEEK } from "./format.js";
import { detailsOf, healthOf, momentOf, newest, noticesOf } from "./health.js";
import { readableName, visible } from "./names.js";
import { address } from "./server.js";
import type { Device } from "./wire.js";

export interface CardContext {
  /** Milliseconds since 1970, by the server's clock. */
  now: number;
  connected: boolean;
  /** Milliseconds between readings. */
  usual: number | undefined;
  /** Its colour in the graph. */
  slot: number | undefined;
  /** No further device can be drawn. */
  full: boolean;
  /** °C where an air conditioner works. */
  room: number | undefined;
  /** For whom a device has no reading of it, there is nothing to draw. */
  quantity: string;
}

/** The most quantities of a device that are shown. */
const QUANTITIES = 8;

export class Card {
  readonly element: HTMLLIElement;
  readonly #health = element("span", "health");
  readonly #age = element("span", "age");
  readonly #values = element("dl", "values");
  readonly #notices = element("ul", "notices");
  readonly #body = element("div", "body");
  readonly #draw: HTMLButtonElement;
  readonly #details = element("details");
  readonly #facts = element("dl", "facts");
  readonly #export = element("a", "", { download: true }, "Readings of the last week (CSV)");
  #climate: ClimateControl | undefined;
  #device: Device;

  /** @param toggle draws the device or draws it no more */
  constructor(device: Device, toggle: (base: string) => void) {
    this.#device = device;
    const { base } = device;
    const name = readableName(base);
    this.#draw = button("", "draw", () => toggle(base));
    this.#draw.append(element("span", "swatch"), element("span", "", {}, "Graph"));
    const head = element(
      "header",
      "",
      {},
      element("h3", "", {}, element("bdi", "", {}, name)),
      this.#health,
      element("p", "base", {}, element("bdi", "", {}, visible(base, 200))),
      this.#age,
    );
    this.#details.append(
      element("summary", "", {}, "Details"),
      this.#facts,
      element("p", "", {}, this.#export),
    );
    this.#details.addEventListener("toggle", () => this.#writeDetails(clock()));
    const foot = element("footer", "", {}, this.#details, this.#draw);
    this.element = element("li", "card", {}, head, this.#body, this.#notices, foot);
    this.element.dataset["base"] = base;
    this.#body.append(this.#values);
  }

  /** Another state of the same device. */
  update(device: Device, context: CardContext): void {
    this.#device = device;
    this.#writeValues();
    this.#writeNotices();
    if (device.climate && !this.#climate) {
      this.#climate = new ClimateControl(device.base);
      this.#body.append(this.#climate.element);
    }
    this.tick(context);
  }

  /** What changes with time alone, and what others say of it. */
  tick(context: CardContext): void {
    const device = this.#device;
    const { now, usual, connected, slot, full, room, quantity } = context;
    const { state, label } = healthOf(device, now, usual, connected);
    setText(this.#health, label);
    setAttribute(this.element, "data-state", state);
    const latest = newest(device);
    const since = latest ?? device.lastSeen;
    setText(
      this.#age,
      since === null ? "No reading yet" : `${latest === undefined ? "Seen " : ""}${formatAge(now - since)}`,
    );
    if (since !== null) setAttribute(this.#age, "title", formatMoment(since, now, true));
    const swatch = this.#draw.firstElementChild as HTMLElement;
    setAttribute(swatch, "class", slot === undefined ? "swatch" : `swatch line-${slot}`);
    setAttribute(this.#draw, "aria-pressed", String(slot !== undefined));
    setAttribute(this.#draw, "aria-label", `${readableName(device.base)} in the graph`);
    this.#draw.hidden = !device.readings.has(quantity) && slot === undefined;
    this.#draw.disabled = full && slot === undefined;
    if (device.climate) this.#climate?.update(device.climate, room);
    if (this.#details.open) this.#writeDetails(now);
  }

  #writeValues(): void {
    const readings = [...this.#device.readings].slice(0, QUANTITIES);
    const isMain = (quantity: string) => quantity === "temperature";
    readings.sort(([a], [b]) => Number(isMain(b)) - Number(isMain(a)));
    while (this.#values.children.length > readings.length) this.#values.lastElementChild?.remove();
    while (this.#values.children.length < readings.length)
      this.#values.append(element("div", "", {}, element("dt"), element("dd", "value")));
    for (const [index, [quantity, value]] of readings.entries()) {
      const cell = this.#values.children[index];
      setAttribute(cell, "class", isMain(quantity) ? "main-value" : "other-value");
      setText(cell.children[0], visible(quantityOf(quantity).label, 40));
      setText(cell.children[1], formatQuantity(value.value, quantity));
      setAttribute(cell.children[1], "title", formatMoment(momentOf(value), momentOf(value), true));
    }
    this.#values.hidden = readings.length === 0;
  }

  #writeNotices(): void {
    const notices = noticesOf(this.#device);
    this.#notices.hidden = notices.length === 0;
    const text = notices.map((notice) => notice.text).join("\n");
    if (this.#notices.dataset["text"] === text) return;
    this.#notices.dataset["text"] = text;
    this.#notices.replaceChildren(
      ...notices.map((notice) => element("li", notice.serious ? "serious" : "", {}, notice.text)),
    );
  }

  #writeDetails(now: number): void {
    const rows = detailsOf(this.#device, now);
    while (this.#facts.children.length > rows.length) this.#facts.lastElementChild?.remove();
    while (this.#facts.children.length < rows.length)
      this.#facts.append(element("div", "", {}, element("dt"), element("dd")));
    for (const [index, [label, value]] of rows.entries()) {
      setText(this.#facts.children[index].children[0], label);
      setText(this.#facts.children[index].children[1], value || NOTHING);
    }
    const query = {
      device: this.#device.base,
      quantity: "temperature",
      from: Math.floor(now - WEEK),
      to: Math.ceil(now),
    };
    this.#export.href = address("/api/export.csv", query);
    this.#export.hidden = !this.#device.readings.has("temperature");
  }
}
