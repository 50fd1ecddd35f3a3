import fs from "node:fs";
import path from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { parseCommand, UsageError, whole } from "../../cli/command.js";
import type { Contest } from "./contest.js";
import { type Record, readRecord } from "./record.js";

/** What the command line says. */
export interface Options {
  contests: readonly Contest[];
  rounds: number | undefined;
  isQuick: boolean;
  /** The file that is written. */
  out: string;
  /** The run to compare with, where there is one, and its file. */
  former: Record | undefined;
  compared: string;
}

/**
 * Parses the arguments behind the program's name, and reads the file to compare with.
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help was asked for and printed
 */
export function parseArguments(argv: readonly string[], contests: readonly Contest[]): Options | undefined {
  const command = new Command("npm run bench --")
    .description(
      "Measures Hearth side by side with others, and compares the ratios with those of the last run.",
    )
    .option(
      "--only <list>",
      `only these, with commas between: ${contests.map(({ name }) => name).join(",")}`,
      only(contests),
    )
    .option("--rounds <n>", "rounds of each contest (default: as many as each needs)", whole(1, 10_000))
    .option("--quick", "little of everything, in a file of its own: to see that it works")
    .option("--out <file>", "what is written (default: build/bench.json, build/bench-quick.json)")
    .option("--compare <file>", "the run to compare with (default: what --out writes over)")
    .addHelpText("after", `\nContests:\n${about(contests)}`)
    .helpOption("--help", "shows this");
  if (!parseCommand(command, argv)) return undefined;
  const values = command.opts<{
    only?: Contest[];
    rounds?: number;
    quick?: boolean;
    out?: string;
    compare?: string;
  }>();
  const isQuick = values.quick ?? false;
  const out = values.out ?? (isQuick ? "build/bench-quick.json" : "build/bench.json");
  checkWritable(out);
  const compared = values.compare ?? out;
  const isCompared = values.compare !== undefined || fs.existsSync(out);
  return {
    contests: values.only ?? contests,
    rounds: values.rounds,
    isQuick,
    out,
    former: isCompared ? read(compared, values.compare === undefined ? "--out" : "--compare") : undefined,
    compared,
  };
}

function about(contests: readonly Contest[]): string {
  const width = Math.max(...contests.map(({ name }) => name.length));
  return contests.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join("\n");
}

function read(file: string, option: string): Record {
  try {
    return readRecord(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(
      `option ${option}: ${file} cannot be compared with (${(error as Error).message}): name another file`,
    );
  }
}

/** Minutes of measuring are not to end in a file that cannot be written. */
function checkWritable(file: string): void {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.closeSync(fs.openSync(file, fs.existsSync(file) ? "r+" : "wx"));
    if (fs.statSync(file).size === 0) fs.rmSync(file);
  } catch (error) {
    throw new UsageError(`option --out: ${(error as Error).message}`);
  }
}

function only(contests: readonly Contest[]) {
  return (text: string): Contest[] => {
    const names = text.split(",");
    for (const name of names)
      if (!contests.some((contest) => contest.name === name))
        throw new InvalidArgumentError(
          `There is no contest "${name}"; there are ${contests.map((contest) => contest.name).join(", ")}.`,
        );
    return contests.filter(({ name }) => names.includes(name));
  };
}
