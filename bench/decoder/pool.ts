import { Worker } from "node:worker_threads";
import type { Job, Result } from "./jobs.js";

/**
 * Does the jobs in as many threads, in their order as far as threads allow, until one fails.
 * @param onResult called for each as it comes, with its job
 */
export async function doAll(
  jobs: readonly Job[],
  threads: number,
  onResult: (result: Result, job: Job) => void,
): Promise<void> {
  const waiting = jobs.values();
  let failed = false;
  await Promise.all(
    Array.from({ length: Math.min(threads, jobs.length) }, async () => {
      const worker = new Worker(new URL("./worker.js", import.meta.url));
      try {
        for (const job of waiting) {
          if (failed) return;
          const result = await answer(worker, job);
          failed ||= result.failure !== undefined;
          onResult(result, job);
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
}

function answer(worker: Worker, job: Job): Promise<Result> {
  return new Promise((resolve, reject) => {
    const done = (result: Result) => {
      worker.off("error", reject);
      resolve(result);
    };
    worker.once("message", done);
    worker.once("error", reject);
    worker.postMessage(job);
  });
}
