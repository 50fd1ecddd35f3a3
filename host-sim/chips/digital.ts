import { DigitalBank, type DigitalBankOptions, PIN_COUNT } from "./digital-bank.js";
import { optionsOf } from "./options.js";
import type { Pins } from "./pins.js";

export interface DigitalOptions {
  /** 0 to 63. */
  pin: number;
  /** One of the class's constants: `Input` to `OutputOpenDrain`. */
  mode: number;
  /** An output's first level, as `write` takes it; low without it. Moddable's option. */
  initialValue?: number;
  /** A low level is 1. Moddable's option. */
  activeLow?: boolean;
  /** For an input: `Rising`, `Falling` or both added. Needed with `onReadable`. */
  edge?: number;
  onReadable?: (this: unknown) => void;
  format?: "number";
  target?: unknown;
}

/** What the classes of pins have as static properties. */
export interface DigitalConstants {
  readonly Input: number;
  readonly InputPullUp: number;
  readonly InputPullDown: number;
  readonly InputPullUpDown: number;
  readonly Output: number;
  readonly OutputOpenDrain: number;
  readonly Rising: number;
  readonly Falling: number;
}

/** ECMA-419's Digital class: a bank of one pin. */
export class Digital extends DigitalBank {
  constructor(pins: Pins, given: DigitalOptions) {
    super(pins, bankOptions(optionsOf(given)));
  }

  /** 0 or 1. */
  override read(): number {
    return super.read() === 0 ? 0 : 1;
  }

  /** Drives an output: 0, and what is no number, is low, everything else high. */
  override write(value: number): void {
    super.write(Number(value) ? ~0 : 0);
  }
}

function bankOptions(options: Readonly<Record<string, unknown>>): DigitalBankOptions {
  if (options["pin"] === undefined) throw new Error("pin is missing");
  const pin = +(options["pin"] as number) | 0;
  if (pin < 0 || pin >= PIN_COUNT) throw new Error(`pin ${pin}: 0 to ${PIN_COUNT - 1} are`);
  const pins = 1 << (pin & 31);
  const edge = +((options["edge"] as number | undefined) ?? 0) | 0;
  const bank: Record<string, unknown> = {
    pins,
    bank: pin >> 5,
    mode: options["mode"],
    rises: (edge & DigitalBank.Rising) === 0 ? 0 : pins,
    falls: (edge & DigitalBank.Falling) === 0 ? 0 : pins,
    onReadable: options["onReadable"],
    format: options["format"],
    activeLow: options["activeLow"],
    initialValue: Number(options["initialValue"] ?? 0) ? pins : 0,
  };
  if ("target" in options) bank["target"] = options["target"];
  return bank as unknown as DigitalBankOptions;
}
