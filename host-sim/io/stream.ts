import {
  bytesOf,
  type Callback,
  callbackOption,
  isBufferLike,
  optionsOf,
  unusable,
} from "../chips/options.js";
import { ReadQueue } from "./read-queue.js";

export interface StreamOptions {
  onReadable?: (this: never, count: number) => void;
  onWritable?: (this: never, count: number) => void;
  onError?: (this: never, reason?: Error) => void;
  format?: "number" | "buffer";
  target?: unknown;
}

/**
 * What sockets and serial ports share in ECMA-419: two formats, three callbacks, the bytes that have arrived and wait
 * to be read, and the room for those to be written.
 */
export abstract class Stream {
  declare readonly target: unknown;
  protected readonly incoming = new ReadQueue();
  /** Bytes that can be written. */
  protected free = 0;
  protected isClosed = false;
  #format: "number" | "buffer" = "buffer";
  #onReadable: Callback | undefined;
  #onWritable: Callback | undefined;
  #onError: Callback | undefined;

  constructor(given: StreamOptions) {
    const options = optionsOf(given) as StreamOptions;
    if (options.format) this.#setFormat(options.format);
    this.#onReadable = callbackOption(options, "onReadable");
    this.#onWritable = callbackOption(options, "onWritable");
    this.#onError = callbackOption(options, "onError");
    if ("target" in options) (this as { target: unknown }).target = options.target;
  }

  get format(): "number" | "buffer" {
    Stream.checkOpen(this);
    return this.#format;
  }

  set format(value: "number" | "buffer") {
    Stream.checkOpen(this);
    this.#setFormat(value);
  }

  #setFormat(value: "number" | "buffer"): void {
    if (value !== "number" && value !== "buffer") {
      throw new RangeError(`format "${String(value)}" is not supported`);
    }
    this.#format = value;
  }

  /**
   * Format `"number"`: the next byte. Format `"buffer"`: as many bytes as asked for in a new buffer, all without an
   * argument, or into the caller's buffer, and then their number. `undefined` where nothing has arrived.
   */
  read(buffer: ArrayBuffer | Uint8Array): number | undefined;
  read(byteLength?: number): ArrayBuffer | undefined;
  read(what?: unknown): number | ArrayBuffer | undefined {
    Stream.checkOpen(this);
    const available = this.incoming.length;
    if (available === 0) return undefined;
    const result = this.#take(what, available);
    this.afterRead();
    return result;
  }

  #take(what: unknown, available: number): number | ArrayBuffer | undefined {
    if (this.#format === "number") return this.incoming.byte();
    if (isBufferLike(what)) {
      const whole = bytesOf(what);
      const into = whole.subarray(0, this.countToRead(whole.length, available));
      this.incoming.fill(into);
      return into.length;
    }
    const into = new Uint8Array(
      what === undefined ? available : this.countToRead(Math.trunc(Number(what)), available),
    );
    this.incoming.fill(into);
    return into.buffer as ArrayBuffer;
  }

  /** Some of what had arrived has been read. */
  protected afterRead(): void {}

  /** How many bytes to read where `wanted` are asked for; throws where that is no count. */
  protected abstract countToRead(wanted: number, available: number): number;

  /** The bytes of what is written, the caller's no more. */
  protected written(data: number | ArrayBuffer | Uint8Array): Uint8Array {
    return this.#format === "number" ? Uint8Array.of(Number(data)) : bytesOf(data).slice();
  }

  /** @throws SyntaxError for what is no stream, or closed */
  protected static checkOpen(receiver: unknown): void {
    if (!Stream.#isStream(receiver) || receiver.isClosed) throw unusable("open stream");
  }

  /** Whether `close` has anything to do. @throws SyntaxError for what is no stream */
  protected static isOpen(receiver: unknown): boolean {
    if (!Stream.#isStream(receiver)) throw unusable("stream");
    return !receiver.isClosed;
  }

  static #isStream(receiver: unknown): receiver is Stream {
    return typeof receiver === "object" && receiver !== null && #format in receiver;
  }

  protected tellReadable(): void {
    this.#onReadable?.call(this, this.incoming.length);
  }

  protected tellWritable(): void {
    this.#onWritable?.call(this, this.free);
  }

  /** Once. */
  protected tellError(reason: Error): void {
    const onError = this.#onError;
    this.#onError = undefined;
    onError?.call(this, reason);
  }
}
