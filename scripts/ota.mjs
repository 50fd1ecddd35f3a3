/**
 * npm run ota: `build` without `--image` makes an image of the firmware, so that is compiled before, as it is now. The other commands
 * do not wait for that, and work while somebody is in the middle of a change.
 */

import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);

/** @returns the exit status */
function run(...command) {
  const { status, error } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (error) process.stderr.write(`hearth: ${error.message}\n`);
  return status ?? 1;
}

const isCompiled =
  args[0] === "build" && !args.some((arg) => arg === "--image" || arg.startsWith("--image="));
const failed = isCompiled ? run(path.join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-b", ROOT) : 0;
if (failed !== 0) {
  process.stderr.write("hearth: the firmware does not compile: mend what stands above, and build again\n");
  process.exitCode = 1;
} else {
  // Ctrl-C is for the command, which ends by itself.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
  process.exitCode = run(path.join(ROOT, "build", "cli", "ota", "main.js"), ...args);
}
