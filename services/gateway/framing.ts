/**
 * Bytes of one connection to lines. Pure, and never holds more than one chunk and one line.
 *
 * CR, LF or both end a line; an empty one is none. What is longer than the limit is told once, and skipped up to the
 * next line's end.
 */

const LF = 0x0a;
const CR = 0x0d;

/** A line that was longer than allowed. */
export const TOO_LONG: unique symbol = Symbol("a line that is too long");

/** A line without its end. The bytes are the caller's. */
export type Line = Uint8Array | typeof TOO_LONG;

export class Framing {
  #limit: number;
  /** What has come and was not looked at yet. */
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** The beginning of a line whose end has not come. */
  #partial: Uint8Array = new Uint8Array(0);
  #skipping = false;

  /** @param limit bytes of a line */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Leaves out what comes up to the next line's end. */
  skip(): void {
    this.#partial = new Uint8Array(0);
    this.#skipping = true;
  }

  /** Bytes that are held. */
  get held(): number {
    return this.#chunk.length - this.#at + this.#partial.length;
  }

  /** A line has begun and not ended. */
  get isPartial(): boolean {
    return this.#partial.length > 0;
  }

  /** A line has begun whose end has not come, be it one that is skipped. */
  get isMidLine(): boolean {
    return this.#skipping || this.isPartial;
  }

  /** There are bytes that `next` has not looked at. */
  get hasMore(): boolean {
    return this.#at < this.#chunk.length;
  }

  /** Takes what has come. Only when `next` has given all that came before. */
  push(chunk: Uint8Array): void {
    if (this.hasMore) throw new Error("there are bytes that were not looked at");
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** @returns the next line; `undefined` where its end has not come */
  next(): Line | undefined {
    while (this.hasMore) {
      const end = this.#endOfLine();
      const piece = this.#chunk.subarray(this.#at, end);
      const isWhole = end < this.#chunk.length;
      this.#at = isWhole ? end + 1 : end;
      if (!isWhole) {
        // Nothing of the chunk stays but the copy of its last piece.
        const isLong = this.#keep(piece);
        this.#chunk = new Uint8Array(0);
        this.#at = 0;
        return isLong ? TOO_LONG : undefined;
      }
      if (this.#skipping) {
        this.#skipping = false;
        continue;
      }
      const line = this.#take(piece);
      if (line === TOO_LONG || line.length > 0) return line;
    }
    return undefined;
  }

  /** The line that has begun is whole: nothing follows for now. */
  flush(): Line | undefined {
    if (!this.isPartial) return undefined;
    return this.#take(new Uint8Array(0));
  }

  #endOfLine(): number {
    const chunk = this.#chunk;
    let at = this.#at;
    while (at < chunk.length && chunk[at] !== LF && chunk[at] !== CR) at++;
    return at;
  }

  /** @returns whether the line is too long with it, which is said once */
  #keep(piece: Uint8Array): boolean {
    if (this.#skipping || piece.length === 0) return false;
    if (this.#partial.length + piece.length > this.#limit) {
      this.skip();
      return true;
    }
    this.#partial = joined(this.#partial, piece);
    return false;
  }

  #take(piece: Uint8Array): Line {
    const partial = this.#partial;
    this.#partial = new Uint8Array(0);
    if (partial.length + piece.length > this.#limit) return TOO_LONG;
    return joined(partial, piece);
  }
}

/** A copy, so that nothing holds on to a chunk. */
function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const whole = new Uint8Array(one.length + other.length);
  whole.set(one);
  whole.set(other, one.length);
  return whole;
}
