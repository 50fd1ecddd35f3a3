/**
 * Bytes that have arrived and wait to be read, in the two formats that streams have: `"number"`, a byte at a time,
 * and `"buffer"`.
 */
export class ReadQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  byte(): number | undefined {
    if (this.#length === 0) return undefined;
    const one = new Uint8Array(1);
    this.fill(one);
    return one[0];
  }

  /** Fills all of `into`, which is no longer than what waits. */
  fill(into: Uint8Array): void {
    let at = 0;
    while (at < into.length) {
      const chunk = this.#chunks[0];
      const count = Math.min(chunk.length, into.length - at);
      into.set(chunk.subarray(0, count), at);
      at += count;
      if (count === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(count);
    }
    this.#length -= into.length;
  }
}
