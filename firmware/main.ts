/** The program of a Moddable target: reads the settings and the board, composes, starts. */

import config from "mc/config";
import board from "./boards/board.js";
import { traceMonitor } from "./boards/trace-monitor.js";
import { boot } from "./boot.js";
import { SETTINGS } from "./config.js";
import { VERSION } from "./version.js";

const image: Record<string, unknown> = {};
for (const { name } of SETTINGS) image[name] = (config as Record<string, unknown>)[name];

const booted = boot({ board, image, monitor: traceMonitor, version: VERSION });
for (const problem of booted.problems) traceMonitor.warning?.(problem);
booted.compose().start();
