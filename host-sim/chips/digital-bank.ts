import {
  type Callback,
  callbackOption,
  checkFormat,
  checkFormatOption,
  optionsOf,
  unusable,
} from "./options.js";
import type { Pins } from "./pins.js";

export interface DigitalBankOptions {
  /** A bit for each pin of the bank. */
  pins: number;
  /** Pins 0 to 31 are bank 0, the default, and 32 to 63 bank 1. */
  bank?: number;
  /** One of the class's constants: `Input` to `OutputOpenDrain`. */
  mode: number;
  /** For inputs, and needed with `onReadable`: the pins whose rising and falling edges are told. */
  rises?: number;
  falls?: number;
  /** A low level is 1. Moddable's option. */
  activeLow?: boolean;
  /** Outputs' first levels, as `write` takes them; low without it. Moddable's option. */
  initialValue?: number;
  /** @param triggered a bit for each pin that has had an edge since it was last called */
  onReadable?: (this: never, triggered: number) => void;
  format?: "number";
  target?: unknown;
}

/** Pins that there are, in two banks of 32: more than any microcontroller has that Moddable runs on. */
export const PIN_COUNT = 64;

/** Modes from this one on are outputs. */
const OUTPUT = 8;
const MODES = [0, 1, 2, 3, OUTPUT, 9];

/** ECMA-419's DigitalBank class: up to 32 pins as one number. */
export class DigitalBank {
  static readonly Input = 0;
  static readonly InputPullUp = 1;
  static readonly InputPullDown = 2;
  static readonly InputPullUpDown = 3;
  static readonly Output = OUTPUT;
  static readonly OutputOpenDrain = 9;
  static readonly Rising = 1;
  static readonly Falling = 2;

  declare readonly target: unknown;
  #pins: Pins | undefined;
  #mask: number;
  /** Number of the bank's first pin. */
  #first: number;
  #isOutput: boolean;
  /** Bits of `#mask` where low is 1. */
  #inverted: number;
  #rises = 0;
  #falls = 0;
  #triggered = 0;
  #onReadable: Callback | undefined;

  constructor(pins: Pins, given: DigitalBankOptions) {
    const options = optionsOf(given);
    const bank = options["bank"] === undefined ? 0 : toUnsigned(options["bank"]);
    if (bank > 1) throw new Error(`bank ${bank}: 0 and 1 are`);
    const mask = toUnsigned(options["pins"]);
    if (mask === 0) throw new Error("pins are missing");
    this.#mask = mask;
    this.#first = bank * 32;
    this.#each((pin) => {
      if (!pins.isFree(pin)) throw new Error(`pin ${pin} is in use`);
    });
    const mode = modeOf(options["mode"]);
    this.#isOutput = mode >= OUTPUT;
    this.#inverted = options["activeLow"] ? mask : 0;
    if (!this.#isOutput) this.#watch(options);
    checkFormatOption(options, "number");
    if ("target" in options) (this as { target: unknown }).target = options["target"];
    this.#each((pin) => pins.take(pin, this));
    this.#pins = pins;
    if (this.#isOutput) this.#drive(pins, toUnsigned(options["initialValue"]));
    else if (mode !== DigitalBank.Input)
      this.#each((pin) => pins.pull(pin, mode === DigitalBank.InputPullDown ? 0 : 1));
  }

  get format(): "number" {
    return "number";
  }

  set format(value: "number") {
    checkFormat(value, "number");
  }

  /** A bit for each pin; those that are not the instance's are 0. @throws Error from an output */
  read(): number {
    const bank = DigitalBank.#opened(this);
    if (bank.#isOutput) throw new Error("the pin is an output");
    const pins = bank.#pins as Pins;
    let levels = 0;
    bank.#each((pin, bit) => {
      if (pins.level(pin) === 1) levels |= bit;
    });
    return (levels ^ bank.#inverted) >>> 0;
  }

  /** Drives all pins; bits of others are ignored. @throws Error from an input */
  write(value: number): void {
    const bank = DigitalBank.#opened(this);
    if (!bank.#isOutput) throw new Error("the pin is an input");
    bank.#drive(bank.#pins as Pins, toUnsigned(value));
  }

  close(): void {
    if (!isObject(this) || !(#pins in this)) throw unusable("digital pin");
    const pins = this.#pins;
    this.#pins = undefined;
    if (pins) this.#each((pin) => pins.free(pin, this));
  }

  /** For Pins: the level of one of the pins has changed. */
  edge(pin: number, level: 0 | 1): void {
    const bit = 1 << (pin & 31);
    if (((level === 1 ? this.#rises : this.#falls) & bit) === 0) return;
    const isFirst = this.#triggered === 0;
    this.#triggered |= bit;
    if (isFirst) this.#pins?.defer(() => this.#tell());
  }

  #watch(options: Readonly<Record<string, unknown>>): void {
    this.#onReadable = callbackOption(options, "onReadable");
    if (!this.#onReadable) return;
    const rises = toUnsigned(options["rises"]) & this.#mask;
    const falls = toUnsigned(options["falls"]) & this.#mask;
    if ((rises | falls) === 0) throw new RangeError("onReadable needs an edge");
    this.#rises = this.#inverted ? falls : rises;
    this.#falls = this.#inverted ? rises : falls;
  }

  #tell(): void {
    const triggered = this.#triggered >>> 0;
    this.#triggered = 0;
    if (this.#pins) this.#onReadable?.call(this, triggered);
  }

  #drive(pins: Pins, value: number): void {
    const levels = value ^ this.#inverted;
    this.#each((pin, bit) => {
      if (pins.has(pin, this)) pins.set(pin, (levels & bit) === 0 ? 0 : 1);
    });
  }

  #each(task: (pin: number, bit: number) => void): void {
    for (let at = 0; at < 32; at++) {
      const bit = 1 << at;
      if ((this.#mask & bit) !== 0) task(this.#first + at, bit);
    }
  }

  static #opened(receiver: unknown): DigitalBank {
    if (isObject(receiver) && #pins in receiver && receiver.#pins) return receiver;
    throw unusable("digital pin");
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** As XS takes a set of bits: nothing is 0. */
function toUnsigned(value: unknown): number {
  return value === undefined ? 0 : +(value as number) >>> 0;
}

function modeOf(value: unknown): number {
  if (value === undefined) throw new Error("mode is missing");
  const mode = +(value as number) | 0;
  if (!MODES.includes(mode)) throw new RangeError(`mode ${mode}`);
  return mode;
}
