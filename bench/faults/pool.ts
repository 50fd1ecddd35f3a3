import { Worker } from "node:worker_threads";
import type { RunResult } from "./run.js";
import type { Replay } from "./shrink.js";
import type { Message, Task } from "./worker.js";

export interface Outcome {
  task: Task;
  /** Absent where the worker itself has come to its end. */
  result: RunResult | undefined;
  replay: Replay | undefined;
  /** Why there is no result. */
  crash: string | undefined;
}

/** Milliseconds without a word after which a run hangs: a callback that never returns, or timers that never let time pass. */
const HANGING = 120_000;

/**
 * Runs the tasks, as many at a time as there are jobs.
 * @param next the next task, `undefined` when there is none
 * @param onProgress told of simulated days under way, by worker
 * @param onOutcome told of each end; false when no further one is wanted
 */
export async function runAll(
  jobs: number,
  next: () => Task | undefined,
  onProgress: (worker: number, days: number) => void,
  onOutcome: (outcome: Outcome) => boolean,
): Promise<void> {
  let isWanted = true;
  const work = async (number: number): Promise<void> => {
    let worker: Worker | undefined;
    for (let task = next(); task !== undefined && isWanted; task = next()) {
      worker ??= new Worker(new URL("./worker.js", import.meta.url));
      const outcome = await perform(worker, task, (days) => onProgress(number, days));
      onProgress(number, 0);
      if (!onOutcome(outcome)) isWanted = false;
      if (outcome.crash === undefined) continue;
      await worker.terminate();
      worker = undefined;
    }
    await worker?.terminate();
  };
  await Promise.all(Array.from({ length: jobs }, (_, number) => work(number)));
}

function perform(worker: Worker, task: Task, onDays: (days: number) => void): Promise<Outcome> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const end = (outcome: Omit<Outcome, "task">) => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError);
      resolve({ task, ...outcome });
    };
    const crashed = (crash: string) => end({ result: undefined, replay: undefined, crash });
    const onError = (error: Error) => crashed(`it crashed: ${error.stack ?? error.message}`);
    const onMessage = (message: Message) => {
      wait();
      if ("days" in message) onDays(message.days);
      else end({ ...message, crash: undefined });
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => crashed(`it hangs: simulated time has stood still for ${HANGING / 1000} s`),
        HANGING,
      );
    };
    worker.on("message", onMessage).on("error", onError);
    wait();
    worker.postMessage(task);
  });
}
