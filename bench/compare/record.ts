/** The file of a run, and what has changed since another one. Pure. */

import { isSame, type Row } from "./row.js";

/** Changes with the meaning of what is in the file. */
const FORMAT = 1;

export interface Record {
  readonly format: typeof FORMAT;
  /** ISO 8601. */
  readonly date: string;
  /** Short: its figures say little. */
  readonly isQuick: boolean;
  /** What it ran on: Node, processor, broker, peers. */
  readonly machine: { readonly [name: string]: string };
  readonly rows: readonly Row[];
}

/** @param former its rows of contests that were not run again stay */
export function recordOf(
  facts: Pick<Record, "date" | "isQuick" | "machine">,
  rows: readonly Row[],
  former?: Record,
): Record {
  const isRun = (row: Row) => rows.some(({ contest }) => contest === row.contest);
  const kept = (former?.rows ?? []).filter((row) => !isRun(row));
  return { format: FORMAT, ...facts, rows: [...kept, ...rows] };
}

export function writeRecord(record: Record): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** @throws Error with what is wrong, in a few words */
export function readRecord(text: string): Record {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  const { format, rows, isQuick } = (value ?? {}) as { format?: unknown; rows?: unknown; isQuick?: unknown };
  if (format === undefined) throw new Error("it is no file of npm run bench");
  if (format !== FORMAT) throw new Error(`it has format ${String(format)}, this program writes ${FORMAT}`);
  if (typeof isQuick !== "boolean" || !Array.isArray(rows) || !rows.every(isRow))
    throw new Error("what is in it is not what this program writes");
  return value as Record;
}

function isRow(value: unknown): value is Row {
  const { contest, name, peer, better, ratio } = (value ?? {}) as { [key: string]: unknown };
  if (![contest, name, peer].every((text) => typeof text === "string")) return false;
  if (better !== "more" && better !== "less") return false;
  const { median, low, high } = (ratio ?? {}) as { [key: string]: unknown };
  return [median, low, high].every((number) => typeof number === "number");
}

/** What became of one row. */
export interface Change {
  readonly row: Row;
  /** Ratios. */
  readonly before: number;
  readonly after: number;
  readonly isBeyondNoise: boolean;
  readonly isBetter: boolean;
}

/** A ratio that moved by less is never called a change, however still the machine was. */
const TOLERANCE = 0.05;

/** Of the rows that both runs have. A change is one that is larger than the middle halves of both together are wide. */
export function changesSince(former: readonly Row[], rows: readonly Row[]): Change[] {
  const changes: Change[] = [];
  for (const row of rows) {
    const other = former.find((candidate) => isSame(candidate, row));
    if (!other) continue;
    const before = other.ratio.median;
    const after = row.ratio.median;
    const noise = Math.max(width(row) + width(other), TOLERANCE * before);
    changes.push({
      row,
      before,
      after,
      isBeyondNoise: Math.abs(after - before) > noise,
      isBetter: row.better === "more" ? after > before : after < before,
    });
  }
  return changes;
}

function width({ ratio }: Row): number {
  return ratio.high - ratio.low;
}
