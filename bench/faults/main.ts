/** `npm run faults`: see the README, "Tests". */

import { UsageError } from "../../cli/command.js";
import { parseArguments } from "./options.js";
import { type Outcome, runAll } from "./pool.js";
import { Totals } from "./report.js";
import { DAY } from "./run.js";
import { commandOf } from "./shrink.js";

/** One run of so many is run a second time. */
const REPEATED = 5;

/** Runs of at least so many days have their memory looked at. */
const MEMORABLE = 3;

/** Milliseconds between two lines of progress where there is no terminal, and where there is one. */
const LINES = 10_000;
const REDRAW = 250;

/** Lines of the trace before a failure. */
const SHOWN = 25;

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2));
  if (!options) return 0;
  const { first, count, days, jobs, faults, trace } = options;
  const { stdout } = process;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const totals = new Totals();
  const underWay = new Map<number, number>();
  let index = 0;
  const failed: Outcome[] = [];

  const show = () => {
    const done = totals.days + [...underWay.values()].reduce((sum, value) => sum + value, 0);
    const text =
      `${totals.runs} of ${count} runs, ${done.toFixed(1)} simulated days in ${seconds().toFixed(0)} s, ` +
      `${totals.taken.toLocaleString("en-US")} readings`;
    stdout.write(stdout.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
  };
  const ticking = setInterval(show, stdout.isTTY ? REDRAW : LINES);

  await runAll(
    jobs,
    () => {
      if (index === count) return undefined;
      const twice = index % REPEATED === 0;
      const seed = first + index++;
      return { seed, days, faults, trace, twice, watchesMemory: days >= MEMORABLE };
    },
    (worker, done) => underWay.set(worker, done),
    (outcome) => {
      if (outcome.result) totals.add(outcome.result, outcome.task.twice && !outcome.result.failure);
      if (outcome.result && !outcome.result.failure) return true;
      failed.push(outcome);
      return false;
    },
  );

  clearInterval(ticking);
  show();
  stdout.write(`${stdout.isTTY ? "\n" : ""}\n${totals.table(seconds())}\n`);
  for (const outcome of failed) stdout.write(`\n${describe(outcome)}\n`);
  if (failed.length === 0) stdout.write("\n  nothing broke\n");
  return failed.length === 0 ? 0 : 1;
}

/** What broke, the last lines of the trace before it, and the command that shows it again. */
function describe({ task, replay, crash }: Outcome): string {
  const options = replay?.options ?? task;
  const lines: string[] = [];
  const failure = replay?.result.failure;
  if (failure) {
    lines.push(`FAILURE of seed ${task.seed}, after ${(failure.at / DAY).toFixed(3)} days: ${failure.text}`);
    lines.push(...failure.trace.slice(-SHOWN).map((line) => `  ${line}`));
  } else lines.push(`FAILURE of seed ${task.seed}: ${crash}`);
  lines.push("", `replay: ${commandOf(options)}`);
  return lines.join("\n");
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`faults: ${error.message}\n`);
  process.exitCode = 2;
}
