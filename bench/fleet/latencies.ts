/** The first bucket's upper bound in milliseconds, and by how much each further bound is above the one before. */
const SMALLEST = 0.01;
const STEP = 1.02;

const STEP_LOGARITHM = Math.log(STEP);

/** What goes from a process to another: bucket and count, one after the other, and the largest value. */
export interface LatencyCounts {
  counts: number[];
  max: number;
}

/**
 * How long things took, as counts in buckets that are 2 % wide: a million values take as much memory as one, and what
 * several processes have counted can be added.
 */
export class Latencies {
  max = 0;
  #counts = new Map<number, number>();
  #total = 0;

  get count(): number {
    return this.#total;
  }

  /** @param milliseconds 0 or more */
  add(milliseconds: number): void {
    this.#count(bucketOf(milliseconds), 1);
    this.max = Math.max(this.max, milliseconds);
  }

  merge({ counts, max }: LatencyCounts): void {
    for (let i = 0; i < counts.length; i += 2) this.#count(counts[i], counts[i + 1]);
    this.max = Math.max(this.max, max);
  }

  /**
   * The value that a share of all is not above.
   * @param share 0 to 1
   * @returns milliseconds, at most 2 % more than the exact value; `undefined` where nothing was added
   */
  percentile(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    let left = Math.max(1, Math.ceil(this.#total * share));
    for (const [bucket, count] of [...this.#counts].sort(([one], [other]) => one - other)) {
      left -= count;
      if (left <= 0) return Math.min(SMALLEST * STEP ** bucket, this.max);
    }
    return this.max;
  }

  /** All that was added, which is forgotten here. */
  take(): LatencyCounts {
    const taken = { counts: [...this.#counts].flat(), max: this.max };
    this.#counts.clear();
    this.#total = 0;
    this.max = 0;
    return taken;
  }

  #count(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#total += count;
  }
}

function bucketOf(milliseconds: number): number {
  return milliseconds <= SMALLEST ? 0 : Math.ceil(Math.log(milliseconds / SMALLEST) / STEP_LOGARITHM);
}
