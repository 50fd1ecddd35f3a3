/**
 * How long to wait before the next attempt to connect: somewhere between nothing and a bound that doubles with
 * each failure ("full jitter"), so that a thousand devices which lost the same broker do not return as one.
 */
export class Backoff {
  /** The bound of the first wait, in milliseconds. */
  static readonly FIRST = 1_000;
  /** The largest bound: a broker that is back is found within a minute. */
  static readonly LIMIT = 60_000;
  /** A connection that lasted this long was a good one; a shorter one may be two devices evicting each other. */
  static readonly SETTLED = 30_000;

  #bound = Backoff.FIRST;
  #random: () => number;

  /** @param random a number from 0 up to but not including 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const wait = Math.floor(this.#random() * this.#bound);
    this.#bound = Math.min(this.#bound * 2, Backoff.LIMIT);
    return wait;
  }

  /** A connection has ended that lasted for `duration` milliseconds, and was a good one from `settled` on. */
  ended(duration: number, settled: number = Backoff.SETTLED): void {
    if (duration >= settled) this.reset();
  }

  /** The other end has shown that it is there. */
  reset(): void {
    this.#bound = Backoff.FIRST;
  }
}
