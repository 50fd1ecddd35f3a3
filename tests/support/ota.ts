import { spawnSync } from "node:child_process";
import { Running } from "./programs.js";

export const OTA = new URL("../../cli/ota/main.js", import.meta.url).pathname;

/** What `npm run ota -- ...` runs, until it has ended. */
export function runOTA(...args: string[]): { status: number | null; output: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [OTA, ...args], { encoding: "utf8" });
  return { status, output: stdout, errors: stderr };
}

/** The same, while it runs. */
export function startOTA(...args: string[]): Running {
  return new Running(process.execPath, [OTA, ...args]);
}

/** The events of its output with `--log json`. */
export function eventsOf({ output }: { output: string }): Record<string, unknown>[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
