import { bytesOf, callbackOption, isBufferLike, ReadQueue } from "./io.js";

/** What carries a socket's bytes: an operating system's socket, or a network in memory. */
export interface Transport {
  /** Takes all of `bytes`, which are the transport's from then on. */
  write(bytes: Uint8Array): void;
  /** Stops or resumes what arrives: the application reads more slowly than the peer sends. */
  flow(resume: boolean): void;
  /** What was written still goes out; nothing is reported any more. */
  close(): void;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
}

/** What an instance leaves to the one that takes its connection over. */
export interface Remainder {
  readonly unread: Uint8Array;
  readonly failure: Error | undefined;
}

export interface StreamSocketOptions {
  onReadable?: (this: never, count: number) => void;
  onWritable?: (this: never, count: number) => void;
  onError?: (this: never, reason?: Error) => void;
  format?: "number" | "buffer";
  target?: unknown;
}

/** Bytes of the send buffer, and of the receive window: those of Moddable's lwIP configuration on the ESP32. */
export const BUFFER_SIZE = 5_744;

/**
 * ECMA-419's TCP socket over any transport. As on the device: `write` takes all or throws; what has arrived can be
 * read until it is empty, and only then is an error or the peer's end reported.
 */
export abstract class StreamSocket {
  readonly target: unknown;
  #transport: Transport | undefined;
  #format: "number" | "buffer" = "buffer";
  #onReadable: ReturnType<typeof callbackOption>;
  #onWritable: ReturnType<typeof callbackOption>;
  #onError: ReturnType<typeof callbackOption>;
  #incoming = new ReadQueue();
  #free = 0;
  #connected = false;
  #closed = false;
  #failure: Error | undefined;
  #paused = false;

  constructor(options: StreamSocketOptions) {
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

  get remoteAddress(): string | undefined {
    return this.#transport?.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#transport?.remotePort;
  }

  /**
   * Format `"number"`: the next byte. Format `"buffer"`: as many bytes as asked for in a new buffer, all without an
   * argument, or into the caller's buffer, and then their number. `undefined` where nothing has arrived.
   * @throws RangeError when asked for more than has arrived, as Moddable's does
   */
  read(buffer: ArrayBuffer | Uint8Array): number | undefined;
  read(byteLength?: number): ArrayBuffer | undefined;
  read(what?: unknown): number | ArrayBuffer | undefined {
    this.#checkOpen();
    const available = this.#incoming.length;
    if (available === 0) return undefined;
    let result: number | ArrayBuffer;
    if (this.#format === "number") result = this.#incoming.byte() as number;
    else if (isBufferLike(what)) {
      const into = bytesOf(what);
      this.#checkCount(into.length, available);
      this.#incoming.fill(into);
      result = into.length;
    } else {
      const count = what === undefined ? available : Math.trunc(Number(what));
      this.#checkCount(count, available);
      const into = new Uint8Array(count);
      this.#incoming.fill(into);
      result = into.buffer as ArrayBuffer;
    }
    if (this.#paused && this.#incoming.length < BUFFER_SIZE) {
      this.#paused = false;
      this.#transport?.flow(true);
    }
    if (this.#incoming.length === 0 && this.#failure) this.defer(() => this.#reportFailure());
    return result;
  }

  /**
   * Hands over a byte (format `"number"`) or all of a byte buffer.
   * @returns the bytes that can be written next; `undefined` once the connection has failed
   * @throws Error when there is less room, or no connection yet
   */
  write(data: number | ArrayBuffer | Uint8Array, _options?: object): number | undefined {
    this.#checkOpen();
    const bytes = this.#format === "number" ? Uint8Array.of(Number(data)) : bytesOf(data).slice();
    if (this.#failure) return undefined;
    if (!this.#connected) throw new Error("not ready");
    if (bytes.length > this.#free) throw new Error("would block");
    this.#free -= bytes.length;
    if (bytes.length > 0) this.#transport?.write(bytes);
    return this.#free;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#incoming.clear();
    this.#transport?.close();
    this.#transport = undefined;
  }

  #checkOpen(): void {
    if (this.#closed) throw new TypeError("the socket is closed");
  }

  #checkCount(count: number, available: number): void {
    if (!(count > 0 && count <= available))
      throw new RangeError(`${count} bytes asked for, ${available} have arrived`);
  }

  #reportFailure(): void {
    if (this.#closed || this.#incoming.length > 0) return;
    const failure = this.#failure;
    const onError = this.#onError;
    this.#onError = undefined; // once
    onError?.call(this, failure);
  }

  // --- for the transport ---------------------------------------------------------------------------------------

  /** Runs `task` after the present callback has returned. */
  protected abstract defer(task: () => void): void;

  protected attach(transport: Transport): void {
    this.#transport = transport;
  }

  /** Gives the connection away to another instance: closes this one and returns what nobody has seen of it. */
  protected detach(): Remainder {
    this.#checkOpen();
    const unread = new Uint8Array(this.#incoming.length);
    this.#incoming.fill(unread);
    this.#transport = undefined;
    this.close();
    return { unread, failure: this.#failure };
  }

  /** Goes on where another instance was; after `attach`. What was unread comes before all that arrives from now on. */
  protected adopt({ unread, failure }: Remainder): void {
    this.#connected = true;
    this.#free = BUFFER_SIZE;
    this.#failure = failure;
    this.#take(unread);
    this.defer(() => {
      if (!this.#closed && !this.#failure) this.#onWritable?.call(this, this.#free);
      if (this.#closed) return;
      if (this.#incoming.length > 0) this.#onReadable?.call(this, this.#incoming.length);
      else if (this.#failure) this.#reportFailure();
    });
  }

  #take(bytes: Uint8Array): void {
    this.#incoming.push(bytes);
    if (this.#incoming.length >= BUFFER_SIZE && !this.#paused) {
      this.#paused = true;
      this.#transport?.flow(false);
    }
  }

  protected onTransportConnected(): void {
    if (this.#closed) return;
    this.#connected = true;
    this.#free = BUFFER_SIZE;
    this.#onWritable?.call(this, this.#free);
  }

  protected onTransportData(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#take(bytes);
    this.#onReadable?.call(this, this.#incoming.length);
  }

  /** `count` bytes that were written are out of the send buffer. */
  protected onTransportSent(count: number): void {
    if (this.#closed || this.#failure) return;
    this.#free += count;
    this.#onWritable?.call(this, this.#free);
  }

  /** The connection has failed, never came to be, or was ended by the peer. */
  protected onTransportFailed(reason: Error): void {
    if (this.#closed || this.#failure) return;
    this.#failure = reason;
    if (this.#incoming.length === 0) this.#reportFailure();
  }
}
