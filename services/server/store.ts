import type Database from "libsql";
import { ARRIVAL_EPOCH, momentEpoch } from "./numbering.js";
import { Rollup } from "./rollup.js";
import { openDatabase } from "./schema.js";

/** A reading that has come. */
export interface Arrival {
  /** Of `deviceId`. */
  device: number;
  /** Index in QUANTITIES. */
  quantity: number;
  value: number;
  /** When it was taken, ms since 1970; `undefined` where it is not known. */
  time: number | undefined;
  /** With `seq` the name of the reading; both `undefined` where it has none. */
  epoch: number | undefined;
  seq: number | undefined;
  late: boolean;
  /** When it came, ms since 1970. */
  received: number;
}

/** What became of it. */
export type Outcome =
  | { kind: "new"; time: number }
  /** It was here without its time, at that of its arrival `was`. */
  | { kind: "timed"; time: number; was: number }
  | { kind: "known" }
  /** Another one has its number. The first stays. */
  | { kind: "conflicting" }
  /** Of a time whose readings have been deleted: whether it was among them cannot be told. */
  | { kind: "old" };

export interface Latest {
  quantity: number;
  value: number;
  time: number;
  received: number;
}

/** Every reading, once. */
export class Store {
  readonly database: Database.Database;
  /** Readings before this are gone and are not taken any more; ms since 1970. */
  cutoff = Number.NEGATIVE_INFINITY;
  #rollup: Rollup;
  #begin: Database.Statement;
  #commit: Database.Statement;
  #rollback: Database.Statement;
  #insert: Database.Statement;
  #arrivals: Database.Statement;
  #find: Database.Statement;
  #move: Database.Statement;

  /**
   * @param file `undefined` for a store in memory
   * @throws StoreError where it cannot be had
   */
  constructor(file?: string) {
    const database = openDatabase(file);
    this.database = database;
    this.#rollup = new Rollup(database);
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
    this.#rollback = database.prepare("ROLLBACK");
    this.#insert = database.prepare(
      `INSERT INTO reading (device, quantity, time, epoch, seq, value, received, late, timed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#arrivals = database
      .prepare("SELECT seq FROM reading WHERE device = ? AND epoch = ? ORDER BY seq DESC LIMIT 1")
      .raw();
    this.#find = database
      .prepare("SELECT quantity, value, time, timed FROM reading WHERE device = ? AND epoch = ? AND seq = ?")
      .raw();
    this.#move = database.prepare(
      "UPDATE reading SET time = ?, timed = 1 WHERE device = ? AND epoch = ? AND seq = ?",
    );
  }

  /** The number of a device, which it gets here when it is new. */
  deviceId(base: string): number {
    const find = this.database.prepare("SELECT id FROM device WHERE base = ?").raw();
    const insert = this.database.prepare("INSERT INTO device (base) VALUES (?)");
    if (find.get(base) === undefined) this.transaction(() => insert.run(base));
    return (find.get(base) as [number])[0];
  }

  devices(): { id: number; base: string }[] {
    const rows = this.database.prepare("SELECT id, base FROM device ORDER BY base").raw().all() as [
      number,
      string,
    ][];
    return rows.map(([id, base]) => ({ id, base }));
  }

  /** The newest of each quantity. */
  latest(device: number, quantities: number): Latest[] {
    const find = this.database
      .prepare(
        "SELECT value, time, received FROM reading WHERE device = ? AND quantity = ? ORDER BY time DESC LIMIT 1",
      )
      .raw();
    const latest: Latest[] = [];
    for (let quantity = 0; quantity < quantities; quantity++) {
      const row = find.get(device, quantity) as [number, number, number] | undefined;
      if (row) latest.push({ quantity, value: row[0], time: row[1], received: row[2] });
    }
    return latest;
  }

  /**
   * Stores it unless it is there. When this returns it is committed.
   * @throws SQLite's error, and nothing has changed then
   */
  add(arrival: Arrival): Outcome {
    if ((arrival.time ?? arrival.received) < this.cutoff) return { kind: "old" };
    return this.transaction(() => this.#put(arrival));
  }

  /**
   * Every write goes through here, so that only the beginning can find the file busy: libsql leaves a statement that was
   * busy in progress until it runs again, and nothing can be committed beside one that writes.
   * @throws SQLite's error, and nothing has changed then
   */
  transaction<T>(work: () => T): T {
    this.#begin.run();
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      // SQLite has taken some back by itself, as where the disk is full.
      if (this.database.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  note(name: string): string | undefined {
    const row = this.database.prepare("SELECT value FROM note WHERE name = ?").raw().get(name);
    return (row as [string] | undefined)?.[0];
  }

  setNote(name: string, value: string): void {
    const insert = this.database.prepare("INSERT OR REPLACE INTO note VALUES (?, ?)");
    this.transaction(() => insert.run(name, value));
  }

  /** Harmless when called again. */
  close(): void {
    if (!this.database.open) return;
    try {
      // Leaves one file, which can be copied as it is.
      this.database.pragma("wal_checkpoint(TRUNCATE)");
    } catch {
      // What the log has is taken from it at the next start.
    }
    this.database.close();
  }

  #put(arrival: Arrival): Outcome {
    const { device, quantity, value, received, late } = arrival;
    const time = arrival.time ?? received;
    const { epoch, seq } = this.#name(arrival);
    const timed = arrival.time === undefined ? 0 : 1;
    const added = this.#insert.run(
      device,
      quantity,
      time,
      epoch,
      seq,
      value,
      received,
      late ? 1 : 0,
      timed,
    ).changes;
    if (added > 0) {
      this.#rollup.add(device, quantity, time, value);
      return { kind: "new", time };
    }
    const found = this.#find.get(device, epoch, seq) as [number, number, number, number];
    const [ofQuantity, ofValue, was, hasTime] = found;
    // A copy may have another time, for a clock may have been set since, but nothing else.
    if (epoch >= 0 && (ofQuantity !== quantity || ofValue !== value)) return { kind: "conflicting" };
    if (arrival.time === undefined) return { kind: "known" };
    // The minutes of what has gone from `reading` could not be made again.
    if (hasTime === 1 || was < this.cutoff) return { kind: "known" };
    this.#move.run(time, device, epoch, seq);
    this.#rollup.renew(device, ofQuantity, was);
    this.#rollup.renew(device, ofQuantity, time);
    return { kind: "timed", time, was };
  }

  #name({ device, quantity, time, epoch, seq }: Arrival): { epoch: number; seq: number } {
    if (epoch !== undefined && seq !== undefined) return { epoch, seq };
    if (time !== undefined) return { epoch: momentEpoch(quantity), seq: time };
    const last = this.#arrivals.get(device, ARRIVAL_EPOCH) as [number] | undefined;
    return { epoch: ARRIVAL_EPOCH, seq: (last?.[0] ?? 0) + 1 };
  }
}
