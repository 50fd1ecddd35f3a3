import { seededRandom } from "../../host-sim/boards/virtual/random.js";

/**
 * A stream of random numbers of its own. What one part of the world draws has no influence on what another one draws, so
 * that a failure can be replayed with fewer faults.
 */
export class Random {
  /** Uniform from 0 up to but not including 1. */
  readonly next: () => number;

  /** @param name whose stream it is; the same seed and name give the same numbers */
  constructor(seed: number, name: string) {
    this.next = seededRandom(hash(`${seed}/${name}`));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** From `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Each order of magnitude is as likely as another. */
  magnitude(low: number, high: number): number {
    return Math.floor(low * (high / low) ** this.next());
  }

  /** The time to the next of events that come at random, `mean` apart on the average. */
  gap(mean: number): number {
    return Math.floor(-Math.log(1 - this.next()) * mean);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.next() * choices.length)] as T;
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
}
