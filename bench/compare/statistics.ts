/** What many measurements come to. Pure. */

/** The middle of some numbers, and the bounds of their middle half. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** @throws RangeError without a number */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("nothing was measured");
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

export function median(values: readonly number[]): number {
  return spreadOf(values).median;
}

/** Between two values, what lies between them in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/** One round: ours and the peer's, measured one right after the other. */
export interface Round {
  readonly ours: number;
  readonly theirs: number;
}

export interface Comparison {
  readonly ours: number;
  readonly theirs: number;
  /** Of each round by itself: what slows the machine for a while slows both. */
  readonly ratio: Spread;
}

/** @throws RangeError without a round */
export function compareRounds(rounds: readonly Round[]): Comparison {
  return {
    ours: median(rounds.map(({ ours }) => ours)),
    theirs: median(rounds.map(({ theirs }) => theirs)),
    ratio: spreadOf(rounds.map(({ ours, theirs }) => ours / theirs)),
  };
}
