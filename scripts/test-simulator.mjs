/**
 * npm run test:simulator: the scenarios of the tests in Moddable's desktop simulator, on XS and the SDK's own sockets, without
 * a screen. What it needs and this machine has not is said, and how to get it: exit status 2, for whoever asks for this wants
 * to know that it has not been run.
 *
 *   node scripts/test-simulator.mjs [pattern of the scenarios' names]
 */

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { environment, GUIDE, HOSTS, Missing, ROOT } from "./sdk.mjs";

const HOW = `
It takes, on Debian or Ubuntu:
  sudo apt install build-essential git libgtk-3-dev xvfb mosquitto
  git clone --depth 1 https://github.com/Moddable-OpenSource/moddable ~/moddable     # tested with 8.2.3
  export MODDABLE=~/moddable PATH="$HOME/moddable/build/bin/lin/release:$PATH"
  make -C $MODDABLE/build/makefiles/lin
  npm run test:simulator
More of it: ${GUIDE}`;

function hasProgram(name) {
  return (process.env.PATH ?? "")
    .split(path.delimiter)
    .some((place) => fs.existsSync(path.join(place, name)));
}

/** @returns the environment to build and to play in; @throws Missing */
function prepare() {
  const host = HOSTS[process.platform];
  if (host !== "lin")
    throw new Missing("the simulator is tested on Linux: it is started there without a screen");
  const env = environment(host, false);
  const tools = path.join(env.MODDABLE, "build", "bin", host, "release");
  if (!fs.existsSync(path.join(tools, "mcsim")))
    throw new Missing(`the SDK's simulator is not built (no mcsim in ${tools}): run the make below`);
  if (!process.env.DISPLAY && !hasProgram("Xvfb"))
    throw new Missing("there is no display (DISPLAY is not set) and no Xvfb on PATH: install xvfb");
  return env;
}

function run(env, ...command) {
  const { status, error } = spawnSync(process.execPath, command, { cwd: ROOT, env, stdio: "inherit" });
  if (error) process.stderr.write(`hearth: ${error.message}\n`);
  return status ?? 1;
}

function main(args) {
  const env = prepare();
  // Ctrl-C is for what runs, which ends by itself.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
  const failed = run(env, path.join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-b", ROOT);
  if (failed !== 0) return failed;
  return run(env, "--no-warnings", path.join(ROOT, "build", "tests", "simulator", "main.js"), ...args);
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  process.stderr.write(`hearth: the simulator cannot be tested: ${error.message}\n${HOW}\n`);
  process.exitCode = 2;
}
