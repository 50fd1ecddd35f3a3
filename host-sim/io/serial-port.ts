import { bytesOf, callbackOption, integerOption, isBufferLike, ReadQueue } from "./io.js";

export interface SerialPortOptions {
  /** Bits per second. */
  baud?: number;
  onReadable?: (this: never, count: number) => void;
  onWritable?: (this: never, count: number) => void;
  onError?: (this: never, reason?: Error) => void;
  format?: "number" | "buffer";
  target?: unknown;
}

/** Bytes of the transmit buffer: the ESP32's FIFO. */
const TRANSMIT_SIZE = 128;

/** ECMA-419's serial class without the wire: the live and the virtual one differ in what is behind it. */
export abstract class SerialPortBase {
  readonly target: unknown;
  #format: "number" | "buffer" = "buffer";
  #onReadable: ReturnType<typeof callbackOption>;
  #onWritable: ReturnType<typeof callbackOption>;
  #onError: ReturnType<typeof callbackOption>;
  #incoming = new ReadQueue();
  #free = 0;
  #closed = false;

  constructor(options: SerialPortOptions) {
    integerOption(options, "baud", 1, 20_000_000);
    if (options.format !== undefined) this.format = options.format;
    this.#onReadable = callbackOption(options, "onReadable");
    this.#onWritable = callbackOption(options, "onWritable");
    this.#onError = callbackOption(options, "onError");
    if (options.target !== undefined) this.target = options.target;
  }

  get format(): "number" | "buffer" {
    return this.#format;
  }

  set format(value: "number" | "buffer") {
    if (value !== "number" && value !== "buffer")
      throw new RangeError(`format "${String(value)}" is not supported`);
    this.#format = value;
  }

  /** As of a socket, but never more than has arrived: what is asked beyond it is left out. */
  read(buffer: ArrayBuffer | Uint8Array): number | undefined;
  read(byteLength?: number): ArrayBuffer | undefined;
  read(what?: unknown): number | ArrayBuffer | undefined {
    this.#checkOpen();
    const available = this.#incoming.length;
    if (available === 0) return undefined;
    if (this.#format === "number") return this.#incoming.byte();
    if (isBufferLike(what)) {
      const all = bytesOf(what);
      const into = all.subarray(0, Math.min(all.length, available));
      this.#incoming.fill(into);
      return into.length;
    }
    const count = what === undefined ? available : Number(what);
    if (!(count > 0)) throw new RangeError("byteLength is not positive");
    const into = new Uint8Array(Math.min(count, available));
    this.#incoming.fill(into);
    return into.buffer as ArrayBuffer;
  }

  write(data: number | ArrayBuffer | Uint8Array): void {
    this.#checkOpen();
    const bytes = this.#format === "number" ? Uint8Array.of(Number(data)) : bytesOf(data).slice();
    if (bytes.length > this.#free) throw new Error("output full");
    this.#free -= bytes.length;
    if (bytes.length > 0) this.transmit(bytes);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#incoming.clear();
    this.shut();
  }

  #checkOpen(): void {
    if (this.#closed) throw new TypeError("the port is closed");
  }

  // --- for the wire --------------------------------------------------------------------------------------------

  protected abstract transmit(bytes: Uint8Array): void;
  protected abstract shut(): void;

  protected onWireReady(): void {
    if (this.#closed) return;
    this.#free = TRANSMIT_SIZE;
    this.#onWritable?.call(this, this.#free);
  }

  protected onWireData(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#incoming.push(bytes);
    this.#onReadable?.call(this, this.#incoming.length);
  }

  protected onWireSent(count: number): void {
    if (this.#closed) return;
    this.#free += count;
    this.#onWritable?.call(this, this.#free);
  }

  /** The port is gone. The instance is of no more use. */
  protected onWireLost(reason: Error): void {
    if (this.#closed) return;
    this.close();
    this.#onError?.call(this, reason);
  }
}
