/**
 * Installs the XS engine, which `host-sim/xs` runs firmware on: the package @agoric/xsnap, which builds it from source, in a
 * folder of its own. `npm ci` does so where it can (`--if-possible`); what stands in the way is one line then, and no error.
 */

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { fileURLToPath } from "node:url";

const ENGINE = fileURLToPath(new URL("../host-sim/xs/engine", import.meta.url));
const FOLDERS = { linux: "lin", darwin: "mac" };

/** @returns why the engine is not there; `undefined` where it is */
function install() {
  const folder = FOLDERS[process.platform];
  if (!folder) return `@agoric/xsnap has no build for ${process.platform}`;
  const program = `${ENGINE}/node_modules/@agoric/xsnap/xsnap-native/xsnap/build/bin/${folder}/release/xsnap-worker`;
  if (fs.existsSync(program)) return undefined;
  for (const tool of ["cc", "make"]) {
    if (spawnSync(tool, ["--version"]).error)
      return `${tool} is missing: install a C compiler and make (Debian: apt-get install build-essential), then npm run xs`;
  }
  console.log("XS engine: building it from source, which takes a minute or two");
  const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel", "error"], {
    cwd: ENGINE,
    stdio: "inherit",
  });
  if (error || status !== 0) return "@agoric/xsnap could not be installed; npm run xs shows why";
  return fs.existsSync(program) ? undefined : `${program} was not built`;
}

const problem = install();
if (problem === undefined) console.log("XS engine: there");
else {
  console.log(`XS engine: not there: ${problem}`);
  if (!process.argv.includes("--if-possible")) process.exitCode = 1;
}
