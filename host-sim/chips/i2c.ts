import type { Bus } from "./bus.js";
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

export interface I2COptions {
  /** 7-bit address of the device that the instance speaks to. */
  address: number;
  /** Bits per second, to 20,000,000. Needed on a bus with pins. */
  hz?: number;
  /** Pins. Needed on a bus with pins. */
  data?: number;
  clock?: number;
  /** Milliseconds, -1 for no end; the simulated parts answer at once. Moddable's option. */
  timeout?: number;
  format?: "buffer";
  target?: unknown;
}

export type ByteBuffer = ArrayBufferLike | ArrayBufferView;

const FASTEST = 20_000_000;
const ANY = Number.POSITIVE_INFINITY;

/** ECMA-419's I2C class: one device on the bus. */
export class I2C {
  declare readonly target: unknown;
  #bus: Bus | undefined;
  #address: number;

  /** @throws RangeError for what is missing, in use or out of range; Error for a pin or address that is undefined */
  constructor(bus: Bus, given: I2COptions) {
    const options = optionsOf(given);
    const required = (name: string) => {
      if (!(name in options)) throw new RangeError(`${name} is missing`);
      return options[name];
    };
    const pin = (name: string) => (bus.hasPins ? integerOf(required(name), name, 0, ANY) : 0);
    const data = pin("data");
    const clock = pin("clock");
    this.#address = integerOf(required("address"), "address", 0, 0x7f);
    if (bus.hasPins || "hz" in options) checkPace(options["hz"]);
    if ("timeout" in options && toInteger(options["timeout"]) < -1)
      throw new RangeError(`timeout ${String(options["timeout"])}`);
    checkFormatOption(options, "buffer");
    if ("target" in options) (this as { target: unknown }).target = options["target"];
    bus.take(this, data, clock, this.#address);
    this.#bus = bus;
  }

  get format(): "buffer" {
    return "buffer";
  }

  set format(value: "buffer") {
    checkFormat(value, "buffer");
  }

  /** Reads `byteLength` bytes into a new buffer, or fills the caller's and returns its length. */
  read(buffer: ByteBuffer, stop?: boolean): number;
  read(byteLength: number, stop?: boolean): ArrayBuffer;
  read(what: number | ByteBuffer, _stop = true): number | ArrayBuffer {
    const io = I2C.#opened(this);
    const into = bufferFor(what);
    (io.#bus as Bus).read(io.#address, into);
    return isBufferLike(what) ? into.length : (into.buffer as ArrayBuffer);
  }

  /** Without a byte it asks only whether the device answers: then 1 is returned where it does not, as Moddable's does. */
  write(buffer: ByteBuffer, _stop = true): number | undefined {
    const io = I2C.#opened(this);
    const bytes = bytesOf(buffer);
    try {
      (io.#bus as Bus).write(io.#address, bytes);
    } catch (error) {
      if (bytes.length > 0) throw error;
      return 1;
    }
    return undefined;
  }

  /** Writes, and reads in the same transaction as `read` does. Moddable's extension. */
  writeRead(buffer: ByteBuffer, what: ByteBuffer, stop?: boolean): number;
  writeRead(buffer: ByteBuffer, what: number, stop?: boolean): ArrayBuffer;
  writeRead(buffer: ByteBuffer, what: number | ByteBuffer, _stop = true): number | ArrayBuffer {
    const io = I2C.#opened(this);
    const into = bufferFor(what);
    (io.#bus as Bus).write(io.#address, bytesOf(buffer));
    (io.#bus as Bus).read(io.#address, into);
    return isBufferLike(what) ? into.length : (into.buffer as ArrayBuffer);
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#bus in this)) throw unusable("I2C device");
    this.#bus?.free(this);
    this.#bus = undefined;
  }

  static #opened(receiver: unknown): I2C {
    if (typeof receiver === "object" && receiver !== null && #bus in receiver && receiver.#bus)
      return receiver;
    throw unusable("I2C device");
  }
}

function bufferFor(what: unknown): Uint8Array {
  return isBufferLike(what) ? bytesOf(what) : new Uint8Array(toInteger(what));
}

function checkPace(value: unknown): void {
  const hz = toInteger(value);
  if (!(hz > 0 && hz <= FASTEST)) throw new RangeError(`hz is ${hz}; 1 to ${FASTEST} is allowed`);
}
