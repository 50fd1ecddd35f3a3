import {
  bytesOf,
  checkFormat,
  checkFormatOption,
  integerOf,
  isBufferLike,
  optionsOf,
  toInteger,
  unusable,
} from "./options.js";
import type { Pins } from "./pins.js";
import type { SPIBus } from "./spi-bus.js";

export interface SPIOptions {
  /** Pins. One of `in` and `out` is needed; they may be the same. */
  clock: number;
  in?: number;
  out?: number;
  /** The pin that selects the part during each transfer; without it the program drives that itself. */
  select?: number;
  /** Level of `select` that means selected, 0 by default. */
  active?: number;
  /** Bits per second, to 40,000,000. */
  hz: number;
  /** Polarity and phase of the clock, 0 to 3; the simulation does not look at it. */
  mode?: number;
  /** 1 to 3. Moddable needs it on the ESP32. */
  port?: number;
  format?: "buffer";
  target?: unknown;
}

type ByteBuffer = ArrayBufferLike | ArrayBufferView;

const FASTEST = 40_000_000;
/** Bytes of one transfer. */
const LONGEST = 65_535;

/** ECMA-419's SPI class. One instance at a time has the bus's pins, as with Moddable's. */
export class SPI {
  declare readonly target: unknown;
  #bus: SPIBus | undefined;
  #pins: Pins;
  #taken: Set<number>;
  #select: number | undefined;

  constructor(bus: SPIBus, pins: Pins, given: SPIOptions) {
    const options = optionsOf(given);
    const pin = (name: string) => {
      const number = integerOf(options[name], name, 0, Number.POSITIVE_INFINITY);
      if (!pins.isFree(number)) throw new Error(`pin ${number} (${name}) is none, or in use`);
      return number;
    };
    const clock = pin("clock");
    checkRange(options["hz"], "hz", 1, FASTEST);
    const out = "out" in options ? pin("out") : undefined;
    const input = "in" in options ? pin("in") : undefined;
    this.#select = "select" in options ? pin("select") : undefined;
    if ("active" in options) checkRange(options["active"], "active", 0, 1);
    if ("mode" in options) checkRange(options["mode"], "mode", 0, 3);
    if (out === undefined && input === undefined) throw new Error("in or out is missing");
    if ("port" in options) integerOf(options["port"], "port", 1, 3);
    checkFormatOption(options, "buffer");
    if ("target" in options) (this as { target: unknown }).target = options["target"];
    const all = [clock, out, input, this.#select].filter((one) => one !== undefined);
    this.#taken = new Set(all);
    for (const one of this.#taken) pins.take(one, this);
    this.#pins = pins;
    this.#bus = bus;
  }

  get format(): "buffer" {
    return "buffer";
  }

  set format(value: "buffer") {
    checkFormat(value, "buffer");
  }

  /** Reads so many bytes into a new buffer, or fills the caller's, whose bytes go out meanwhile, and returns its length. */
  read(buffer: ByteBuffer): number;
  read(byteLength: number): ArrayBuffer;
  read(...args: [what: number | ByteBuffer]): number | ArrayBuffer {
    const spi = SPI.#opened(this);
    const [what] = checkGiven(args);
    if (isBufferLike(what)) return spi.#exchange(bytesOf(what));
    const bytes = new Uint8Array(checkRange(what, "byteLength", 1, LONGEST));
    spi.#exchange(bytes);
    return bytes.buffer;
  }

  /** What comes back is not looked at. */
  write(...args: [buffer: ByteBuffer]): void {
    const spi = SPI.#opened(this);
    spi.#exchange(bytesOf(checkGiven(args)[0]).slice());
  }

  /** The buffer's bytes go out, and those that come back take their place. */
  transfer(...args: [buffer: ByteBuffer]): void {
    const spi = SPI.#opened(this);
    spi.#exchange(bytesOf(checkGiven(args)[0]));
  }

  /** All has gone out already. */
  flush(_deselect?: boolean): void {
    SPI.#opened(this);
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#bus in this)) throw unusable("SPI device");
    if (!this.#bus) return;
    this.#bus = undefined;
    for (const pin of this.#taken) this.#pins.free(pin, this);
  }

  #exchange(bytes: Uint8Array): number {
    if (bytes.length > LONGEST) throw new RangeError(`${bytes.length} bytes; to ${LONGEST} is allowed`);
    bytes.set((this.#bus as SPIBus).transfer(bytes, this.#select));
    return bytes.length;
  }

  static #opened(receiver: unknown): SPI {
    if (typeof receiver === "object" && receiver !== null && #bus in receiver && receiver.#bus)
      return receiver;
    throw unusable("SPI device");
  }
}

function checkRange(value: unknown, name: string, minimum: number, maximum: number): number {
  const number = toInteger(value);
  if (number >= minimum && number <= maximum) return number;
  throw new RangeError(`${name} is ${number}; ${minimum} to ${maximum} is allowed`);
}

/** @throws SyntaxError for a call without an argument */
function checkGiven<Args extends unknown[]>(args: Args): Args {
  if (args.length === 0) throw new SyntaxError("an argument is missing");
  return args;
}
