/** Whole numbers that were seen, as ranges: readings that come in their order take one, however many they are. */
export class Ranges {
  /** From and up to, the latter not included, in ascending order; no two ranges touch. */
  #from: number[] = [];
  #to: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns false where it was there already */
  add(value: number): boolean {
    const from = this.#from;
    const to = this.#to;
    // Looked for from the end, where nearly all belong.
    let at = from.length;
    while (at > 0 && from[at - 1] > value) at -= 1;
    const before = at - 1;
    if (before >= 0 && value < to[before]) return false;
    this.#size += 1;
    const joinsBefore = before >= 0 && to[before] === value;
    const joinsAfter = at < from.length && from[at] === value + 1;
    if (joinsBefore && joinsAfter) {
      to[before] = to[at];
      from.splice(at, 1);
      to.splice(at, 1);
    } else if (joinsBefore) to[before] = value + 1;
    else if (joinsAfter) from[at] = value;
    else {
      from.splice(at, 0, value);
      to.splice(at, 0, value + 1);
    }
    return true;
  }

  /** Those from `first` up to and including `last` that were not added, as `[first, last]` of each gap. */
  missing(first: number, last: number): [number, number][] {
    const gaps: [number, number][] = [];
    let next = first;
    for (let i = 0; i < this.#from.length && next <= last; i++) {
      if (this.#from[i] > next) gaps.push([next, Math.min(last, this.#from[i] - 1)]);
      next = Math.max(next, this.#to[i]);
    }
    if (next <= last) gaps.push([next, last]);
    return gaps;
  }

  /** Whether one was added that is not from `first` up to and including `last`. */
  hasOutside(first: number, last: number): boolean {
    const { length } = this.#from;
    return length > 0 && (this.#from[0] < first || this.#to[length - 1] > last + 1);
  }
}
