import type { Disagreement, Theirs } from "./differential.js";
import { Refusal } from "./refusals.js";

/** What was run and what it came to. Plain data, so that it passes between threads; several add up. */
export interface Tally {
  streams: number;
  bytes: number;
  /** Lives of a client. */
  trials: number;
  /** Lives by how they end, in the order of Refusal. */
  readonly endings: number[];
  /** Disagreements with mqtt-packet by clause and by what mqtt-packet does. */
  readonly disagreements: Record<string, number>;
}

export function newTally(): Tally {
  return {
    streams: 0,
    bytes: 0,
    trials: 0,
    endings: new Array<number>(Refusal.TOO_MANY_QOS_2 + 1).fill(0),
    disagreements: {},
  };
}

export function add(sum: Tally, more: Tally): void {
  sum.streams += more.streams;
  sum.bytes += more.bytes;
  sum.trials += more.trials;
  more.endings.forEach((count, refusal) => {
    sum.endings[refusal] += count;
  });
  for (const [key, count] of Object.entries(more.disagreements)) {
    sum.disagreements[key] = (sum.disagreements[key] ?? 0) + count;
  }
}

const keyOf = (which: Refusal | Disagreement, theirs: Theirs) => `${which} ${theirs}`;

export function countDisagreement(tally: Tally, which: Refusal | Disagreement, theirs: Theirs): void {
  const key = keyOf(which, theirs);
  tally.disagreements[key] = (tally.disagreements[key] ?? 0) + 1;
}
