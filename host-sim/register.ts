/**
 * `node --import ./host-sim/register.js program.mjs` runs a program that was written for an ECMA-419 host, or for
 * Moddable's, on Node: see the README, "ECMA-419 on Node".
 */

import * as nodeModule from "node:module";
import { installGlobals } from "./device/globals.js";
import * as hooks from "./device/hooks.js";
import { preload } from "./device/preload.js";
import { isProblem } from "./device/problem.js";

const [, program] = process.argv;

// Node 22.15 and later have hooks in this thread, which are simpler and faster.
const { registerHooks } = nodeModule as { registerHooks?: (hooks: object) => void };
if (registerHooks) {
  hooks.initialize(program);
  registerHooks({ resolve: hooks.resolve, load: hooks.load });
} else {
  nodeModule.register(new URL("./device/hooks-thread.js", import.meta.url), { data: { program } });
}

process.on("uncaughtExceptionMonitor", (error) => {
  if (!isProblem(error)) return;
  process.stderr.write(`hearth: ${error.message}\n`);
  process.exit(1);
});

installGlobals();
await preload(program);
