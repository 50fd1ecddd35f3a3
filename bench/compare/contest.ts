import type { Row } from "./row.js";

/** What a contest is given. */
export interface Arena {
  /** Rounds asked for; by default each contest's own number. */
  readonly rounds: number | undefined;
  /** Little of everything, to see that it works: the figures say little. */
  readonly isQuick: boolean;
  /** Ends it all. */
  readonly signal: AbortSignal;
  /** Tells how far it is, from 0 to 1. */
  advance(share: number): void;
  /** Port of a broker on loopback, in a process of its own and the same for all; started when it is first asked for. */
  broker(): Promise<number>;
}

/** Something that is measured side by side with a peer. */
export interface Contest {
  readonly name: string;
  /** A line for `--help`. */
  readonly about: string;
  run(arena: Arena): Promise<Row[]>;
}

/**
 * The rounds of two, in turn: the one that is first in a round is second in the next, so that what the machine does at
 * the time hits both alike.
 */
export async function inTurn<T>(
  rounds: number,
  ours: (round: number) => Promise<T>,
  theirs: (round: number) => Promise<T>,
): Promise<{ ours: T; theirs: T }[]> {
  const results: { ours: T; theirs: T }[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const first = await ours(round);
      results.push({ ours: first, theirs: await theirs(round) });
    } else {
      const first = await theirs(round);
      results.push({ ours: await ours(round), theirs: first });
    }
  }
  return results;
}
