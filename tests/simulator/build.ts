/** The firmware with the scenarios' programs, built by mcconfig for the desktop. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Of the repository. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Kept between runs: the SDK's own sources take minutes the first time, and a change of the firmware seconds. */
const OUTPUT = path.join(ROOT, "build", "simulator");

const NAME = "scenarios";

/**
 * @param stagePort where the program finds the stage
 * @returns the simulator's program
 * @throws Error with what mcconfig said
 */
export async function buildSimulator(stagePort: number): Promise<string> {
  const folder = path.join(OUTPUT, NAME);
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "manifest.json");
  const text = `${JSON.stringify(manifest(), undefined, 2)}\n`;
  // One that is as it was stays: make compares times.
  if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text) fs.writeFileSync(file, text);
  const args = ["-d", "-m", "-p", "lin", "-t", "build", "-o", OUTPUT, file, `stage=${stagePort}`];
  const child = spawn("mcconfig", args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data));
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(`mcconfig has ended with ${status}:\n${output.trimEnd()}`);
  return path.join(OUTPUT, "bin", "lin", "mc", "debug", NAME, "mc.so");
}

/** The firmware's own manifest with another program, and with Moddable's MQTT client beside ours. */
function manifest(): object {
  const own = JSON.parse(fs.readFileSync(path.join(ROOT, "manifest.json"), "utf8")) as Manifest;
  own.build.NAME = NAME;
  own.creation.main = "tests/simulator/app/main";
  // mcconfig runs the compiler once for each file; all of them have been checked before.
  own.typescript.tsconfig.compilerOptions["noCheck"] = true;
  own.include.push("$(MODDABLE)/examples/io/tcp/mqttclient/manifest_mqttclient.json");
  own.modules["firmware/boards/mqtt-moddable"] = "./firmware/boards/mqtt-moddable";
  own.modules["tests/simulator/app/main"] = "./tests/simulator/app/main";
  for (const program of ["program", "node", "client"])
    own.modules[`tests/scenarios/program/${program}`] = `./tests/scenarios/program/${program}`;
  return absolute(own) as object;
}

interface Manifest {
  build: { NAME: string };
  creation: { main: string };
  typescript: { tsconfig: { compilerOptions: Record<string, boolean> } };
  include: string[];
  modules: Record<string, string>;
}

/** Paths in a manifest are relative to it, and this one is elsewhere. */
function absolute(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith("./") ? path.join(ROOT, value) : value;
  if (Array.isArray(value)) return value.map(absolute);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, absolute(entry)]));
}
