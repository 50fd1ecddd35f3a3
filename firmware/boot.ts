/** From an image's settings to a node: what a start does before anything runs, on every board. */

import { ChangedSettings } from "./changed-settings.js";
import { type Board, compose, sensorNames } from "./compose.js";
import type { Settings } from "./config.js";
import { openDeviceSettings } from "./device-settings.js";
import { Boots } from "./health/boots.js";
import type { Monitor } from "./monitor.js";
import type { Node } from "./node.js";
import { readSettings } from "./settings.js";

export interface BootOptions {
  board: Board;
  /** Values of the image or the command line, by setting; other properties are not looked at. */
  image: Readonly<Record<string, unknown>>;
  monitor: Monitor;
  version: string;
}

export interface Booted {
  settings: Settings;
  /** What is wrong with settings and storage, a line each. */
  problems: readonly string[];
  /** Makes the node, once; nothing of it but its journal is open yet. */
  compose(): Node;
}

/** Counts the boot, lays the settings' layers over each other (image, device, commands), and makes the node. */
export function boot({ board, image, monitor, version }: BootOptions): Booted {
  const { storage } = board;
  const problems: string[] = [];
  // First of all: what comes after may fail.
  const boots = new Boots(storage, board.resetReason, problems);
  const { raw } = openDeviceSettings(image, storage, problems);
  const changed = new ChangedSettings(image, storage, problems, () => board.clock.ticks());
  changed.apply(raw);
  const settings = readSettings(raw, sensorNames(board), problems);
  return {
    settings,
    problems,
    compose: () => compose({ board, settings, monitor, boot: boots.number, boots, version, changed }),
  };
}
