import type { TCPOptions } from "../../firmware/ports.js";

/** What a strict socket tells whoever watches it. */
export interface Watcher {
  socket: StrictSocket | undefined;
  /** Throws. */
  problem(text: string): never;
  onRead(): void;
  /** The client writes; the bytes are the client's. */
  onWrite(bytes: Uint8Array): void;
}

/**
 * An ECMA-419 TCP socket in the hand of a trial. It offers what the trial lets arrive, has the room that the trial gives
 * it, and throws, as sockets do, where a byte more is read or written, or it is closed.
 */
export class StrictSocket {
  closes = 0;
  room = 0;
  /** Bytes that were read. */
  taken = 0;
  readonly options: TCPOptions;
  #watcher: Watcher;
  #stream: Uint8Array = new Uint8Array(0);
  #offered = 0;

  /** @param options those of ECMA-419, and the watcher: whoever makes sockets passes all options on */
  constructor(options: TCPOptions & { watcher: Watcher }) {
    this.options = options;
    this.#watcher = options.watcher;
    this.#watcher.socket = this;
  }

  /** What arrives from now on, piece by piece. */
  set stream(bytes: Uint8Array) {
    this.#stream = bytes;
    this.#offered = this.taken = 0;
  }

  /** Lets all of the stream before `end` have arrived. */
  arrive(end: number): void {
    this.#offered = end;
    if (end > this.taken) this.options.onReadable.call(this as never, end - this.taken);
  }

  /** Has room for so many bytes more. */
  grant(count: number): void {
    this.room += count;
    this.options.onWritable.call(this as never, this.room);
  }

  /** Tells again what it has told. */
  again(): void {
    this.grant(0);
    this.arrive(this.#offered);
  }

  fail(): void {
    this.options.onError.call(this as never, new Error("reset"));
  }

  read(into: Uint8Array): number {
    if (this.closes > 0) this.#watcher.problem("read from a closed socket");
    const end = this.taken + into.length;
    if (into.length === 0 || end > this.#offered) {
      this.#watcher.problem(`read ${into.length} bytes where ${this.#offered - this.taken} have arrived`);
    }
    this.#watcher.onRead();
    for (let i = 0; i < into.length; i++) into[i] = this.#stream[this.taken + i];
    this.taken = end;
    return into.length;
  }

  write(bytes: Uint8Array): number {
    if (this.closes > 0) this.#watcher.problem("wrote to a closed socket");
    if (bytes.length > this.room)
      this.#watcher.problem(`wrote ${bytes.length} bytes where there is room for ${this.room}`);
    this.room -= bytes.length;
    this.#watcher.onWrite(bytes);
    return this.room;
  }

  close(): void {
    this.closes += 1;
  }
}
