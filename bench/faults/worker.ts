import fs from "node:fs";
import { parentPort } from "node:worker_threads";
import { type RunResult, run } from "./run.js";
import { type Replay, shrink } from "./shrink.js";

/** What a worker is to do. */
export interface Task {
  seed: number;
  days: number;
  faults: string[];
  trace: string | undefined;
  /** Runs it a second time, and compares. */
  twice: boolean;
  watchesMemory: boolean;
}

/** What a worker tells: how far it is, or the end. */
export type Message = { days: number } | { result: RunResult; replay: Replay | undefined };

/** Milliseconds of real time between two words of progress. */
const PROGRESS = 200;

/** Milliseconds of real time for making a failure smaller. */
const SHRINKING = 60_000;

const port = parentPort;
port?.on("message", (task: Task) => {
  const { seed, days, faults, watchesMemory } = task;
  let told = 0;
  const onProgress = (done: number) => {
    const now = performance.now();
    if (now - told < PROGRESS) return;
    told = now;
    port.postMessage({ days: done } satisfies Message);
  };
  const file = task.trace === undefined ? undefined : fs.openSync(task.trace, "w");
  const result = run({
    seed,
    days,
    faults,
    watchesMemory,
    onProgress,
    ...(file !== undefined && { trace: (text: string) => fs.writeSync(file, text) }),
  });
  if (file !== undefined) fs.closeSync(file);
  if (!result.failure && task.twice) {
    const again = run({ seed, days, faults, onProgress });
    if (again.digest !== result.digest) {
      result.failure = {
        text: `the same seed gave another trace: ${result.digest}, then ${again.digest}`,
        at: 0,
        trace: [],
      };
    }
  }
  const replay = result.failure ? shrink({ options: { seed, days, faults }, result }, SHRINKING) : undefined;
  port.postMessage({ result, replay } satisfies Message);
});
