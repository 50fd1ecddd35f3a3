/** Rows as the columns that are drawn. Pure. */

import { gapsOf } from "./rows.js";
import type { Row } from "./wire.js";

export type Column = (number | null)[];

/** Times in milliseconds; a null in the others is a gap, which no line crosses. */
export interface Columns {
  times: number[];
  low: Column;
  mean: Column;
  high: Column;
}

/**
 * A bucket is drawn at its middle. Its lowest and highest are columns of nothing where rows are readings.
 * @param scale what values are multiplied with
 */
export function columnsOf(rows: readonly Row[], bucket: number, scale: number): Columns {
  const columns: Columns = { times: [], low: [], mean: [], high: [] };
  const gaps = gapsOf(rows, bucket);
  let next = 0;
  const add = (time: number, low: number | null, mean: number | null, high: number | null) => {
    columns.times.push(time);
    columns.low.push(low);
    columns.mean.push(mean);
    columns.high.push(high);
  };
  for (const row of rows) {
    const gap = gaps[next];
    if (gap && gap.to === row.time) {
      next += 1;
      add((gap.from + gap.to) / 2, null, null, null);
    }
    const time = row.time + bucket / 2;
    if (bucket === 0) add(time, null, row.mean * scale, null);
    else add(time, row.low * scale, row.mean * scale, row.high * scale);
  }
  return columns;
}
