/** Deletes what is older than it is to be kept, in steps between which everything else goes on. */

import { QUANTITIES } from "../../firmware/codec/reading.js";
import type { Kept } from "./history.js";
import { floorTo, HOUR, MINUTE } from "./rollup.js";
import type { Store } from "./store.js";
import { isBusy } from "./store-error.js";

/** Rows of a step: a few milliseconds. */
const STEP = 1_000;

/** Milliseconds between steps while there is more to delete, and between looks. */
const PAUSE = 20;
const LOOK = 60_000;

/** Minutes are kept so many times as long as single readings; hours for ever, which are half a megabyte a year and quantity. */
const MINUTES_KEPT = 10;

export class Retention {
  #store: Store;
  /** ms; 0 keeps everything. */
  #age: number;
  #steps: readonly Deletion[];
  /** Devices that are still to be looked at. */
  #waiting: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #onError: (error: unknown) => void;
  #now: () => number;

  /**
   * @param age of single readings, ms; 0 keeps everything
   * @param onError told of what the store says, unless it is just busy; nothing is deleted any more then
   */
  constructor(store: Store, age: number, onError: (error: unknown) => void, now: () => number = Date.now) {
    this.#store = store;
    this.#age = age;
    this.#onError = onError;
    this.#now = now;
    this.#steps = [
      deletion(store, "reading", "time", ""),
      deletion(store, "bucket", "start", `AND width = ${MINUTE}`),
    ];
    store.cutoff = this.kept.readings;
    if (age > 0) this.#timer = setTimeout(() => this.#run(), PAUSE);
  }

  /** From when on there is everything. */
  get kept(): Kept {
    if (this.#age === 0) return { readings: 0, minutes: 0 };
    const now = this.#now();
    return {
      readings: floorTo(now - this.#age, MINUTE),
      minutes: floorTo(now - this.#age * MINUTES_KEPT, HOUR),
    };
  }

  /**
   * Deletes some of what is too old, of one device.
   * @returns whether there may be more; if not, the next call begins anew
   */
  step(): boolean {
    const { readings, minutes } = this.kept;
    // What has gone is not taken again: nobody could tell whether it is a copy.
    this.#store.cutoff = readings;
    if (this.#waiting.length === 0) this.#waiting = this.#store.devices().map(({ id }) => id);
    const id = this.#waiting[this.#waiting.length - 1];
    if (id !== undefined && !this.#shorten(id, [readings, minutes])) this.#waiting.pop();
    return this.#waiting.length > 0;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** @returns whether there was anything to delete */
  #shorten(device: number, before: readonly number[]): boolean {
    for (let quantity = 0; quantity < QUANTITIES.length; quantity++)
      for (const [i, limit] of before.entries()) if (this.#steps[i](device, quantity, limit)) return true;
    return false;
  }

  #run(): void {
    let more = false;
    try {
      more = this.step();
    } catch (error) {
      if (!isBusy(error)) return this.#onError(error);
    }
    this.#timer = setTimeout(() => this.#run(), more ? PAUSE : LOOK);
  }
}

/** Deletes up to a step's rows from before a time; says whether there were any. */
type Deletion = (device: number, quantity: number, before: number) => boolean;

function deletion(store: Store, table: string, time: string, condition: string): Deletion {
  const where = `device = ? AND quantity = ? ${condition} AND ${time} < ?`;
  const { database } = store;
  const nth = (offset: number) =>
    database
      .prepare(`SELECT ${time} FROM ${table} WHERE ${where} ORDER BY ${time} LIMIT 1 OFFSET ${offset}`)
      .raw();
  const [first, last] = [nth(0), nth(STEP - 1)];
  const remove = database.prepare(`DELETE FROM ${table} WHERE ${where}`);
  return (device, quantity, before) => {
    if (!first.get(device, quantity, before)) return false;
    const found = last.get(device, quantity, before) as [number] | undefined;
    const upTo = found ? Math.min(before, found[0] + 1) : before;
    return store.transaction(() => remove.run(device, quantity, upTo).changes) > 0;
  };
}
