/** What is asked of the past: single readings, or what they come to in each stretch of time. */

import type Database from "libsql";
import { floorTo, HOUR, MINUTE } from "./rollup.js";

/** Rows of an answer. */
export const ROW_LIMIT = 20_000;

export const DEFAULT_POINTS = 1_000;
export const POINTS_LIMIT = 5_000;

/** Rows that a query may read: some 50 ms of a laptop, in which nothing else happens. */
const SCAN_LIMIT = 200_000;

/** Single readings that a query reads by its own choice, where minutes would do. */
const CHOSEN_LIMIT = 50_000;

const SECOND = 1_000;
const DAY = 86_400_000;

/** Widths that a person can name. Each divides the next but one at most, and those from a minute on are whole minutes. */
const LADDER: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28, 91, 364].map((n) => n * DAY),
];

export interface HistoryQuery {
  device: number;
  quantity: number;
  /** ms since 1970: from this on, to before that. */
  from: number;
  to: number;
  points: number;
  /** Width asked for, ms; 0 asks for single readings; `undefined` lets `points` decide. */
  bucket: number | undefined;
}

/** `[time, value]` */
export type RawRow = [number, number];
/** `[start, min, mean, max, count]` */
export type BucketRow = [number, number, number, number, number];

export type History =
  | { bucket: 0; rows: RawRow[]; more?: true }
  | { bucket: number; rows: BucketRow[] }
  | { error: string };

/** What is still there, ms since 1970: single readings, and minutes, from these on. */
export interface Kept {
  readings: number;
  minutes: number;
}

export class Histories {
  #count: Database.Statement;
  #raw: Database.Statement;
  #grouped: Database.Statement;
  #buckets: Database.Statement;

  constructor(database: Database.Database) {
    // Numbers are bound as floating point, whose division has no remainder.
    const start = (column: string) => `${column} / CAST(?5 AS INTEGER) * CAST(?5 AS INTEGER)`;
    const where = "device = ? AND quantity = ? AND time >= ? AND time < ?";
    this.#count = database
      .prepare(`SELECT count(*) FROM (SELECT 1 FROM reading WHERE ${where} LIMIT ?)`)
      .raw();
    this.#raw = database
      .prepare(`SELECT time, value FROM reading WHERE ${where} ORDER BY time LIMIT ?`)
      .raw();
    this.#grouped = database
      .prepare(
        `SELECT ${start("time")} AS wide, min(value), avg(value), max(value), count(*) FROM reading
         WHERE device = ?1 AND quantity = ?2 AND time >= ?3 AND time < ?4 GROUP BY wide ORDER BY wide`,
      )
      .raw();
    this.#buckets = database
      .prepare(
        `SELECT ${start("start")} AS wide, min(min), sum(sum) / sum(count), max(max), sum(count) FROM bucket
         WHERE device = ?1 AND quantity = ?2 AND width = ?6 AND start >= ?3 AND start < ?4 GROUP BY wide ORDER BY wide`,
      )
      .raw();
  }

  query(query: HistoryQuery, kept: Kept): History {
    const { device, quantity, from, to, points, bucket } = query;
    if (bucket === 0) {
      const rows = this.#raw.all(device, quantity, from, to, points + 1) as RawRow[];
      return rows.length > points
        ? { bucket: 0, rows: rows.slice(0, points), more: true }
        : { bucket: 0, rows };
    }
    if (bucket !== undefined) return this.#inBuckets(query, bucket);
    const isKept = from >= kept.readings;
    const readings = isKept ? this.#readings(query, CHOSEN_LIMIT) : CHOSEN_LIMIT;
    if (readings <= points)
      return { bucket: 0, rows: this.#raw.all(device, quantity, from, to, points) as RawRow[] };
    const least = from < kept.minutes ? HOUR : readings < CHOSEN_LIMIT ? SECOND : MINUTE;
    const width =
      LADDER.find((one) => one >= least && (to - from) / one <= points) ?? LADDER[LADDER.length - 1];
    return this.#inBuckets(query, width);
  }

  /** At most `limit`. */
  #readings({ device, quantity, from, to }: HistoryQuery, limit: number): number {
    return (this.#count.get(device, quantity, from, to, limit) as [number])[0];
  }

  /** Whole ones: those that overlap the span. */
  #inBuckets(query: HistoryQuery, bucket: number): History {
    const { device, quantity } = query;
    const from = floorTo(query.from, bucket);
    const to = floorTo(query.to + bucket - 1, bucket);
    if ((to - from) / bucket > ROW_LIMIT)
      return { error: `that is more than ${ROW_LIMIT} rows: ask for a wider bucket` };
    const width = bucket % HOUR === 0 ? HOUR : bucket % MINUTE === 0 ? MINUTE : 0;
    if (width === 0) {
      if (this.#readings({ ...query, from, to }, SCAN_LIMIT) === SCAN_LIMIT)
        return { error: "too many readings: ask for a shorter span or for whole minutes" };
      return { bucket, rows: this.#grouped.all(device, quantity, from, to, bucket) as BucketRow[] };
    }
    // Of hours there are 9,000 a year.
    if (width === MINUTE && (to - from) / width > SCAN_LIMIT)
      return { error: "that is too long a span: ask for whole hours" };
    return { bucket, rows: this.#buckets.all(device, quantity, from, to, bucket, width) as BucketRow[] };
  }
}
