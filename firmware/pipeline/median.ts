/**
 * The median of the last values: takes out spikes, which an average would only spread. Until the window is full
 * it is the median of what there is, the mean of the middle two where that is an even number.
 */
export class Median {
  #window: Float64Array;
  #sorted: Float64Array;
  #count = 0;
  #at = 0;

  /** @param size values in the window; an odd number has a middle one */
  constructor(size: number) {
    this.#window = new Float64Array(size);
    this.#sorted = new Float64Array(size);
  }

  process(value: number): number {
    const window = this.#window;
    const sorted = this.#sorted;
    let count = this.#count;
    if (count === window.length) {
      // Take the oldest out of the sorted values, closing the gap.
      const oldest = window[this.#at];
      let i = 0;
      while (sorted[i] !== oldest) i++;
      for (count -= 1; i < count; i++) sorted[i] = sorted[i + 1];
    }
    let i = count;
    for (; i > 0 && sorted[i - 1] > value; i--) sorted[i] = sorted[i - 1];
    sorted[i] = value;
    window[this.#at] = value;
    this.#at = this.#at + 1 === window.length ? 0 : this.#at + 1;
    this.#count = count += 1;
    const middle = count >> 1;
    return (count & 1) === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
