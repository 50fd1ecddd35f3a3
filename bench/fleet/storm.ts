/** Moments of one kind, such as attempts to connect, in milliseconds. */
export class Moments {
  #all: number[] = [];
  #isSorted = true;

  get count(): number {
    return this.#all.length;
  }

  add(moments: readonly number[]): void {
    for (const moment of moments) this.#all.push(moment);
    this.#isSorted = false;
  }

  /** How many there were from `from` up to but not including `to`. */
  between(from: number, to: number): number {
    const all = this.#sorted();
    return place(all, to) - place(all, from);
  }

  /** The most that came within any second from `from` on, wherever that second begins. */
  largestSecond(from: number): number {
    const all = this.#sorted();
    let largest = 0;
    for (let last = place(all, from), first = last; last < all.length; last++) {
      while (all[last] - all[first] >= 1_000) first += 1;
      largest = Math.max(largest, last - first + 1);
    }
    return largest;
  }

  /** The last one; `undefined` where there is none. */
  get last(): number | undefined {
    return this.#sorted().at(-1);
  }

  #sorted(): readonly number[] {
    if (!this.#isSorted) this.#all.sort((one, other) => one - other);
    this.#isSorted = true;
    return this.#all;
  }
}

/** Index of the first that is not below `moment`. */
function place(sorted: readonly number[], moment: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A row of the histogram: what came in a second, or in the seconds of a row. */
export interface Bin {
  /** Seconds since the broker was gone, of the beginning. */
  second: number;
  attempts: number;
  connects: number;
}

/** Rows that a histogram has at most; where there are more seconds, a row is of several. */
const ROWS = 90;

/** Characters of the longest bar. */
const WIDTH = 50;

/** What happened from `start` to the last attempt. */
export function binsOf(attempts: Moments, connects: Moments, start: number): { width: number; bins: Bin[] } {
  const end = Math.max(attempts.last ?? start, connects.last ?? start);
  const seconds = Math.floor((end - start) / 1_000) + 1;
  const width = Math.ceil(seconds / ROWS);
  const bins: Bin[] = [];
  for (let second = 0; second < seconds; second += width) {
    const from = start + second * 1_000;
    const to = from + width * 1_000;
    bins.push({ second, attempts: attempts.between(from, to), connects: connects.between(from, to) });
  }
  return { width, bins };
}

/** Connects as full characters, and behind them the attempts that came to nothing as light ones. */
export function drawBins({ width, bins }: { width: number; bins: readonly Bin[] }): string[] {
  const largest = Math.max(1, ...bins.map(({ attempts, connects }) => Math.max(attempts, connects)));
  const length = (count: number) => Math.round((count / largest) * WIDTH);
  return [
    `${width === 1 ? "second" : `${width} s from`}  attempts  connected`,
    ...bins.map(({ second, attempts, connects }) => {
      const full = length(connects);
      const bar = "█".repeat(full) + "░".repeat(Math.max(0, length(attempts) - full));
      return `${String(second).padStart(6)}  ${number(attempts, 8)}  ${number(connects, 9)}  ${bar}`.trimEnd();
    }),
  ];
}

function number(value: number, width: number): string {
  return value.toLocaleString("en-US").padStart(width);
}
