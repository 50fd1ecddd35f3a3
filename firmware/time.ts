/**
 * Arithmetic on ticks. A tick counter is a 32-bit integer that wraps every 49.7 days, so two readings of it
 * are compared by their difference, never by their order.
 */

/** Milliseconds from `start` to `end`; right across a wrap as long as they are less than 24.8 days apart. */
export function elapsed(start: number, end: number): number {
  return (end - start) | 0;
}

/**
 * Milliseconds since this object was made, without a wrap. Ask at least once every 24 days; each reading does.
 */
export class Uptime {
  #ticks: number;
  #total = 0;

  constructor(ticks: number) {
    this.#ticks = ticks;
  }

  /** @param ticks the tick counter's present value */
  at(ticks: number): number {
    this.#total += elapsed(this.#ticks, ticks);
    this.#ticks = ticks;
    return this.#total;
  }
}
