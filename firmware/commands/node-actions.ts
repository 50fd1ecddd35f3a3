/** What every device does on command, and what one with a sensor does: checks in front of public setters. */

import { formatDuration, parseDuration } from "../codec/duration.js";
import type { Settings } from "../config.js";
import { isAllowed, problemWith } from "../settings.js";
import type { Command } from "./command.js";
import type { Action } from "./dispatcher.js";

export interface NodeControls {
  /** Shows where the device is; without it the device has no light. */
  identify: (() => void) | undefined;
  /** Starts the device anew, once what is to be said has been said, or says why not; without it the device cannot. */
  restart: ((id: string) => string | undefined) | undefined;
  /** Forgets what commands have changed, and acts on what then holds. @throws where that fails, and nothing has changed */
  reset(): void;
}

export interface SensorControls {
  /** Milliseconds between readings that the flash allows. */
  shortestInterval: number;
  /** Keeps, then sets it. @throws where it cannot be kept, and nothing has changed */
  changeInterval(milliseconds: number): void;
  setCalibration(values: Partial<Pick<Settings, "offset" | "twopoint">>): void;
}

export function nodeActions(controls: NodeControls): Record<string, Action> {
  return {
    identify: {
      acts: true,
      run: () => {
        if (!controls.identify) return 'this device has no light: set "led" to its pin';
        controls.identify();
        return undefined;
      },
    },
    restart: {
      acts: true,
      run: ({ id }) => {
        if (!controls.restart) return "this device cannot restart itself";
        return controls.restart(id);
      },
    },
    reset: {
      acts: false,
      run: () => {
        controls.reset();
        return undefined;
      },
    },
  };
}

export function sensorActions(controls: SensorControls): Record<string, Action> {
  return {
    interval: { acts: false, run: (command) => runInterval(command, controls) },
    calibration: { acts: false, run: (command) => runCalibration(command, controls) },
  };
}

function runInterval({ value }: Command, controls: SensorControls): string | undefined {
  const interval = typeof value === "string" ? parseDuration(value) : value;
  if (value === undefined) return '"value" is missing: allowed is a duration such as "10s" or 10000';
  const problem = problemWith("interval", value);
  if (problem !== undefined || typeof interval !== "number") return problem ?? "no duration";
  const { shortestInterval } = controls;
  if (interval < shortestInterval)
    return `${formatDuration(interval)} would wear the flash out within ten years: allowed is ${formatDuration(shortestInterval)} or more`;
  controls.changeInterval(interval);
  return undefined;
}

function runCalibration(command: Command, controls: SensorControls): string | undefined {
  const { offset, twopoint } = command;
  if (offset === undefined && twopoint === undefined)
    return '"offset" and "twopoint" are missing: one of them is what to change';
  const values: { offset?: number; twopoint?: string } = {};
  if (offset !== undefined) {
    const problem = problemWith("offset", offset);
    if (problem !== undefined || typeof offset !== "number") return problem ?? '"offset" is no number';
    values.offset = offset;
  }
  if (twopoint !== undefined) {
    if (typeof twopoint !== "string" || !isAllowed("twopoint", twopoint))
      return problemWith("twopoint", twopoint) ?? '"twopoint" is no text';
    values.twopoint = twopoint;
  }
  controls.setCalibration(values);
  return undefined;
}
