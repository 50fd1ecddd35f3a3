import { DISAGREEMENTS, type Disagreement, Theirs } from "./differential.js";
import { REFUSALS, Refusal } from "./refusals.js";
import { TYPE_NAMES } from "./specification.js";
import type { Tally } from "./tally.js";

const grouped = (value: number) => value.toLocaleString("en-GB");

/** Columns of text, all but the first two of numbers. */
export function table(title: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [title, ...rows].map((row) =>
    row.map((cell) => (typeof cell === "number" ? grouped(cell) : cell)),
  );
  const widths = title.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells
    .map((row, line) =>
      `  ${row
        .map((cell, column) =>
          typeof rows[Math.max(0, line - 1)]?.[column] === "number"
            ? cell.padStart(widths[column])
            : cell.padEnd(widths[column]),
        )
        .join("  ")}`.trimEnd(),
    )
    .join("\n");
}

type Broken = Exclude<Refusal, Refusal.NONE>;
const refusals = Object.keys(REFUSALS).map((key) => Number(key) as Broken);

/** What became of the streams of seeds. */
export function reportSeeds(tally: Tally): string {
  const endings = refusals.map((refusal): [string, string, number] => {
    const { words, clause } = REFUSALS[refusal];
    return [bare(words), clause, tally.endings[refusal]];
  });
  const disagreements: [string, string, number, number][] = [];
  const put = (what: string, clause: string, key: Refusal | Disagreement) => {
    const counts = [Theirs.TAKES, Theirs.WAITS].map((theirs) => tally.disagreements[`${key} ${theirs}`] ?? 0);
    if (counts[0] + counts[1] > 0) disagreements.push([what, clause, counts[0], counts[1]]);
  };
  for (const refusal of refusals) put(bare(REFUSALS[refusal].words), REFUSALS[refusal].clause, refusal);
  for (const [which, clause] of Object.entries(DISAGREEMENTS)) put(which, clause, which as Disagreement);
  return [
    `${grouped(tally.streams)} streams of ${grouped(tally.bytes)} bytes, in ${grouped(tally.trials)} lives of a client.`,
    "",
    table(
      ["connections ended for", "by", "lives"],
      [["(nothing wrong)", "", tally.endings[Refusal.NONE]], ...endings],
    ),
    "",
    "Where mqtt-packet does otherwise, and the clause by which it is to be refused or left out; MQTT-4.8.0-2 is what a",
    "full buffer calls for, and mqtt-packet has no limit. It judges packets when they are whole, hence the waiting.",
    "",
    table(["not so by mqtt-packet", "by", Theirs.TAKES, Theirs.WAITS], disagreements),
  ].join("\n");
}

/** What the inputs of four bytes are. */
export function reportExhaustive(counts: readonly number[], clients: number): string {
  const rows: [string, string, number][] = [];
  TYPE_NAMES.forEach((name, type) => {
    if (counts[type] > 0) rows.push([`${name}, of which more must come`, "", counts[type]]);
    if (counts[16 + type] > 0) rows.push([`${name}, whole`, "", counts[16 + type]]);
  });
  for (const refusal of refusals) {
    const count = counts[32 + refusal];
    if (count > 0) rows.push([bare(REFUSALS[refusal].words), REFUSALS[refusal].clause, count]);
  }
  rows.push(["all", "", counts.reduce((sum, count) => sum + count, 0)]);
  return [
    table(["four bytes, by their first packet", "refused by", "inputs"], rows),
    "",
    `${grouped(clients)} clients were run on them, before and after CONNACK.`,
  ].join("\n");
}

/** Without the clause at its end, which has a column of its own. */
function bare(words: string): string {
  return words.replace(/( \[[^\]]*\],?)+$| \(section [\d.]+\)$/, "");
}
