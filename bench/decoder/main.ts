import { UsageError } from "../../cli/command.js";
import { KINDS } from "./exhaustive.js";
import type { Job, Result } from "./jobs.js";
import { type FuzzOptions, parseFuzzArguments } from "./options.js";
import { doAll } from "./pool.js";
import { Progress } from "./progress.js";
import { reportExhaustive, reportSeeds } from "./report.js";
import { Stage } from "./stage.js";
import { add, newTally } from "./tally.js";

/** Seeds of one job. */
const CHUNK = 50;

function jobsOf({ seed, seeds, exhaustive, stream }: FuzzOptions): Job[] {
  if (stream !== undefined) return [{ kind: "stream", hex: stream }];
  const jobs: Job[] = [];
  if (!exhaustive) {
    const end = seed + seeds;
    for (let first = seed; first < end; first += CHUNK)
      jobs.push({ kind: "seeds", first, count: Math.min(CHUNK, end - first) });
    return jobs;
  }
  for (let first = 0; first < 256; first++) {
    jobs.push({ kind: "parse", first });
    for (const stage of [Stage.HANDSHAKE, Stage.CONNECTED]) jobs.push({ kind: "run", stage, first });
  }
  return jobs;
}

/** @returns the exit status */
async function main(): Promise<number> {
  const options = parseFuzzArguments(process.argv.slice(2));
  if (!options) return 0;
  const jobs = jobsOf(options);
  const tally = newTally();
  const counts = new Array<number>(KINDS).fill(0);
  let clients = 0;
  let failure: Result["failure"];
  const { stdout } = process;
  const progress = new Progress(jobs.length, (text) => stdout.write(text), stdout.isTTY);
  await doAll(jobs, options.threads, (result) => {
    if (result.tally) add(tally, result.tally);
    result.counts?.forEach((count, kind) => {
      counts[kind] += count;
    });
    clients += result.clients ?? 0;
    failure ??= result.failure;
    const inputs = counts.reduce((sum, count) => sum + count, 0);
    progress.advance(
      1,
      options.exhaustive
        ? `${inputs.toLocaleString("en-GB")} inputs parsed, ${clients.toLocaleString("en-GB")} clients run`
        : `${tally.streams.toLocaleString("en-GB")} streams, ${tally.trials.toLocaleString("en-GB")} clients run`,
    );
  });
  progress.end();
  if (failure) {
    stdout.write(`${failure.message}\n  again    npm run fuzz -- ${failure.replay}\n`);
    return 1;
  }
  stdout.write(`${options.exhaustive ? reportExhaustive(counts, clients) : reportSeeds(tally)}\n`);
  return 0;
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`fuzz: ${error.message}\n`);
  process.exit(2);
}
