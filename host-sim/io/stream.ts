import { bytesOf, callbackOption, isBufferLike, ReadQueue } from "./io.js";

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
  readonly target: unknown;
  protected readonly incoming = new ReadQueue();
  /** Bytes that can be written. */
  protected free = 0;
  protected isClosed = false;
  #format: "number" | "buffer" = "buffer";
  #onReadable: ReturnType<typeof callbackOption>;
  #onWritable: ReturnType<typeof callbackOption>;
  #onError: ReturnType<typeof callbackOption>;

  constructor(options: StreamOptions) {
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
    this.checkOpen();
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

  protected checkOpen(): void {
    if (this.isClosed) throw new TypeError("the instance is closed");
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
