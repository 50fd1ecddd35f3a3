/** Pins with something on them, and ECMA-419's Digital class to speak to them. */

export interface DigitalOptions {
  pin: number;
  /** One of the class's constants: `Input` to `OutputOpenDrain`. */
  mode: number;
  /** For an input: `Rising`, `Falling` or both added. Needed with `onReadable`. */
  edge?: number;
  onReadable?: (this: unknown) => void;
  target?: unknown;
}

export class Pins {
  #levels = new Map<number, 0 | 1>();
  #taken = new Map<number, Digital>();
  /** ECMA-419's Digital class, on these pins. */
  readonly Digital: (new (options: DigitalOptions) => Digital) & DigitalConstants;

  constructor() {
    const pins = this;
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

  /** Drives an input from outside. */
  drive(pin: number, level: 0 | 1): void {
    const before = this.#levels.get(pin) ?? 0;
    this.#levels.set(pin, level);
    if (before !== level) this.#taken.get(pin)?.edge(level);
  }

  /** For Digital. */
  take(pin: number, digital: Digital, level: 0 | 1 | undefined): void {
    if (this.#taken.has(pin)) throw new Error(`pin ${pin} is in use`);
    this.#taken.set(pin, digital);
    if (level !== undefined && !this.#levels.has(pin)) this.#levels.set(pin, level);
  }

  /** For Digital. */
  free(pin: number): void {
    this.#taken.delete(pin);
  }

  /** For Digital. */
  set(pin: number, level: 0 | 1): void {
    this.#levels.set(pin, level);
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
  #edges: number;
  #onReadable: ((this: unknown) => void) | undefined;

  constructor(pins: Pins, options: DigitalOptions) {
    const { pin, mode, edge = 0, onReadable } = options;
    if (!Number.isInteger(pin) || pin < 0) throw new RangeError(`pin ${pin}`);
    if (![0, 1, 2, 3, 8, 9].includes(mode)) throw new RangeError(`mode ${mode}`);
    if (onReadable !== undefined && typeof onReadable !== "function")
      throw new TypeError("onReadable is not a function");
    if (onReadable && !(edge >= 1 && edge <= 3)) throw new RangeError("onReadable needs an edge");
    this.#pin = pin;
    this.#isOutput = mode >= Digital.Output;
    this.#edges = edge;
    this.#onReadable = onReadable;
    if (options.target !== undefined) this.target = options.target;
    pins.take(pin, this, mode === Digital.InputPullUp ? 1 : mode === Digital.OutputOpenDrain ? 1 : undefined);
    this.#pins = pins;
  }

  get format(): "number" {
    return "number";
  }

  set format(value: "number") {
    if (value !== "number") throw new RangeError("format is always number");
  }

  /** 0 or 1. */
  read(): number {
    return this.#open().level(this.#pin) ?? 0;
  }

  /** Drives an output: 0 is low, everything else high. */
  write(value: number): void {
    const pins = this.#open();
    if (!this.#isOutput) throw new Error("the pin is an input");
    pins.set(this.#pin, value === 0 ? 0 : 1);
  }

  close(): void {
    this.#pins?.free(this.#pin);
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
