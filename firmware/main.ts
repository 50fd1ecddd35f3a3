/** The program of a Moddable target: reads the settings and the board, composes, starts. */

import config from "mc/config";
import board from "./boards/board.js";
import { traceMonitor } from "./boards/trace-monitor.js";
import { compose, sensorNames } from "./compose.js";
import { SETTINGS } from "./config.js";
import { openDeviceSettings } from "./device-settings.js";
import { Boots } from "./health/boots.js";
import { readSettings } from "./settings.js";
import { VERSION } from "./version.js";

const image: Record<string, unknown> = {};
for (const { name } of SETTINGS) image[name] = (config as Record<string, unknown>)[name];

const problems: string[] = [];
const boots = new Boots(board.storage, board.resetReason, problems);
const { raw } = openDeviceSettings(image, board.storage, problems);
const settings = readSettings(raw, sensorNames(board), problems);
for (const problem of problems) traceMonitor.warning?.(problem);

compose({ board, settings, monitor: traceMonitor, boot: boots.number, boots, version: VERSION }).start();
