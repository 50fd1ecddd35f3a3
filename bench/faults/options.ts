import fs from "node:fs";
import os from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { parseCommand, UsageError, whole } from "../../cli/command.js";
import { FAULTS, USUAL } from "./run.js";

/** What the command line says. */
export interface Options {
  /** The seeds to run are `first` to `first + count - 1`. */
  first: number;
  count: number;
  days: number;
  jobs: number;
  trace: string | undefined;
  faults: string[];
}

const NAMES = FAULTS.map(({ name }) => name);

/**
 * Parses the arguments behind the program's name.
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help was asked for and printed
 */
export function parseArguments(argv: readonly string[]): Options | undefined {
  const command = new Command("npm run faults --")
    .description(
      "Lives through simulated days of whole nodes in a world where everything goes wrong, and checks what must hold.",
    )
    .option("--seeds <n>", "runs, each from a seed of its own (default: 20)", whole(1, 1_000_000_000))
    .option("--seed <s>", "the first seed, or the only one", whole(0, 2 ** 31 - 1))
    .option("--days <n>", "simulated days of a run, such as 0.5", days, 1)
    .option("--jobs <n>", "runs at a time", whole(1, 1_000), os.availableParallelism())
    .option("--trace <file>", "writes everything that happens; with one seed only")
    .option("--faults <list>", `only these, with commas between: ${NAMES.join(",")}, or none`, faults)
    .helpOption("--help", "shows this");
  if (!parseCommand(command, argv)) return undefined;
  const values = command.opts<{
    seeds?: number;
    seed?: number;
    days: number;
    jobs: number;
    trace?: string;
    faults?: string[];
  }>();
  const count = values.seeds ?? (values.seed === undefined ? 20 : 1);
  if (values.trace !== undefined && count !== 1)
    throw new UsageError("--trace goes with one seed: add --seed <s> and leave --seeds out");
  if (values.trace !== undefined) {
    try {
      fs.writeFileSync(values.trace, "");
    } catch (error) {
      throw new UsageError(`--trace: ${(error as Error).message}`);
    }
  }
  return {
    first: values.seed ?? 1,
    count,
    days: values.days,
    jobs: Math.min(values.jobs, count),
    trace: values.trace,
    faults: values.faults ?? [...USUAL],
  };
}

function days(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 100_000))
    throw new InvalidArgumentError("Allowed is a number above 0 up to 100000.");
  return value;
}

function faults(text: string): string[] {
  if (text === "none") return [];
  const names = text.split(",");
  for (const name of names)
    if (!NAMES.includes(name))
      throw new InvalidArgumentError(`There is no fault "${name}"; there are ${NAMES.join(", ")}.`);
  return names;
}
