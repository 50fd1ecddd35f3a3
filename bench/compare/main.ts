/** `npm run bench`: see the README, "Benchmarks". */

import fs from "node:fs";
import os from "node:os";
import { Failure, UsageError } from "../../cli/command.js";
import { untilTold } from "../../cli/program.js";
import { Progress } from "../decoder/progress.js";
import { type Broker, startBroker } from "./broker.js";
import { codec } from "./codec.js";
import type { Contest } from "./contest.js";
import { halfOpen } from "./half-open.js";
import { memory } from "./memory.js";
import { type Options, parseArguments } from "./options.js";
import { publishing } from "./publishing.js";
import { changesSince, recordOf, writeRecord } from "./record.js";
import type { Row } from "./row.js";
import { simulation } from "./simulation.js";
import { changeTable, table } from "./table.js";

const CONTESTS: readonly Contest[] = [codec, publishing, memory, halfOpen, simulation];

/** Of a process that a signal has ended. */
const INTERRUPTED = 130;

/** @returns the exit status */
async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2), CONTESTS);
  if (!options) return 0;
  const aborted = new AbortController();
  void untilTold(undefined).then(() => aborted.abort());
  let broker: Promise<Broker> | undefined;
  const start = () => {
    broker ??= startBroker(aborted.signal);
    return broker;
  };
  try {
    const rows = await runAll(options, aborted.signal, start);
    report(options, rows, (await broker)?.kind);
  } catch (error) {
    if (!aborted.signal.aborted) throw error;
    process.stderr.write("bench: ended before its end: nothing is written\n");
    return INTERRUPTED;
  } finally {
    await broker?.then((started) => started.close()).catch(() => {});
  }
  return 0;
}

async function runAll(options: Options, signal: AbortSignal, start: () => Promise<Broker>): Promise<Row[]> {
  const { stdout } = process;
  const { contests, rounds, isQuick } = options;
  const progress = new Progress(contests.length, (text) => stdout.write(text), stdout.isTTY);
  const rows: Row[] = [];
  for (const contest of contests) {
    let told = 0;
    const advance = (share: number) => {
      progress.advance(share - told, contest.name);
      told = share;
    };
    advance(0);
    try {
      const broker = async () => (await start()).port;
      rows.push(...(await contest.run({ rounds, isQuick, signal, advance, broker })));
    } catch (error) {
      progress.end();
      throw new Failure(`${contest.name}: ${(error as Error).message}`);
    }
    advance(1);
    if (signal.aborted) throw new Failure("ended");
  }
  progress.end();
  return rows;
}

function report(options: Options, rows: readonly Row[], broker: string | undefined): void {
  const { out, former, compared, isQuick } = options;
  process.stdout.write(`${table(rows)}\n\n`);
  if (former) {
    process.stdout.write(`Ratios, compared with ${compared} (${former.date}):\n`);
    if (former.isQuick !== isQuick)
      process.stdout.write("One of the two was --quick: little follows from it.\n");
    process.stdout.write(`${changeTable(changesSince(former.rows, rows))}\n\n`);
  }
  const machine = {
    node: process.version,
    processor: `${os.availableParallelism()} x ${os.cpus()[0]?.model ?? "unknown"}`,
    ...(broker !== undefined && { broker }),
  };
  const isOver = former && compared === out ? former : undefined;
  const record = recordOf({ date: new Date().toISOString(), isQuick, machine }, rows, isOver);
  try {
    fs.writeFileSync(out, writeRecord(record));
  } catch (error) {
    throw new Failure(`--out: ${(error as Error).message}`);
  }
  process.stdout.write(`written to ${out}\n`);
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError || error instanceof Failure)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
