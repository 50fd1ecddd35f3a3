/** `npm run budgets`: see the README, "Budgets". */

import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../cli/command.js";
import { xsProgram } from "../../host-sim/xs/process.js";
import { Progress } from "../decoder/progress.js";
import { CountedNode, profiledScript } from "./engine.js";
import { costs, type Figure, measure, QUIET } from "./figures.js";
import { isExceeded, lowered } from "./judge.js";
import { type Options, parseArguments } from "./options.js";
import { RECORDED } from "./recorded.js";
import { costTable, figureTable, profileTable } from "./table.js";

/** Functions of the profile that are shown, and readings that it is of. */
const SHOWN = 40;
const PROFILED = 40;

const RECORD = fileURLToPath(new URL("../../../bench/budgets/recorded.ts", import.meta.url));

/** @returns the exit status */
async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2));
  if (!options) return 0;
  try {
    xsProgram();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (options.isProfile) return printProfile();
  return printBudgets(options);
}

async function printBudgets({ readings, isRecord }: Options): Promise<number> {
  const { stdout } = process;
  const progress = new Progress(1, (text) => stdout.write(text), stdout.isTTY);
  let told = 0;
  const figures = await measure(readings, (what, share) => {
    progress.advance(share - told, what);
    told = share;
  });
  progress.end();
  const say = (text: string) => stdout.write(`${text}\n`);
  say(`On XS, as a device counts; steps are bytecodes.\n\n${figureTable(figures, RECORDED)}\n`);
  say(`What each feature costs in memory\n\n${costTable(await costs())}`);
  if (isRecord) record(figures);
  const exceeded = figures.filter((figure) => isExceeded(figure, RECORDED));
  if (exceeded.length === 0) return 0;
  process.stderr.write(`budgets: exceeded: ${exceeded.map(({ what }) => what).join("; ")}\n`);
  return 1;
}

function record(figures: readonly Figure[]): void {
  const text = fs.readFileSync(RECORD, "utf8");
  const lines = Object.entries(lowered(figures, RECORDED)).map(([name, value]) => {
    const key = /^[a-z]+$/.test(name) ? name : JSON.stringify(name);
    return `  ${key}: ${String(value).replace(/\B(?=(\d{3})+(?!\d|.*\.))/g, "_")},\n`;
  });
  const at = text.indexOf("= {");
  fs.writeFileSync(RECORD, `${text.slice(0, at)}= {\n${lines.join("")}};\n`);
}

async function printProfile(): Promise<number> {
  const names: string[] = [];
  const node = new CountedNode(await profiledScript(names), { settings: QUIET });
  try {
    const rows = node.profile(PROFILED).map(([id, calls, steps]) => ({
      name: names[id],
      calls: calls / PROFILED,
      steps: steps / PROFILED,
    }));
    rows.sort((a, b) => b.steps - a.steps);
    process.stdout.write(`Steps of one reading, by function, without those that it calls\n\n`);
    process.stdout.write(`${profileTable(rows.slice(0, SHOWN))}\n`);
  } finally {
    node.close();
  }
  return 0;
}

// Whoever reads no further, as `head` does, has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`budgets: ${error.message}\n`);
  process.exitCode = 2;
}
