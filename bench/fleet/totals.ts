import { Latencies } from "./latencies.js";
import { Moments } from "./storm.js";
import type { TallySums } from "./tally.js";

/** What all processes together have told. */
export class Totals {
  readonly attempts = new Moments();
  readonly connects = new Moments();
  readonly latencies = new Latencies();
  taken = 0;
  delivered = 0;
  late = 0;
  dropped = 0;
  losses = 0;
  /** Of the last loss. */
  reason: string | undefined;
  #online = new Map<object, number>();

  /** @param of whose devices they are: the last word on how many are online is the one that holds */
  add(sums: TallySums, of: object): void {
    this.attempts.add(sums.attempts);
    this.connects.add(sums.connects);
    this.latencies.merge(sums.latencies);
    this.taken += sums.taken;
    this.delivered += sums.delivered;
    this.late += sums.late;
    this.dropped += sums.dropped;
    this.losses += sums.losses;
    this.reason = sums.reason ?? this.reason;
    this.#online.set(of, sums.online);
  }

  get online(): number {
    return [...this.#online.values()].reduce((sum, count) => sum + count, 0);
  }
}
