/** Pins with something on them, and ECMA-419's Digital class to speak to them. */

export interface DigitalOptions {
  pin: number;
  /** One of the class's constants: `Input` to `OutputOpenDrain`. */
  mode: number;
  /** An output's first level, as `write` takes it. Moddable's option. */
  initialValue?: number;
  /** A low level is 1. Moddable's option. */
  activeLow?: boolean;
  /** For an input: `Rising`, `Falling` or both added. Needed with `onReadable`. */
  edge?: number;
  onReadable?: (this: unknown) => void;
  target?: unknown;
}

export class Pins {
  #levels = new Map<number, 0 | 1>();
  /** Pins with a pulse-width modulation: the part of the time in which they are high. */
  #duties = new Map<number, number>();
  #taken = new Map<number, Digital | PWM>();
  #onDriven: () => void;
  /** ECMA-419's Digital class, on these pins. */
  readonly Digital: (new (options: DigitalOptions) => Digital) & DigitalConstants;

  readonly PWM: new (
    options: PWMOptions,
  ) => PWM;

  /** @param onDriven what is inside has driven a pin */
  constructor(onDriven: () => void = () => {}) {
    this.#onDriven = onDriven;
    const pins = this;
    this.PWM = class extends PWM {
      constructor(options: PWMOptions) {
        super(pins, options);
      }
    };
    this.Digital = class extends Digital {
      constructor(options: DigitalOptions) {
        super(pins, options);
      }
    };
  }

  /** What is outside drives the pin, or what is inside has driven it. */
  level(pin: number): 0 | 1 | undefined {
    return this.#levels.get(pin);
  }

  /** How much of the time a pin is high, 0 to 1. */
  duty(pin: number): number {
    return this.#duties.get(pin) ?? this.#levels.get(pin) ?? 0;
  }

  /** The power is cut: nothing drives any pin. */
  release(): void {
    this.#taken.clear();
    this.#levels.clear();
    this.#duties.clear();
    this.#onDriven();
  }

  /** Drives an input from outside. */
  drive(pin: number, level: 0 | 1): void {
    const before = this.#levels.get(pin) ?? 0;
    this.#levels.set(pin, level);
    const taken = this.#taken.get(pin);
    if (before !== level && taken instanceof Digital) taken.edge(level);
  }

  /** For Digital and PWM. */
  take(pin: number, by: Digital | PWM, level: 0 | 1 | undefined): void {
    if (this.#taken.has(pin)) throw new Error(`pin ${pin} is in use`);
    this.#taken.set(pin, by);
    if (level !== undefined && !this.#levels.has(pin)) this.#levels.set(pin, level);
  }

  /** For Digital and PWM. */
  free(pin: number, by: Digital | PWM): void {
    if (this.#taken.get(pin) !== by) return;
    this.#taken.delete(pin);
    if (this.#duties.delete(pin)) this.#onDriven();
  }

  /** For Digital. */
  set(pin: number, level: 0 | 1, by: Digital): void {
    // After a power cut what is left of the program drives nothing.
    if (this.#taken.get(pin) !== by) return;
    this.#levels.set(pin, level);
    this.#onDriven();
  }

  /** For PWM. */
  setDuty(pin: number, duty: number, by: PWM): void {
    if (this.#taken.get(pin) !== by) return;
    this.#duties.set(pin, duty);
    this.#onDriven();
  }
}

interface DigitalConstants {
  readonly Input: number;
  readonly InputPullUp: number;
  readonly InputPullDown: number;
  readonly InputPullUpDown: number;
  readonly Output: number;
  readonly OutputOpenDrain: number;
  readonly Rising: number;
  readonly Falling: number;
}

/** One pin. */
export class Digital {
  static readonly Input = 0;
  static readonly InputPullUp = 1;
  static readonly InputPullDown = 2;
  static readonly InputPullUpDown = 3;
  static readonly Output = 8;
  static readonly OutputOpenDrain = 9;
  static readonly Rising = 1;
  static readonly Falling = 2;

  readonly target: unknown;
  #pins: Pins | undefined;
  #pin: number;
  #isOutput: boolean;
  #activeLow: boolean;
  #edges: number;
  #onReadable: ((this: unknown) => void) | undefined;

  constructor(pins: Pins, options: DigitalOptions) {
    const { pin, mode, edge = 0, onReadable, initialValue } = options;
    if (!Number.isInteger(pin) || pin < 0) throw new RangeError(`pin ${pin}`);
    if (![0, 1, 2, 3, 8, 9].includes(mode)) throw new RangeError(`mode ${mode}`);
    if (onReadable !== undefined && typeof onReadable !== "function")
      throw new TypeError("onReadable is not a function");
    if (onReadable && !(edge >= 1 && edge <= 3)) throw new RangeError("onReadable needs an edge");
    this.#pin = pin;
    this.#isOutput = mode >= Digital.Output;
    this.#activeLow = options.activeLow === true;
    this.#edges = edge;
    this.#onReadable = onReadable;
    if (options.target !== undefined) this.target = options.target;
    pins.take(pin, this, mode === Digital.InputPullUp ? 1 : mode === Digital.OutputOpenDrain ? 1 : undefined);
    this.#pins = pins;
    if (this.#isOutput && initialValue !== undefined) this.write(initialValue);
  }

  get format(): "number" {
    return "number";
  }

  set format(value: "number") {
    if (value !== "number") throw new RangeError("format is always number");
  }

  /** 0 or 1. */
  read(): number {
    const level = this.#open().level(this.#pin) ?? 0;
    return this.#activeLow ? 1 - level : level;
  }

  /** Drives an output: 0 is low, everything else high. */
  write(value: number): void {
    const pins = this.#open();
    if (!this.#isOutput) throw new Error("the pin is an input");
    pins.set(this.#pin, (value === 0) === this.#activeLow ? 1 : 0, this);
  }

  close(): void {
    this.#pins?.free(this.#pin, this);
    this.#pins = undefined;
  }

  /** For Pins: the level has changed. */
  edge(level: 0 | 1): void {
    const edge = level === 1 ? Digital.Rising : Digital.Falling;
    if ((this.#edges & edge) !== 0) this.#onReadable?.call(this);
  }

  #open(): Pins {
    if (!this.#pins) throw new TypeError("the pin is closed");
    return this.#pins;
  }
}

export interface PWMOptions {
  pin: number;
  /** Frequency in hertz; the simulation looks at the duty alone. */
  hz?: number;
  /** Bits. */
  resolution?: number;
  target?: unknown;
}

/** ECMA-419's PWM class, of one pin. */
export class PWM {
  readonly target: unknown;
  readonly hz: number;
  readonly resolution: number;
  #pins: Pins | undefined;
  #pin: number;

  constructor(pins: Pins, options: PWMOptions) {
    // As Moddable's for the ESP32.
    const { pin, hz = 1_024, resolution = 10 } = options;
    if (!Number.isInteger(pin) || pin < 0) throw new RangeError(`pin ${pin}`);
    if (!(hz > 0)) throw new RangeError(`hz ${hz}`);
    if (!Number.isInteger(resolution) || resolution < 1 || resolution > 20)
      throw new RangeError(`resolution ${resolution}`);
    this.hz = hz;
    this.resolution = resolution;
    this.#pin = pin;
    if (options.target !== undefined) this.target = options.target;
    pins.take(pin, this, undefined);
    this.#pins = pins;
  }

  get format(): "number" {
    return "number";
  }

  set format(value: "number") {
    if (value !== "number") throw new RangeError("format is always number");
  }

  /** 0 is always low, 2 to the power of `resolution` less 1 always high. */
  write(value: number): void {
    if (!this.#pins) throw new TypeError("the pin is closed");
    const full = 2 ** this.resolution - 1;
    if (!(value >= 0 && value <= full)) throw new RangeError(`value ${value}: allowed is 0 to ${full}`);
    this.#pins.setDuty(this.#pin, value / full, this);
  }

  close(): void {
    this.#pins?.free(this.#pin, this);
    this.#pins = undefined;
  }
}
