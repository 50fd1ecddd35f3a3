/** What the graph shows, in numbers and in words: the table below it, and what a screen reader says. Pure. */

import { formatMoment, formatQuantity, formatWidth, quantityOf } from "./format.js";
import { type Gap, gapsOf } from "./rows.js";
import type { View } from "./view.js";
import type { Row } from "./wire.js";

export interface Statistics {
  /** `undefined` where there is nothing. */
  low: number | undefined;
  mean: number | undefined;
  high: number | undefined;
  last: { time: number; value: number } | undefined;
  /** Readings behind what is shown, and rows that stand for them. */
  readings: number;
  rows: number;
  bucket: number;
  gaps: Gap[];
}

export function statisticsOf(rows: readonly Row[], bucket: number, view: View): Statistics {
  const gaps = gapsOf(rows, bucket).filter((gap) => gap.to > view.from && gap.from < view.to);
  const shown = rows.filter((row) => row.time + bucket > view.from && row.time <= view.to);
  const statistics: Statistics = {
    low: undefined,
    mean: undefined,
    high: undefined,
    last: undefined,
    readings: 0,
    rows: shown.length,
    bucket,
    gaps,
  };
  let sum = 0;
  for (const row of shown) {
    statistics.low = Math.min(statistics.low ?? row.low, row.low);
    statistics.high = Math.max(statistics.high ?? row.high, row.high);
    statistics.readings += row.count;
    sum += row.mean * row.count;
  }
  if (statistics.readings > 0) statistics.mean = sum / statistics.readings;
  const last = shown.at(-1);
  if (last) statistics.last = { time: last.time, value: last.mean };
  return statistics;
}

/** Gaps in words, the first few of them. */
export function gapsText(gaps: readonly Gap[], now: number): string {
  if (gaps.length === 0) return "no gap";
  const times = gaps
    .slice(0, 3)
    .map((gap) => `${formatMoment(gap.from, now)} to ${formatMoment(gap.to, now)}`);
  const more = gaps.length > 3 ? " and more" : "";
  return `${gaps.length} ${gaps.length === 1 ? "gap" : "gaps"} (${times.join(", ")}${more})`;
}

/** The same in a cell of a table. */
export function shortText({ readings, gaps }: Statistics): string {
  const count = readings.toLocaleString("en");
  if (gaps.length === 0) return count;
  return `${count}, ${gaps.length} ${gaps.length === 1 ? "gap" : "gaps"}`;
}

/** How many readings, and how they are drawn. */
export function countText(statistics: Statistics): string {
  const { readings, rows, bucket } = statistics;
  const all = `${readings.toLocaleString("en")} ${readings === 1 ? "reading" : "readings"}`;
  return bucket === 0 ? all : `${all} in ${rows.toLocaleString("en")} steps of ${formatWidth(bucket)}`;
}

export function summaryOf(
  quantity: string,
  view: View,
  now: number,
  lines: readonly { name: string; statistics: Statistics }[],
): string {
  const { label } = quantityOf(quantity);
  const end = view.live ? "now" : formatMoment(view.to, now);
  const sentences = [`${label} from ${formatMoment(view.from, now)} to ${end}.`];
  if (lines.length === 0) sentences.push("No device is chosen.");
  for (const { name, statistics } of lines) {
    const { low, mean, high, last, gaps } = statistics;
    const value = (number: number | undefined) => formatQuantity(number, quantity, 1);
    sentences.push(
      last
        ? `${name}: ${value(low)} to ${value(high)}, mean ${value(mean)}, last ${value(last.value)} at ${formatMoment(last.time, now)}; ${countText(statistics)}, ${gapsText(gaps, now)}.`
        : `${name}: no readings.`,
    );
  }
  return sentences.join(" ");
}
