import { checkFormat, checkFormatOption, integerOf, optionsOf, unusable } from "./options.js";
import type { Pins } from "./pins.js";

export interface AnalogOptions {
  pin: number;
  format?: "number";
  target?: unknown;
}

/** Bits of the converter, as the ESP32's. */
const RESOLUTION = 12;

/** ECMA-419's Analog class: the voltage on a pin. */
export class Analog {
  declare readonly target: unknown;
  #pins: Pins | undefined;
  #pin: number;

  /** @throws RangeError for a pin that is none or in use */
  constructor(pins: Pins, given: AnalogOptions) {
    const options = optionsOf(given);
    this.#pin = integerOf(options["pin"], "pin", 0, Number.POSITIVE_INFINITY);
    if (!pins.isFree(this.#pin)) throw new RangeError(`pin ${this.#pin} is none, or in use`);
    checkFormatOption(options, "number");
    if ("target" in options) (this as { target: unknown }).target = options["target"];
    pins.take(this.#pin, this);
    this.#pins = pins;
  }

  get format(): "number" {
    return "number";
  }

  set format(value: "number") {
    checkFormat(value, "number");
  }

  get resolution(): number {
    Analog.#opened(this);
    return RESOLUTION;
  }

  /** From 0 to 2 to the power of `resolution` less 1. */
  read(): number {
    const analog = Analog.#opened(this);
    return Math.round((analog.#pins as Pins).voltage(analog.#pin) * (2 ** RESOLUTION - 1));
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#pins in this)) throw unusable("analog pin");
    this.#pins?.free(this.#pin, this);
    this.#pins = undefined;
  }

  static #opened(receiver: unknown): Analog {
    if (typeof receiver === "object" && receiver !== null && #pins in receiver && receiver.#pins)
      return receiver;
    throw unusable("analog pin");
  }
}
