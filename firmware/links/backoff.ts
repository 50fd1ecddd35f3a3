/**
 * How long to wait before the next attempt to connect: somewhere between nothing and a bound that doubles with
 * each failure ("full jitter"), so that a thousand devices which lost the same broker do not return as one. Where even
 * a second is too short for that, the first bound is wider: the share of a fleet that returns within a second is one
 * in so many seconds.
 */
export class Backoff {
  /** The bound of the first wait, in milliseconds, where none is asked for that is wider. */
  static readonly FIRST = 1_000;
  /** The largest bound: a broker that is back is found within a minute. */
  static readonly LIMIT = 60_000;
  /** A connection that lasted this long was a good one; a shorter one may be two devices evicting each other. */
  static readonly SETTLED = 30_000;

  /** The bound of the first wait, of the next one, and of the longest. */
  #first: number;
  #bound: number;
  #limit: number;
  #random: () => number;

  /**
   * @param random a number from 0 up to but not including 1
   * @param spread milliseconds within which the first attempt after a loss begins; less than `FIRST` is `FIRST`
   */
  constructor(random: () => number, spread = 0) {
    this.#random = random;
    this.#first = Math.max(Backoff.FIRST, spread);
    this.#bound = this.#first;
    this.#limit = Math.max(Backoff.LIMIT, spread);
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const wait = Math.floor(this.#random() * this.#bound);
    this.#bound = Math.min(this.#bound * 2, this.#limit);
    return wait;
  }

  /** A connection has ended that lasted for `duration` milliseconds, and was a good one from `settled` on. */
  ended(duration: number, settled: number = Backoff.SETTLED): void {
    if (duration >= settled) this.reset();
  }

  /** The other end has shown that it is there. */
  reset(): void {
    this.#bound = this.#first;
  }
}
