/** Rows of one device in the order of their times: how new ones come in, and where nothing came. Pure. */

import { type Row, readingRow } from "./wire.js";

/** Index of the first row at or after this time. */
export function indexAt(rows: readonly Row[], time: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle].time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts a reading where it belongs; one of the same time is replaced, so that none is there twice. */
export function insertReading(rows: Row[], time: number, value: number): void {
  const index = indexAt(rows, time);
  const again = index < rows.length && rows[index].time === time ? 1 : 0;
  rows.splice(index, again, readingRow(time, value));
}

/** Takes the reading of this time away. */
export function removeReading(rows: Row[], time: number): void {
  const index = indexAt(rows, time);
  if (index < rows.length && rows[index].time === time) rows.splice(index, 1);
}

/** Takes `fresh` for all that is from `from` to `to`, both included. */
export function replaceRange(rows: Row[], from: number, to: number, fresh: readonly Row[]): void {
  const start = indexAt(rows, from);
  let end = start;
  while (end < rows.length && rows[end].time <= to) end += 1;
  rows.splice(start, end - start, ...fresh.filter((row) => row.time >= from && row.time <= to));
}

/** Forgets what is older; one row stays in front, so that the line comes in from the edge. */
export function prune(rows: Row[], from: number): void {
  const keep = indexAt(rows, from) - 1;
  if (keep > 0) rows.splice(0, keep);
}

export interface Gap {
  /** The last moment with a reading before it, and the first one after it. Milliseconds since 1970. */
  from: number;
  to: number;
}

/** So many usual intervals without a reading are a gap: a few that were lost or suppressed are none. */
const SEVERAL = 5;

/** Milliseconds between readings, as the median of what was seen; `undefined` with fewer than three rows. */
export function usualInterval(rows: readonly Row[], bucket: number): number | undefined {
  if (rows.length < 3) return undefined;
  const steps = rows.slice(1).map((row, index) => row.time - rows[index].time);
  const step = median(steps);
  if (bucket === 0) return step;
  const count = median(rows.map((row) => row.count));
  return count > 1 ? bucket / count : step;
}

/**
 * Where no reading came for several times the usual interval.
 * @param bucket width of each row in milliseconds, 0 where rows are readings
 */
export function gapsOf(rows: readonly Row[], bucket: number): Gap[] {
  const usual = usualInterval(rows, bucket);
  if (usual === undefined) return [];
  const gaps: Gap[] = [];
  for (let index = 1; index < rows.length; index += 1) {
    const from = rows[index - 1].time + bucket;
    const to = rows[index].time;
    // What a bucket has may be anywhere in it: only what is empty for certain counts, less the interval at its edge.
    const limit = bucket === 0 ? SEVERAL * usual : Math.max((SEVERAL - 1) * usual, bucket / 2);
    if (to - from > limit) gaps.push({ from, to });
  }
  return gaps;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >>> 1];
}
