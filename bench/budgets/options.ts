import { Command } from "commander";
import { parseCommand, whole } from "../../cli/command.js";

export interface Options {
  /** Readings after which the memory has to be the same. */
  readings: number;
  /** Which functions take the steps, instead of the table. */
  isProfile: boolean;
  /** Writes down what has fallen. */
  isRecord: boolean;
}

/** By default as many as take some seconds. */
const READINGS = 20_000;

/** @returns `undefined` where help was asked for and printed. @throws UsageError with one line that says what is wrong */
export function parseArguments(argv: readonly string[]): Options | undefined {
  const command = new Command("npm run budgets --")
    .description(
      "Counts what the firmware takes on XS, the engine of a device, and compares with what is recorded.",
    )
    .option(
      "--readings <n>",
      "the memory has to be the same after so many readings, 1,000 to 100,000,000",
      whole(1_000, 100_000_000),
      READINGS,
    )
    .option("--profile", "which functions take how many steps of a reading, instead")
    .option("--record", "writes down figures that have fallen, in bench/budgets/recorded.ts")
    .helpOption("--help", "shows this");
  if (!parseCommand(command, argv)) return undefined;
  const {
    readings: count,
    profile = false,
    record = false,
  } = command.opts<{
    readings: number;
    profile?: boolean;
    record?: boolean;
  }>();
  return { readings: count, isProfile: profile, isRecord: record };
}
