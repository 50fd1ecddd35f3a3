/** What `npm run test:simulator` runs once it has found the SDK: the scenarios in Moddable's desktop simulator. */

import { SCENARIOS } from "../scenarios/list.js";
import type { Scenario, Stage } from "../scenarios/stage.js";
import { HAS_MOSQUITTO } from "./broker.js";
import { buildSimulator } from "./build.js";
import { KNOWN_FAULTS } from "./known-faults.js";
import { Simulator } from "./simulator.js";
import { SimulatorStage } from "./simulator-stage.js";

/** Why a scenario is left out that needs what the simulator has not. */
const MISSING: Readonly<Record<NonNullable<Scenario["needs"]>, string>> = {
  update: "the simulator runs no other image",
  reset: "the simulator cannot restart itself",
};

/** What Ctrl-C has to end. */
const open = new Set<{ close(): Promise<void> }>();

const counts = { passed: 0, failed: 0, skipped: 0 };

function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}

/** @returns why it failed; `undefined` where it did not */
async function play(
  simulator: Simulator,
  client: Stage["client"],
  scenario: Scenario,
): Promise<string | undefined> {
  const stage = await SimulatorStage.open(simulator, client);
  open.add(stage);
  try {
    await scenario.play(stage);
    return undefined;
  } catch (error) {
    return [(error as Error).message, "it told last:", ...stage.told.slice(-10)].join("\n");
  } finally {
    await stage.close();
    open.delete(stage);
  }
}

async function playAll(simulator: Simulator, client: Stage["client"], only: RegExp): Promise<void> {
  say(`the scenarios in Moddable's simulator, with ${client === "ours" ? "our" : client} MQTT client`);
  for (const scenario of SCENARIOS) {
    const { name, needs } = scenario;
    if (!only.test(name)) continue;
    if (needs) {
      counts.skipped += 1;
      say(`  ○ skipped ${name}: ${MISSING[needs]}`);
      continue;
    }
    const start = performance.now();
    const failure = await play(simulator, client, scenario);
    const took = `(${((performance.now() - start) / 1_000).toFixed(1)} s)`;
    const fault = client === "ours" ? undefined : KNOWN_FAULTS.get(name);
    if (fault === undefined ? failure === undefined : failure !== undefined) {
      counts.passed += 1;
      say(`  ✓ ${name} ${took}${fault === undefined ? "" : `\n      fails, as it is known to: ${fault}`}`);
      continue;
    }
    counts.failed += 1;
    say(`  ✕ ${name} ${took}`);
    const why = failure ?? `it passes, and was known to fail: ${fault}; take it off known-faults.ts`;
    for (const line of why.split("\n")) say(`      ${line}`);
  }
  say();
}

async function main(pattern = ""): Promise<void> {
  const only = new RegExp(pattern, "i");
  const simulator = await Simulator.open();
  open.add(simulator);
  try {
    say("building with mcconfig: minutes the first time, seconds later");
    const start = performance.now();
    simulator.load(await buildSimulator(simulator.port));
    say(`built in ${Math.round((performance.now() - start) / 1_000)} s; the broker is ${brokerName()}`);
    say();
    await playAll(simulator, "ours", only);
    await playAll(simulator, "Moddable's", only);
  } finally {
    await simulator.close();
  }
  say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
}

function brokerName(): string {
  return HAS_MOSQUITTO ? "Mosquitto" : "aedes, which is embedded: Mosquitto is not installed";
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    for (const one of open) await one.close();
    process.exit(1);
  });
}

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`hearth: ${(error as Error).message}\n`);
  process.exitCode = 1;
});
