/** What sets an air conditioner: it shows what the device says of itself, and beside it what became of a wish. */

import { button, element, freshId, setAttribute, setText } from "./dom.js";
import { formatQuantity, NOTHING } from "./format.js";
import { type Outcome, outcomeText, stepped, TARGET, targetOf } from "./outcome.js";
import { sendCommand } from "./server.js";
import { type Climate, MODES, type Mode } from "./wire.js";

const MODE_LABELS: Readonly<Record<Mode, string>> = { off: "Off", cool: "Cool", heat: "Heat", auto: "Auto" };

const ACTIONS: ReadonlyMap<string, string> = new Map([
  ["off", "Off"],
  ["idle", "Idle"],
  ["cooling", "Cooling"],
  ["heating", "Heating"],
]);

/** Where a wish starts from when the device has said nothing. */
const SOMEWHERE = 21;

export class ClimateControl {
  readonly element: HTMLElement;
  readonly #base: string;
  readonly #target = element("span", "value");
  readonly #action = element("span", "action");
  readonly #room = element("span", "room");
  readonly #modes = new Map<Mode, HTMLButtonElement>();
  readonly #input: HTMLInputElement;
  readonly #outcome = element("output", "outcome", { "aria-live": "polite" });
  #climate: Climate = { mode: null, target: null, action: null };
  /** Somebody is about to set another target. */
  #isDraft = false;
  /** Commands sent: only the last one's outcome is of interest. */
  #sent = 0;

  constructor(base: string) {
    this.#base = base;
    const id = freshId();
    const { minimum, maximum, step } = TARGET;
    this.#input = element("input", "", {
      id,
      type: "number",
      min: minimum,
      max: maximum,
      step,
      inputmode: "decimal",
      autocomplete: "off",
    });
    this.#input.addEventListener("input", () => this.#draft());
    const modes = element("div", "segments modes", { role: "group", "aria-label": "Mode" });
    for (const mode of MODES) {
      const one = button(MODE_LABELS[mode], `mode-${mode}`, () =>
        this.#send("mode", mode, `Mode ${MODE_LABELS[mode]}`),
      );
      this.#modes.set(mode, one);
      modes.append(one);
    }
    const form = element(
      "form",
      "target",
      { novalidate: true },
      element("label", "", { for: id }, "Set to"),
      button("−", "square", () => this.#step(-1), "Half a degree less"),
      this.#input,
      element("span", "unit", { "aria-hidden": "true" }, "°C"),
      button("+", "square", () => this.#step(1), "Half a degree more"),
      element("button", "set", { type: "submit" }, "Set"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    const now = element(
      "div",
      "values",
      {},
      element("div", "main-value", {}, element("span", "label", {}, "Target"), this.#target),
      element("div", "climate-now", {}, this.#action, this.#room),
    );
    this.element = element("div", "climate", {}, now, modes, form, this.#outcome);
  }

  /** @param room the temperature where it works, in °C */
  update(climate: Climate, room: number | undefined): void {
    this.#climate = climate;
    const { mode, target, action } = climate;
    setText(this.#target, formatQuantity(target, "temperature"));
    setText(this.#action, (action !== null && ACTIONS.get(action)) || NOTHING);
    setAttribute(this.#action, "data-action", action !== null && ACTIONS.has(action) ? action : "");
    setText(this.#room, room === undefined ? "" : `Room ${formatQuantity(room, "temperature")}`);
    for (const [one, choice] of this.#modes) setAttribute(choice, "aria-pressed", String(one === mode));
    if (!this.#isDraft) this.#confirm();
  }

  #draft(): void {
    this.#isDraft = true;
    this.element.classList.add("draft");
  }

  #settle(): void {
    this.#isDraft = false;
    this.element.classList.remove("draft");
    this.#confirm();
  }

  #confirm(): void {
    const { target } = this.#climate;
    const text = target === null ? "" : target.toFixed(1);
    if (this.#input.value !== text) this.#input.value = text;
  }

  #step(direction: 1 | -1): void {
    const value = targetOf(this.#input.value);
    const start = typeof value === "number" ? value : (this.#climate.target ?? SOMEWHERE);
    this.#input.value = stepped(start, direction).toFixed(1);
    this.#draft();
  }

  #submit(): void {
    const value = targetOf(this.#input.value);
    if (typeof value === "string") {
      this.#say("refused", value);
      this.#input.focus();
      return;
    }
    void this.#send("target", value, `Target ${formatQuantity(value, "temperature")}`);
  }

  async #send(command: "mode" | "target", value: string | number, wish: string): Promise<void> {
    this.#sent += 1;
    const turn = this.#sent;
    this.#show({ kind: "sending" }, wish);
    const outcome = await sendCommand(this.#base, command, value);
    if (turn !== this.#sent) return;
    this.#show(outcome, wish);
    // What the device says of itself counts from here on, whatever was wished for.
    if (command === "target") this.#settle();
  }

  #show(outcome: Outcome, wish: string): void {
    this.#say(outcome.kind, outcomeText(outcome, wish));
  }

  #say(kind: string, text: string): void {
    setAttribute(this.#outcome, "data-kind", kind);
    setText(this.#outcome, text);
  }
}
