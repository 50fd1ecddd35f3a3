/**
 * A set of sequence numbers as ranges, in memory that is taken once. When there are more ranges than places, the
 * shortest is forgotten: what it held counts as not in the set. For readings that were delivered this costs a
 * duplicate, never a loss.
 */
export class Intervals {
  /** From, and up to but not including, for each range in ascending order. */
  #bounds: Float64Array;
  #count = 0;
  /** The range that the last `add` has forgotten: from, and up to but not including; the same where it has none. */
  forgottenFrom = 0;
  forgottenTo = 0;

  /** @param limit ranges; one takes 16 bytes */
  constructor(limit: number) {
    this.#bounds = new Float64Array(2 * limit);
  }

  get count(): number {
    return this.#count;
  }

  /** The first number of range `i`, in ascending order. */
  from(i: number): number {
    return this.#bounds[2 * i];
  }

  /** The number behind range `i`. */
  to(i: number): number {
    return this.#bounds[2 * i + 1];
  }

  has(seq: number): boolean {
    return this.after(seq) !== seq;
  }

  /** `seq` itself where it is not in the set, else the first number behind its range. */
  after(seq: number): number {
    const bounds = this.#bounds;
    for (let i = 0; i < 2 * this.#count; i += 2) {
      if (seq < bounds[i]) return seq;
      if (seq < bounds[i + 1]) return bounds[i + 1];
    }
    return seq;
  }

  /** First number of the range that ends at `end`; `end` where there is none. */
  startOf(end: number): number {
    const bounds = this.#bounds;
    for (let i = 0; i < 2 * this.#count; i += 2) if (bounds[i + 1] === end) return bounds[i];
    return end;
  }

  /** Adds the numbers from `from` up to but not including `to`. */
  add(from: number, to: number): void {
    this.forgottenFrom = this.forgottenTo = 0;
    if (from >= to) return;
    const bounds = this.#bounds;
    const end = 2 * this.#count;
    let at = 0;
    while (at < end && bounds[at + 1] < from) at += 2;
    let behind = at;
    // What touches is one range.
    while (behind < end && bounds[behind] <= to) {
      from = Math.min(from, bounds[behind]);
      to = Math.max(to, bounds[behind + 1]);
      behind += 2;
    }
    if (behind === at) {
      if (end === bounds.length) at = this.forgetShortest(at);
      bounds.copyWithin(at + 2, at, 2 * this.#count);
      this.#count += 1;
    } else if (behind > at + 2) {
      bounds.copyWithin(at + 2, behind, end);
      this.#count -= (behind - at) / 2 - 1;
    }
    bounds[at] = from;
    bounds[at + 1] = to;
  }

  /** Takes out all numbers below `seq`. */
  deleteBelow(seq: number): void {
    const bounds = this.#bounds;
    let gone = 0;
    while (gone < 2 * this.#count && bounds[gone + 1] <= seq) gone += 2;
    bounds.copyWithin(0, gone, 2 * this.#count);
    this.#count -= gone / 2;
    if (this.#count > 0 && bounds[0] < seq) bounds[0] = seq;
  }

  /** @returns where a range belongs that belonged to `at` */
  private forgetShortest(at: number): number {
    const bounds = this.#bounds;
    let shortest = 0;
    for (let i = 2; i < 2 * this.#count; i += 2) {
      if (bounds[i + 1] - bounds[i] < bounds[shortest + 1] - bounds[shortest]) shortest = i;
    }
    this.forgottenFrom = bounds[shortest];
    this.forgottenTo = bounds[shortest + 1];
    bounds.copyWithin(shortest, shortest + 2, 2 * this.#count);
    this.#count -= 1;
    return shortest < at ? at - 2 : at;
  }
}
