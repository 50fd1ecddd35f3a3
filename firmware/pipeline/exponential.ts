/** Exponential smoothing: each value moves the result by a fraction of the difference. Starts at the first value. */
export class Exponential {
  #alpha: number;
  #value = Number.NaN;

  /** @param alpha above 0, at most 1; 1 follows at once, 0.1 takes some ten values to follow */
  constructor(alpha: number) {
    this.#alpha = alpha;
  }

  process(value: number): number {
    const last = this.#value;
    this.#value = Number.isNaN(last) ? value : last + this.#alpha * (value - last);
    return this.#value;
  }
}
