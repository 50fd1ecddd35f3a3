/**
 * Where readings wait for the broker: in the journal, and in memory what is not in there. Every number in memory is
 * above every number in the journal.
 */

import { blankReading, type Reading } from "../codec/reading.js";
import { errorText } from "../error-text.js";
import type { Monitor } from "../monitor.js";
import type { Journal } from "./journal.js";
import type { Queue } from "./queue.js";
import type { Waiting } from "./waiting.js";

/** When a reading is written to the journal. */
export const enum Durability {
  /** As soon as it is taken. */
  ALWAYS,
  /** While the link is down, and what was not acknowledged when it went down. */
  OUTAGE,
}

export const DURABILITIES: readonly string[] = Object.freeze(["always", "outage"]);

export interface OutboxOptions {
  queue: Queue;
  /** Without one readings wait in memory alone. */
  journal: Journal | undefined;
  durability: Durability;
  /** The epoch of readings whose numbers no restart would remember. */
  epoch: number;
  monitor: Monitor;
}

/** Readings to let pass before a journal that has failed is tried again; doubles up to the limit. */
const RETRY_FIRST = 1;
const RETRY_LIMIT = 64;

export class Outbox implements Waiting {
  #queue: Queue;
  #journal: Journal | undefined;
  #durability: Durability;
  #monitor: Monitor;
  /** The epoch of readings to come, and that of those whose numbers no restart would remember. */
  #epoch: number;
  #volatileEpoch: number;
  #next: number;
  #isLinkUp = false;
  #dropped = 0;
  /** Acknowledgements that came while the journal could not take them, and readings that could not be found then. */
  #forgotten = 0;
  /** Dropped in the present spell, 0 outside of one. */
  #spell = 0;
  /** Readings before the journal is tried again, while it fails. */
  #retryIn = 0;
  #retryPeriod = 0;
  #spilled = blankReading();

  constructor(options: OutboxOptions) {
    const { queue, journal } = options;
    this.#queue = queue;
    this.#journal = journal;
    this.#durability = options.durability;
    this.#monitor = options.monitor;
    this.#volatileEpoch = options.epoch;
    this.#next = Math.max(queue.next, journal?.next ?? 1);
    // Numbers that are only in memory are forgotten with it: they would be used again in the journal's epoch.
    this.#epoch = journal && this.#durability === Durability.ALWAYS ? journal.epoch : options.epoch;
  }

  get first(): number {
    const journal = this.#journal;
    return journal && journal.size > 0
      ? journal.first
      : this.#queue.size > 0
        ? this.#queue.first
        : this.#next;
  }

  /** The number that the next reading must have. */
  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#queue.size + (this.#journal?.size ?? 0);
  }

  get forgotten(): number {
    return this.#forgotten + (this.#journal?.forgotten ?? 0);
  }

  /** Readings that were given up since the start, for want of room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a reading, and gives it its epoch. Its number is used up, also where the policy gives it up at once. */
  append(reading: Reading): void {
    const { seq } = reading;
    if (seq !== this.#next) throw new RangeError(`reading ${seq} where ${this.#next} comes next`);
    this.#next = seq + 1;
    reading.epoch = this.#epoch;
    if (this.isJournalDue() && this.spill() && this.write(reading)) return;
    // The journal's failure may have changed it.
    reading.epoch = this.#epoch;
    const gone = this.#queue.append(reading);
    if (gone >= 0) this.drop(gone, 1);
  }

  /** The link to the broker is there, or gone: what is under way then may never have arrived. */
  linkChanged(isUp: boolean): void {
    if (this.#isLinkUp === isUp) return;
    this.#isLinkUp = isUp;
    if (!isUp && this.isJournalDue()) this.spill();
  }

  /** The clock was set: readings that were journalled before get their time, also after a restart. */
  clockSet(): void {
    if (!this.#journal || this.#retryPeriod > 0) return;
    try {
      this.#journal.noteClock();
    } catch (error) {
      this.failed(error);
    }
  }

  /**
   * An orderly end, after which nothing is called: what is in memory goes to the journal, and what was acknowledged is
   * noted. Harmless when called again.
   */
  close(): void {
    const journal = this.#journal;
    if (!journal) return;
    this.spill();
    this.#journal = undefined;
    try {
      journal.flush();
      journal.close();
    } catch (error) {
      this.failed(error);
    }
  }

  /** For the journal: readings were given up. */
  drop(first: number, count: number): void {
    this.#dropped += count;
    if (this.#spell === 0) {
      this.#monitor.warning?.(
        `${this.size} readings wait: there is no room for more, readings are dropped from now on`,
      );
    }
    this.#spell += count;
    this.#monitor.dropped?.(first, count);
  }

  following(seq: number): number {
    const journal = this.#journal;
    if (journal && seq < journal.next) {
      try {
        const found = journal.following(seq);
        if (found < journal.next) return found;
      } catch (error) {
        this.failed(error);
        // Whoever asks goes on behind what is there, and has to begin again.
        this.#forgotten += 1;
        // Nothing for now: what is in memory must not go before what cannot be read.
        return this.#next;
      }
    }
    const found = this.#queue.following(seq);
    return found < this.#queue.next ? found : this.#next;
  }

  read(seq: number, into: Reading): boolean {
    const journal = this.#journal;
    if (!journal || seq >= journal.next) return this.#queue.read(seq, into);
    try {
      return journal.read(seq, into);
    } catch (error) {
      this.failed(error);
      return false;
    }
  }

  acknowledge(seq: number): void {
    const journal = this.#journal;
    if (!journal || seq >= journal.next) this.#queue.acknowledge(seq);
    else {
      try {
        journal.acknowledge(seq);
      } catch (error) {
        this.#forgotten += 1;
        this.failed(error);
      }
    }
    if (this.#spell > 0 && this.size === 0) {
      this.#monitor.warning?.(`${this.#spell} readings were dropped while there was no room for them`);
      this.#spell = 0;
    }
  }

  /** Whether readings go to the journal now. */
  private isJournalDue(): boolean {
    if (!this.#journal) return false;
    if (this.#retryIn > 0) {
      this.#retryIn -= 1;
      return false;
    }
    const { size, capacity } = this.#queue;
    // A broker that is slow is as good as one that is away.
    return this.#durability === Durability.ALWAYS || !this.#isLinkUp || size >= capacity / 2;
  }

  /** Moves what waits in memory to the journal. False where it is not all there then. */
  private spill(): boolean {
    const queue = this.#queue;
    if (queue.size === 0) return true;
    const reading = this.#spilled;
    while (queue.size > 0) {
      const seq = queue.first;
      queue.read(seq, reading);
      if (!this.write(reading)) return false;
      queue.acknowledge(seq);
    }
    return true;
  }

  /** False where the journal fails: the node goes on in memory, and tries again later. */
  private write(reading: Reading): boolean {
    try {
      (this.#journal as Journal).append(reading);
    } catch (error) {
      this.failed(error);
      return false;
    }
    if (this.#retryPeriod > 0) this.#monitor.warning?.("the journal can be written again");
    this.#retryPeriod = 0;
    return true;
  }

  private failed(error: unknown): void {
    if (this.#retryPeriod === 0) {
      this.#monitor.warning?.(
        `the journal fails (${errorText(error)}): readings wait in memory until it can be written`,
      );
    }
    this.#epoch = this.#volatileEpoch;
    this.#retryPeriod = Math.min(Math.max(RETRY_FIRST, this.#retryPeriod * 2), RETRY_LIMIT);
    this.#retryIn = this.#retryPeriod;
  }
}
