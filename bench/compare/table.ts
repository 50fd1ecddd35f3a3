/** What is printed at the end. Pure. */

import { columns, figure } from "./format.js";
import type { Change } from "./record.js";
import { type Row, shareOfAim } from "./row.js";

const HEAD = ["", "Hearth", "peer", "", "", "ratio", "middle half", "aim", ""];

/** Columns that hold text: row, unit, peer, what became of the aim. */
const TEXT = [0, 3, 4, 8];

/** The rows of each contest, their aims, and below them what the figures alone do not say. */
export function table(rows: readonly Row[]): string {
  const lines: (readonly string[])[] = [HEAD];
  const notes: string[] = [];
  let contest = "";
  for (const row of rows) {
    if (row.contest !== contest) lines.push([row.contest]);
    contest = row.contest;
    lines.push([
      `  ${row.name}`,
      figure(row.ours),
      figure(row.theirs),
      row.unit,
      row.peer,
      figure(row.ratio.median),
      `${figure(row.ratio.low)} to ${figure(row.ratio.high)}`,
      aimText(row),
      verdict(row),
    ]);
    if (row.note !== undefined) notes.push(`${row.contest}, ${row.name}, ${row.peer}: ${row.note}`);
  }
  return [...columns(lines, TEXT), ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

function aimText({ aim, better, unit }: Row): string {
  if (!aim) return "";
  const value = aim.of === "ratio" ? figure(aim.value) : `${figure(aim.value)} ${unit}`;
  return `${better === "more" ? "≥" : "≤"} ${value}`;
}

/** Whether the aim is reached and, where it is not, by how much. */
export function verdict(row: Row): string {
  const share = shareOfAim(row);
  if (share === undefined) return "";
  if (share >= 1) return "reached";
  // Of something that should be little, how many times too much there is.
  return row.better === "more"
    ? `missed: ${(share * 100).toFixed(share > 0.95 ? 1 : 0)} % of it`
    : `missed: ${figure(1 / share)} times it`;
}

/** The ratios of two runs side by side; those that differ beyond noise say which way. */
export function changeTable(changes: readonly Change[]): string {
  const lines: (readonly string[])[] = [["", "ratio before", "ratio now", "change", ""]];
  for (const { row, before, after, isBeyondNoise, isBetter } of changes) {
    const percent = (after / before - 1) * 100;
    lines.push([
      `${row.contest}, ${row.name} (${row.peer})`,
      figure(before),
      figure(after),
      `${percent < 0 ? "" : "+"}${percent.toFixed(0)} %`,
      isBeyondNoise ? (isBetter ? "better" : "WORSE") : "",
    ]);
  }
  return columns(lines, [0, 4]).join("\n");
}
