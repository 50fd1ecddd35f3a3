/**
 * What was acknowledged to a device and not yet to the gateway by the broker, in SQLite; and what must outlive the
 * gateway with it: its epoch, and each device's last number.
 *
 * A file that is kept is written through to the disk with each transaction (WAL, synchronous=FULL), so that a power cut
 * costs nothing either; a temporary one is not, for it ends with the process.
 */

import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import Database from "libsql";
import { type OwnNumber, readingText, type Stamp, type Value } from "./message.js";

/** A reading as it comes in. */
export interface Incoming extends Value {
  device: string;
  stamp: Stamp;
  /** Without one the store gives the device's next. */
  number: OwnNumber | undefined;
  late: boolean;
}

/** A reading that waits. */
export interface Waiting {
  /** Grows with each that comes in, and is never given again. */
  id: number;
  device: string;
  quantity: number;
  /** JSON as it is published. */
  text: string;
}

export interface StoreOptions {
  /** Without one: a temporary file. */
  file: string | undefined;
  /** Readings that may wait. */
  keep: number;
}

const VERSION = 1;

const SCHEMA = `
  CREATE TABLE gateway (epoch TEXT NOT NULL);
  CREATE TABLE device (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE reading (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    text TEXT NOT NULL,
    late INTEGER NOT NULL
  );
  CREATE INDEX lane ON reading (late, id);
  PRAGMA user_version = ${VERSION};
`;

export class Store {
  /** Eight hexadecimal digits, drawn when the store was made. */
  readonly epoch: string;
  #database: Database.Database;
  #place: string;
  /** The file that was opened, by whatever name. */
  #file: fs.Stats;
  #keep: number;
  #temporary: string | undefined;
  /** The last number that each device was given; 0 where it brings its own. */
  #numbers = new Map<string, number>();
  #waiting: number;
  #lastId: number;
  #insert: Database.Statement;
  #upsert: Database.Statement;
  #delete: Database.Statement;
  #between: Database.Statement;
  #lane: Database.Statement;

  /** @throws Error with one line that says what is wrong with the file */
  constructor({ file, keep }: StoreOptions) {
    this.#keep = keep;
    if (file === undefined) this.#temporary = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-gateway-"));
    const place = file ?? path.join(this.#temporary as string, "store.db");
    let database: Database.Database | undefined;
    try {
      if (file !== undefined) makeFile(file);
      database = new Database(place);
      this.#database = database;
      this.#place = place;
      this.#file = fs.statSync(place);
      this.epoch = prepare(database, file !== undefined);
      for (const { name, seq } of database.prepare("SELECT name, seq FROM device").all() as DeviceRow[])
        this.#numbers.set(name, seq);
      this.#waiting = numberOf(database, "SELECT count(*) AS n FROM reading");
      this.#lastId = numberOf(
        database,
        "SELECT coalesce(max(seq), 0) AS n FROM sqlite_sequence WHERE name = 'reading'",
      );
      this.#insert = database.prepare(
        "INSERT INTO reading (device, quantity, text, late) VALUES (?, ?, ?, ?)",
      );
      this.#upsert = database.prepare(
        "INSERT INTO device (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
      );
      this.#delete = database.prepare("DELETE FROM reading WHERE id = ?");
      this.#between = database.prepare(
        "SELECT id, device, quantity, text FROM reading WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
      );
      this.#lane = database.prepare(
        "SELECT id, device, quantity, text FROM reading WHERE late = ? AND id > ? ORDER BY id LIMIT ?",
      );
    } catch (error) {
      database?.close();
      this.#removeTemporary();
      throw new Error(`the store ${place}: ${storeProblem(error)}`);
    }
  }

  /** Readings that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Of the reading that came in last. */
  get lastId(): number {
    return this.#lastId;
  }

  get room(): number {
    return Math.max(0, this.#keep - this.#waiting);
  }

  knows(device: string): boolean {
    return this.#numbers.has(device);
  }

  get devices(): IterableIterator<string> {
    return this.#numbers.keys();
  }

  get deviceCount(): number {
    return this.#numbers.size;
  }

  /**
   * Takes readings, and names of devices that brought none: all of them, or none and throws.
   * @returns each reading's number
   */
  add(readings: readonly Incoming[], devices: readonly string[] = []): number[] {
    const numbers = new Map<string, number>();
    let given: number[] = [];
    let lastId = this.#lastId;
    this.#checkFile();
    this.#transaction(() => {
      numbers.clear();
      given = [];
      for (const name of devices) if (!this.#numbers.has(name)) numbers.set(name, 0);
      for (const reading of readings) {
        const { device, quantity, stamp, late } = reading;
        let last = numbers.get(device) ?? this.#numbers.get(device);
        const number = reading.number ?? { seq: (last ?? 0) + 1, epoch: this.epoch };
        if (!reading.number) last = number.seq;
        if (!reading.number || !this.#numbers.has(device)) numbers.set(device, last ?? 0);
        const text = readingText(reading, stamp, number);
        lastId = Number(this.#insert.run(device, quantity, text, late ? 1 : 0).lastInsertRowid);
        given.push(number.seq);
      }
      for (const [name, seq] of numbers) this.#upsert.run(name, seq);
    });
    for (const [name, seq] of numbers) this.#numbers.set(name, seq);
    this.#waiting += readings.length;
    this.#lastId = lastId;
    return given;
  }

  /** Forgets readings that the broker has. Throws, and forgets none, where the store cannot write. */
  remove(ids: readonly number[]): void {
    let gone = 0;
    this.#transaction(() => {
      gone = 0;
      for (const id of ids) gone += this.#delete.run(id).changes;
    });
    this.#waiting -= gone;
  }

  /** Readings with identifiers above `after` up to `last`, in order. */
  between(after: number, last: number, count: number): Waiting[] {
    return this.#between.all(after, last, count) as Waiting[];
  }

  /** Readings above `after` that came as late ones, or that did not, in order. */
  lane(late: boolean, after: number, count: number): Waiting[] {
    return this.#lane.all(late ? 1 : 0, after, count) as Waiting[];
  }

  close(): void {
    const database = this.#database;
    try {
      // The package closes the file when its statements are collected: the lock goes now.
      database.exec("PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT epoch FROM gateway");
      database.close();
    } catch {
      // What was committed is there at the next start.
    }
    this.#removeTemporary();
  }

  /** What is written to a file that has no name any more goes with the process: it must not be promised. */
  #checkFile(): void {
    // A temporary one goes with it anyhow, and what sweeps old files away may take its name.
    if (this.#temporary !== undefined) return;
    const found = fs.statSync(this.#place, { throwIfNoEntry: false });
    if (found?.ino === this.#file.ino && found.dev === this.#file.dev) return;
    throw new Error("its file was deleted or replaced: start the gateway again");
  }

  #transaction(work: () => void): void {
    try {
      this.#attempt(work);
    } catch {
      // The disk is full, perhaps with the log of what is in the database as well: made short, it may have room.
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      this.#attempt(work);
    }
  }

  #attempt(work: () => void): void {
    const database = this.#database;
    database.exec("BEGIN IMMEDIATE");
    try {
      work();
      database.exec("COMMIT");
    } catch (error) {
      // A full disk has rolled it back already.
      if (database.inTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  #removeTemporary(): void {
    if (this.#temporary !== undefined) fs.rmSync(this.#temporary, { recursive: true, force: true });
  }
}

interface DeviceRow {
  name: string;
  seq: number;
}

/** Readings tell who is at home: a file that is made here is its owner's alone, and with it SQLite's beside it. */
function makeFile(file: string): void {
  fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  try {
    fs.closeSync(fs.openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Opens or makes what is in the file. @returns its epoch */
function prepare(database: Database.Database, isKept: boolean): string {
  // Held for as long as the gateway runs: a second one on the same file would give the same numbers.
  database.pragma("locking_mode = EXCLUSIVE");
  database.pragma("journal_mode = WAL");
  database.pragma(`synchronous = ${isKept ? "FULL" : "OFF"}`);
  const tables = numberOf(database, "SELECT count(*) AS n FROM sqlite_master");
  if (tables === 0) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA}`);
    database.prepare("INSERT INTO gateway (epoch) VALUES (?)").run(randomBytes(4).toString("hex"));
    database.exec("COMMIT");
  }
  const own = numberOf(database, "SELECT count(*) AS n FROM sqlite_master WHERE name = 'gateway'") === 1;
  const version = numberOf(database, "SELECT user_version AS n FROM pragma_user_version");
  if (!own) throw new Error("it holds something else than a gateway's readings");
  if (version !== VERSION) throw new Error(`it is of version ${version}, and this gateway's is ${VERSION}`);
  const { epoch } = database.prepare("SELECT epoch FROM gateway").get() as { epoch: string };
  // Takes the lock also where nothing was written: SQLite takes it with the first write.
  database.exec("BEGIN IMMEDIATE; COMMIT");
  return epoch;
}

function numberOf(database: Database.Database, query: string): number {
  return (database.prepare(query).get() as { n: number }).n;
}

/** What is wrong with a store, in words. */
export function storeProblem(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC") return "the disk is full";
  if (code.startsWith("SQLITE_BUSY")) return "it is in use, by another gateway perhaps";
  if (code.startsWith("SQLITE_NOTADB")) return "it is no database";
  if (code.startsWith("SQLITE_CORRUPT")) return "it is damaged; move it away and a new one is made";
  if (code.startsWith("SQLITE_READONLY") || code === "EACCES" || code === "EROFS")
    return "it may not be written";
  if (code.startsWith("SQLITE_IOERR")) return "the disk fails";
  if (message.includes("Unable to open"))
    return "it cannot be opened: is it a directory, or one that may not be written?";
  return message.replace(/\s*\n\s*/g, " ");
}
