import { integerOption } from "../chips/options.js";
import { Stream, type StreamOptions } from "./stream.js";

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
  readonly isConnected: boolean;
  readonly failure: Error | undefined;
}

/** Bytes of the send buffer, and of the receive window: those of Moddable's lwIP configuration on the ESP32. */
export const BUFFER_SIZE = 5_744;

/**
 * ECMA-419's TCP socket over any transport. As on the device: `write` takes all or throws; what has arrived can be
 * read until it is empty, and only then is an error or the peer's end reported.
 */
export abstract class StreamSocket extends Stream {
  #transport: Transport | undefined;
  #connected = false;
  #failure: Error | undefined;
  #paused = false;
  #sendBuffer = BUFFER_SIZE;

  /** @param options.sendBuffer bytes that can be written while none have gone out */
  constructor(options: StreamOptions & { sendBuffer?: number }) {
    super(options);
    if (options.sendBuffer !== undefined)
      this.#sendBuffer = integerOption(options, "sendBuffer", 1, 0x7fff_ffff);
  }

  get remoteAddress(): string | undefined {
    Stream.checkOpen(this);
    return this.#transport?.remoteAddress;
  }

  get remotePort(): number | undefined {
    Stream.checkOpen(this);
    return this.#transport?.remotePort;
  }

  protected override afterRead(): void {
    if (this.#paused && this.incoming.length < BUFFER_SIZE) {
      this.#paused = false;
      this.#transport?.flow(true);
    }
    if (this.incoming.length === 0 && this.#failure) this.defer(() => this.#reportFailure());
  }

  /** More than has arrived is refused, as Moddable's does. */
  protected override countToRead(wanted: number, available: number): number {
    if (wanted > 0 && wanted <= available) return wanted;
    throw new Error(`${wanted} bytes asked for, ${available} have arrived`);
  }

  /**
   * Hands over a byte (format `"number"`) or all of a byte buffer.
   * @returns the bytes that can be written next; `undefined` once the connection has failed
   * @throws Error when there is less room, or no connection yet
   */
  write(data: number | ArrayBuffer | Uint8Array, _options?: object): number | undefined {
    Stream.checkOpen(this);
    const bytes = this.written(data);
    if (this.#failure) return undefined;
    if (!this.#connected) throw new Error("not ready");
    if (bytes.length > this.free) throw new Error("would block");
    this.free -= bytes.length;
    if (bytes.length > 0) this.#transport?.write(bytes);
    return this.free;
  }

  close(): void {
    if (!Stream.isOpen(this)) return;
    this.isClosed = true;
    this.incoming.clear();
    this.#transport?.close();
    this.#transport = undefined;
  }

  #reportFailure(): void {
    if (this.isClosed || this.incoming.length > 0) return;
    this.tellError(this.#failure as Error);
  }

  // --- for the transport ---------------------------------------------------------------------------------------

  /** Runs `task` after the present callback has returned. */
  protected abstract defer(task: () => void): void;

  protected attach(transport: Transport): void {
    this.#transport = transport;
  }

  /** Gives the connection away to another instance: closes this one and returns what nobody has seen of it. */
  protected detach(): Remainder {
    Stream.checkOpen(this);
    const unread = new Uint8Array(this.incoming.length);
    this.incoming.fill(unread);
    this.#transport = undefined;
    this.close();
    return { unread, isConnected: this.#connected, failure: this.#failure };
  }

  /** Goes on where another instance was; after `attach`. What was unread comes before all that arrives from now on. */
  protected adopt({ unread, isConnected, failure }: Remainder): void {
    this.#connected = isConnected;
    if (isConnected) this.free = this.#sendBuffer;
    this.#failure = failure;
    this.#take(unread);
    this.defer(() => {
      if (isConnected && !this.isClosed && !this.#failure) this.tellWritable();
      if (this.isClosed) return;
      if (this.incoming.length > 0) this.tellReadable();
      else if (this.#failure) this.#reportFailure();
    });
  }

  #take(bytes: Uint8Array): void {
    this.incoming.push(bytes);
    if (this.incoming.length >= BUFFER_SIZE && !this.#paused) {
      this.#paused = true;
      this.#transport?.flow(false);
    }
  }

  protected onTransportConnected(): void {
    if (this.isClosed || this.#connected) return;
    this.#connected = true;
    this.free = this.#sendBuffer;
    this.tellWritable();
  }

  protected onTransportData(bytes: Uint8Array): void {
    if (this.isClosed) return;
    this.#take(bytes);
    this.tellReadable();
  }

  /** `count` bytes that were written are out of the send buffer. */
  protected onTransportSent(count: number): void {
    if (this.isClosed || this.#failure) return;
    this.free += count;
    this.tellWritable();
  }

  /** The connection has failed, never came to be, or was ended by the peer. */
  protected onTransportFailed(reason: Error): void {
    if (this.isClosed || this.#failure) return;
    this.#failure = reason;
    if (this.incoming.length === 0) this.#reportFailure();
  }
}
