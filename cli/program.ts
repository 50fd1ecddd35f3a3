/** What the programs of the command line have in common: when they end, and with which status. */

import { Failure, UsageError } from "./command.js";

/**
 * Settles when the program is to end: at a signal, when npm is told to end, when nobody reads its output any more, or
 * after `duration` milliseconds.
 */
export function untilTold(duration: number | undefined): Promise<void> {
  return new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        resolve();
        // Whoever asks twice does not want to wait.
        process.once(signal, () => process.exit(130));
      });
    }
    // npm that is told to end leaves its programs behind: the shell in between passes nothing on.
    if (process.env["npm_lifecycle_event"]) {
      const parent = process.ppid;
      setInterval(() => {
        if (process.ppid !== parent) resolve();
      }, 500).unref();
    }
    // Whoever read the output has gone, as `head` does.
    process.stdout.on("error", () => resolve());
    if (duration !== undefined) setTimeout(resolve, duration);
  });
}

/** Runs `main` and ends the process: with its status, or one line and the status of what went wrong. */
export async function exitAfter(main: () => Promise<number>): Promise<never> {
  try {
    process.exit(await main());
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Failure)) throw error;
    process.stderr.write(`hearth: ${error.message}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}

/** Colours are wanted, and can be shown. */
export function hasColour(): boolean {
  return process.stdout.isTTY && !process.env["NO_COLOR"];
}
