import { Latencies, type LatencyCounts } from "./latencies.js";

/** What has happened to the devices of a process since it was told last; `online` and `waiting` are what holds now. */
export interface TallySums {
  /** Moments of attempts to connect, and of those that the broker accepted, in milliseconds since 1970. */
  attempts: number[];
  connects: number[];
  online: number;
  taken: number;
  delivered: number;
  late: number;
  dropped: number;
  /** From the sample to its PUBACK, of readings that did not wait through an outage. */
  latencies: LatencyCounts;
  /** Connections that were lost and attempts that failed, and the last reason. */
  losses: number;
  reason: string | undefined;
  warnings: string[];
}

/** Warnings that are passed on between two tellings: thousands of devices may all have the same. */
const WARNINGS = 3;

/** What the devices of one process have in common: all of it is counted here. */
export class Tally {
  attempts: number[] = [];
  connects: number[] = [];
  online = 0;
  taken = 0;
  delivered = 0;
  late = 0;
  dropped = 0;
  readonly latencies = new Latencies();
  /** Milliseconds since 1970, or since the simulated beginning. */
  readonly now: () => number;
  #losses = 0;
  #reason: string | undefined;
  #warnings: string[] = [];

  constructor(now: () => number) {
    this.now = now;
  }

  lost(reason: string): void {
    this.#losses += 1;
    this.#reason = reason;
  }

  warn(text: string): void {
    if (this.#warnings.length < WARNINGS) this.#warnings.push(text);
  }

  /** What there is to tell; from now on it is counted anew. */
  take(): TallySums {
    const { attempts, connects, online, taken, delivered, late, dropped } = this;
    const sums: TallySums = {
      attempts,
      connects,
      online,
      taken,
      delivered,
      late,
      dropped,
      latencies: this.latencies.take(),
      losses: this.#losses,
      reason: this.#reason,
      warnings: this.#warnings,
    };
    this.attempts = [];
    this.connects = [];
    this.taken = this.delivered = this.late = this.dropped = 0;
    this.#losses = 0;
    this.#reason = undefined;
    this.#warnings = [];
    return sums;
  }
}
