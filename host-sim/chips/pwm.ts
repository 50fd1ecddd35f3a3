import { checkFormat, checkFormatOption, integerOf, optionsOf, toInteger, unusable } from "./options.js";
import type { Pins } from "./pins.js";

export interface PWMOptions {
  pin?: number;
  /** Takes over this instance's pin, its settings where none are given, and its duty; closes it. */
  from?: PWM;
  /** One of eight timers, 0 to 7; a free one without it. */
  port?: number;
  /** Frequency in hertz; by default 1,024. The simulation looks at the duty alone. */
  hz?: number;
  /** Bits, 1 to 20; by default 10. */
  resolution?: number;
  format?: "number";
  target?: unknown;
}

/** As Moddable's for the ESP32. */
const HZ = 1_024;
const RESOLUTION = 10;
const TIMERS = 8;
/** Steps in a second: of the clock, and of the clock by its largest divider. */
const FASTEST = 80_000_000;
const SLOWEST = 17_408;

/** ECMA-419's PWM class, of one pin. */
export class PWM {
  declare readonly target: unknown;
  #hz = HZ;
  #resolution = RESOLUTION;
  #pins: Pins | undefined;
  #pin: number;
  #port: number;
  #duty = 0;

  constructor(pins: Pins, given: PWMOptions) {
    const options = optionsOf(given);
    const from = "from" in options ? PWM.#opened(options["from"]) : undefined;
    if (from) {
      this.#hz = from.#hz;
      this.#resolution = from.#resolution;
      this.#duty = from.#duty;
    }
    this.#pin = from ? from.#pin : integerOf(options["pin"], "pin", 0, Number.POSITIVE_INFINITY);
    if (!from && !pins.isFree(this.#pin)) throw new Error(`pin ${this.#pin} is none, or in use`);
    this.#port = from ? from.#port : portOf(options, pins.channels);
    this.#readPace(options);
    checkFormatOption(options, "number");
    if ("target" in options) (this as { target: unknown }).target = options["target"];
    from?.close();
    pins.take(this.#pin, this);
    pins.channels.add(this.#port);
    this.#pins = pins;
    pins.setDuty(this.#pin, this.#duty);
  }

  get format(): "number" {
    return "number";
  }

  set format(value: "number") {
    checkFormat(value, "number");
  }

  get hz(): number {
    return PWM.#opened(this).#hz;
  }

  get resolution(): number {
    return PWM.#opened(this).#resolution;
  }

  /** 0 is always low, 2 to the power of `resolution` less 1 always high. @throws RangeError outside of that */
  write(value: number): void {
    const pwm = PWM.#opened(this);
    const full = 2 ** pwm.#resolution - 1;
    const number = toInteger(value);
    if (!(number >= 0 && number <= full)) throw new RangeError(`value ${number}: allowed is 0 to ${full}`);
    pwm.#duty = number / full;
    const pins = pwm.#pins as Pins;
    if (pins.has(pwm.#pin, pwm)) pins.setDuty(pwm.#pin, pwm.#duty);
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#pins in this)) throw unusable("PWM");
    const pins = this.#pins;
    if (!pins) return;
    this.#pins = undefined;
    if (pins.has(this.#pin, this)) pins.channels.delete(this.#port);
    pins.free(this.#pin, this);
  }

  #readPace(options: Readonly<Record<string, unknown>>): void {
    if ("hz" in options) this.#hz = toInteger(options["hz"]);
    if (!(this.#hz > 0)) throw new RangeError(`hz ${this.#hz}`);
    if ("resolution" in options) this.#resolution = toInteger(options["resolution"]);
    if (!(this.#resolution >= 1 && this.#resolution <= 20))
      throw new RangeError(`resolution ${this.#resolution}: 1 to 20 are`);
    const steps = this.#hz * 2 ** this.#resolution;
    const pace = `${this.#hz} Hz at ${this.#resolution} bits`;
    if (steps < SLOWEST) throw new RangeError(`${pace} is too slow`);
    if (steps > FASTEST) throw new Error(`${pace} is too fast`);
  }

  static #opened(receiver: unknown): PWM {
    if (typeof receiver === "object" && receiver !== null && #pins in receiver && receiver.#pins)
      return receiver;
    throw unusable("PWM");
  }
}

function portOf(options: Readonly<Record<string, unknown>>, taken: ReadonlySet<number>): number {
  if ("port" in options) {
    const port = integerOf(options["port"], "port", 0, TIMERS - 1);
    if (taken.has(port)) throw new Error(`port ${port} is in use`);
    return port;
  }
  for (let port = 0; port < TIMERS; port++) if (!taken.has(port)) return port;
  throw new Error(`all ${TIMERS} ports are in use`);
}
