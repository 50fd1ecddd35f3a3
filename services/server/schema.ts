/** The file that readings are kept in: how it is opened, and what its tables are. */

import fs from "node:fs";
import Database from "libsql";
import { StoreError, storeProblem } from "./store-error.js";

/** What `user_version` says of a file of this program. */
export const SCHEMA_VERSION = 1;

/** "Hrth": what `application_id` says, so that no other program's database is taken for ours. */
const APPLICATION_ID = 0x48727468;

/** Milliseconds to wait for another program that writes to the file, such as a shell. The event loop waits too. */
const BUSY_TIMEOUT = 250;

/**
 * `reading` lies in the order in which it is asked for, so that a query of a time span reads one stretch of the file; the unique
 * index is what makes a reading come once.
 *
 * - `quantity`: index in QUANTITIES
 * - `time`: ms since 1970, of the measurement; of its arrival where `timed` is 0
 * - `epoch`: 0 to 2^32 - 1 as the device says it, negative for one that has no number: see `numbering.ts`
 * - `received`: ms since 1970
 *
 * `bucket` is what `reading` comes to in each minute and hour (`width`, ms), written in the same transaction.
 */
const TABLES = `
CREATE TABLE device (id INTEGER PRIMARY KEY, base TEXT NOT NULL UNIQUE);
CREATE TABLE reading (
  device INTEGER NOT NULL, quantity INTEGER NOT NULL, time INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  value REAL NOT NULL, received INTEGER NOT NULL, late INTEGER NOT NULL, timed INTEGER NOT NULL,
  PRIMARY KEY (device, quantity, time, epoch, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX reading_number ON reading (device, epoch, seq);
CREATE TABLE bucket (
  device INTEGER NOT NULL, quantity INTEGER NOT NULL, width INTEGER NOT NULL, start INTEGER NOT NULL,
  min REAL NOT NULL, max REAL NOT NULL, sum REAL NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (device, quantity, width, start)
) WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

/**
 * Opens a file, or makes it.
 * @param file `undefined` for a store in memory
 * @throws StoreError in one line where it is no store of ours, of a newer version, or not writable
 */
export function openDatabase(file: string | undefined): Database.Database {
  if (file === undefined) return prepared(new Database(":memory:"), "the store in memory");
  let database: Database.Database | undefined;
  try {
    makeFile(file);
    database = new Database(file);
    return prepared(database, file);
  } catch (error) {
    database?.close();
    throw error instanceof StoreError ? error : new StoreError(storeProblem(file, error), { cause: error });
  }
}

/** Readings tell who is at home: the file is its owner's alone. */
function makeFile(file: string): void {
  try {
    fs.closeSync(fs.openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (!fs.statSync(file).isFile()) throw new StoreError(`${file} is no file`);
    fs.accessSync(file, fs.constants.R_OK | fs.constants.W_OK);
  }
}

function prepared(database: Database.Database, name: string): Database.Database {
  // Reads before it writes: a file that is not ours stays as it is.
  const version = pragma(database, "user_version");
  const application = pragma(database, "application_id");
  const tables = database.prepare("SELECT count(*) FROM sqlite_schema").raw().get() as unknown as [number];
  if (tables[0] > 0 && application !== APPLICATION_ID)
    throw new StoreError(`${name} is another program's database: give --store a file of its own`);
  if (version > SCHEMA_VERSION)
    throw new StoreError(
      `${name} was written by a newer version of Hearth (format ${version}, this one knows ${SCHEMA_VERSION}): use that one`,
    );
  database.pragma(`busy_timeout=${BUSY_TIMEOUT}`);
  database.pragma("journal_mode=WAL");
  // What is committed survives the end of this process; of a power failure see the README.
  database.pragma("synchronous=NORMAL");
  if (tables[0] === 0) {
    // All of it or nothing, also when it is killed in the middle.
    database.exec(
      `BEGIN IMMEDIATE; ${TABLES} PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${SCHEMA_VERSION}; COMMIT;`,
    );
  }
  return database;
}

function pragma(database: Database.Database, name: string): number {
  return (database.prepare(`PRAGMA ${name}`).raw().get() as unknown as [number])[0];
}
