/** Deletes what is older than it is to be kept, in steps between which everything else goes on. */

import type Database from "libsql";
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
      deletion(store.database, "reading", "time", ""),
      deletion(store.database, "bucket", "start", `AND width = ${MINUTE}`),
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
   * Deletes some of what is too old.
   * @returns whether there may be more
   */
  step(): boolean {
    const { readings, minutes } = this.kept;
    // What has gone is not taken again: nobody could tell whether it is a copy.
    this.#store.cutoff = readings;
    for (const { id } of this.#store.devices())
      for (let quantity = 0; quantity < QUANTITIES.length; quantity++)
        for (const [i, before] of [readings, minutes].entries())
          if (this.#steps[i](id, quantity, before)) return true;
    return false;
  }

  close(): void {
    clearTimeout(this.#timer);
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

function deletion(database: Database.Database, table: string, time: string, condition: string): Deletion {
  const where = `device = ? AND quantity = ? ${condition} AND ${time} < ?`;
  const find = database
    .prepare(`SELECT ${time} FROM ${table} WHERE ${where} ORDER BY ${time} LIMIT 1 OFFSET ${STEP - 1}`)
    .raw();
  const remove = database.prepare(`DELETE FROM ${table} WHERE ${where}`);
  return (device, quantity, before) => {
    const last = find.get(device, quantity, before) as [number] | undefined;
    return remove.run(device, quantity, last ? Math.min(before, last[0] + 1) : before).changes > 0;
  };
}
