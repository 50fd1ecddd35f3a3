/** What the readings of each minute and hour come to, kept in step with them. */

import type Database from "libsql";

export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** The widths that are kept, ms. */
export const WIDTHS = [MINUTE, HOUR] as const;

/** For use within a transaction that changes `reading`. */
export class Rollup {
  #add: Database.Statement;
  #clear: Database.Statement;
  #minute: Database.Statement;
  #hour: Database.Statement;

  constructor(database: Database.Database) {
    this.#add = database.prepare(
      `INSERT INTO bucket VALUES (?, ?, ?, ?, ?5, ?5, ?5, 1) ON CONFLICT DO UPDATE SET
       min = min(min, excluded.min), max = max(max, excluded.max), sum = sum + excluded.sum, count = count + 1`,
    );
    this.#clear = database.prepare(
      "DELETE FROM bucket WHERE device = ? AND quantity = ? AND width = ? AND start = ?",
    );
    this.#minute = database.prepare(
      `INSERT INTO bucket SELECT ?1, ?2, ${MINUTE}, ?3, min(value), max(value), sum(value), count(*) FROM reading
       WHERE device = ?1 AND quantity = ?2 AND time >= ?3 AND time < ?3 + ${MINUTE} HAVING count(*) > 0`,
    );
    this.#hour = database.prepare(
      `INSERT INTO bucket SELECT ?1, ?2, ${HOUR}, ?3, min(min), max(max), sum(sum), sum(count) FROM bucket
       WHERE device = ?1 AND quantity = ?2 AND width = ${MINUTE} AND start >= ?3 AND start < ?3 + ${HOUR} HAVING count(*) > 0`,
    );
  }

  /** A reading was added. */
  add(device: number, quantity: number, time: number, value: number): void {
    for (const width of WIDTHS) this.#add.run(device, quantity, width, floorTo(time, width), value);
  }

  /** A reading that was at `time` has gone, or come by other ways: a minimum cannot be taken back. */
  renew(device: number, quantity: number, time: number): void {
    const minute = floorTo(time, MINUTE);
    const hour = floorTo(time, HOUR);
    this.#clear.run(device, quantity, MINUTE, minute);
    this.#minute.run(device, quantity, minute);
    this.#clear.run(device, quantity, HOUR, hour);
    this.#hour.run(device, quantity, hour);
  }
}

export function floorTo(time: number, width: number): number {
  return Math.floor(time / width) * width;
}
