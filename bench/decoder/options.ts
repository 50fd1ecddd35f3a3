import { availableParallelism } from "node:os";
import { Command } from "commander";
import { parseCommand, UsageError } from "../../cli/command.js";

/** What the command line of `npm run fuzz` says. */
export interface FuzzOptions {
  /** The first seed, and how many. */
  seed: number;
  seeds: number;
  exhaustive: boolean;
  /** One stream, in hexadecimal digits, instead of seeds. */
  stream: string | undefined;
  threads: number;
}

const SEED_LIMIT = 0xffff_ffff;

/**
 * Parses the arguments behind the program's name.
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help was asked for and printed
 */
export function parseFuzzArguments(argv: readonly string[]): FuzzOptions | undefined {
  const command = new Command("npm run fuzz --")
    .description(
      "Feeds the MQTT decoder what a broker may and may not send, and compares it with the specification and with mqtt-packet.",
    )
    .option("--seeds <n>", "how many streams to make", "2000")
    .option("--seed <s>", "the first stream; the others follow", "1")
    .option("--stream <hex>", "this stream alone, such as 30050001")
    .option("--exhaustive", "every one of the 2^32 inputs of four bytes")
    .option("--threads <n>", "threads to use (default: one for each core)");
  if (!parseCommand(command, argv)) return undefined;
  const given = command.opts<Record<string, string>>();
  const isExplicit = (name: string) => command.getOptionValueSource(name) === "cli";
  const modes = [isExplicit("seeds") || isExplicit("seed"), isExplicit("stream"), isExplicit("exhaustive")];
  if (modes.filter(Boolean).length > 1)
    throw new UsageError("--seeds, --stream and --exhaustive exclude each other: give one of them");
  const stream = given["stream"];
  if (stream !== undefined && !/^([0-9a-f]{2})+$/i.test(stream))
    throw new UsageError(`option --stream is "${stream}": allowed is an even number of hexadecimal digits`);
  return {
    seed: number("seed", given["seed"], 0, SEED_LIMIT),
    seeds: number("seeds", given["seeds"], 1, SEED_LIMIT),
    exhaustive: isExplicit("exhaustive"),
    stream,
    threads:
      given["threads"] === undefined ? availableParallelism() : number("threads", given["threads"], 1, 256),
  };
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`option --${name} is "${text}": allowed is a whole number from ${least} to ${most}`);
}
