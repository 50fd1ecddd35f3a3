/** What the session takes for its socket: one record at a time to read, a queue to write to. */
export class Pipe {
  readable = 0;
  writable = 0;
  #record: Uint8Array | undefined;
  #at = 0;
  #onWrite: (packet: Uint8Array) => void;

  constructor(onWrite: (packet: Uint8Array) => void) {
    this.#onWrite = onWrite;
  }

  load(record: Uint8Array): void {
    this.#record = record;
    this.#at = 0;
    this.readable = record.length;
  }

  /** Called by the session, with the room for what it wants. It counts `readable` down by itself. */
  read(into: Uint8Array): void {
    const record = this.#record as Uint8Array;
    into.set(record.subarray(this.#at, this.#at + into.length));
    this.#at += into.length;
    if (this.#at === record.length) this.#record = undefined;
  }

  write(packet: Uint8Array): number {
    this.#onWrite(packet);
    return this.writable;
  }
}
