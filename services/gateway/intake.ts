/**
 * From messages to receipts: takes what all connections bring, in one transaction for all that has come meanwhile, and
 * answers each only then, in its connection's order.
 */

import type { Limits } from "./limits.js";
import { error, ok } from "./receipts.js";
import { type Incoming, type Store, storeProblem } from "./store.js";

export interface Job {
  /** To be safe before the receipt goes. */
  readings: readonly Incoming[];
  /** A device that is known from now on. */
  device: string | undefined;
  /** Takes the receipt; `safe` is false where the store took nothing. */
  done(receipt: string, safe: boolean): void;
  /** What is answered where there is nothing to store. */
  receipt: string;
}

export interface IntakeOptions {
  store: Store;
  limits: Limits;
  /** Readings are in the store. */
  onStored(count: number): void;
  /** Readings were refused, for want of room or because the store cannot write. */
  onRefused(count: number): void;
  /** Tells of trouble with the store, once until it is over. */
  onTrouble(reason: string | undefined): void;
}

export class Intake {
  #options: IntakeOptions;
  #jobs: Job[] = [];
  #scheduled = false;
  #isClosed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#jobs.length;
  }

  submit(job: Job): void {
    this.#jobs.push(job);
    this.#schedule();
  }

  /** Stores what is there, at once, and takes no more. */
  close(): void {
    while (this.#jobs.length > 0) this.#run();
    this.#isClosed = true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#isClosed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#isClosed) this.#run();
      if (this.#jobs.length > 0) this.#schedule();
    });
  }

  #run(): void {
    const { store, limits, onStored, onRefused, onTrouble } = this.#options;
    const jobs = this.#jobs.splice(0, limits.batch);
    const readings: Incoming[] = [];
    const devices = new Set<string>();
    const full = new Set<Job>();
    let room = store.room;
    for (const job of jobs) {
      if (job.readings.length > room) {
        full.add(job);
        continue;
      }
      room -= job.readings.length;
      for (const reading of job.readings) readings.push(reading);
      if (job.device !== undefined && job.readings.length === 0 && !store.knows(job.device))
        devices.add(job.device);
    }
    let numbers: number[] = [];
    let trouble: string | undefined;
    try {
      if (readings.length + devices.size > 0) numbers = store.add(readings, [...devices]);
    } catch (failure) {
      trouble = storeProblem(failure);
    }
    let refused = 0;
    let at = 0;
    const answers: [Job, string, boolean][] = [];
    for (const job of jobs) {
      const count = job.readings.length;
      const needsStore = count > 0 || devices.has(job.device ?? "");
      if (full.has(job)) {
        refused += count;
        answers.push([job, error(`the store is full: ${store.waiting} readings wait for the broker`), false]);
      } else if (needsStore && trouble !== undefined) {
        refused += count;
        answers.push([job, error(`not taken, the store cannot write: ${trouble}`), false]);
      } else {
        answers.push([job, count > 0 ? ok(numbers.slice(at, at + count)) : job.receipt, true]);
        at += count;
      }
    }
    if (refused > 0) onRefused(refused);
    if (trouble !== undefined) onTrouble(`the store cannot write: ${trouble}; readings are refused`);
    else if (full.size > 0) onTrouble("the store is full: readings are refused until the broker takes some");
    else if (readings.length > 0) onTrouble(undefined);
    if (numbers.length > 0) onStored(numbers.length);
    for (const [job, receipt, safe] of answers) job.done(receipt, safe);
  }
}
