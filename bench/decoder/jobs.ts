import { Dice } from "./dice.js";
import { parseEvery, runEvery } from "./exhaustive.js";
import { Failure } from "./failure.js";
import { checkSeed, checkStream } from "./seed.js";
import type { Stage } from "./stage.js";
import { newTally, type Tally } from "./tally.js";

/** A piece of work that a worker does in some seconds. */
export type Job =
  | { kind: "seeds"; first: number; count: number }
  | { kind: "stream"; hex: string }
  | { kind: "parse"; first: number }
  | { kind: "run"; stage: Stage; first: number };

/** What it came to; each kind of job fills its own part. */
export interface Result {
  tally?: Tally;
  /** Inputs by kind. */
  counts?: number[];
  clients?: number;
  failure?: { message: string; replay: string };
}

export function work(job: Job): Result {
  const { stackTraceLimit } = Error;
  // A client makes an error for each stream that it refuses; nobody looks where.
  Error.stackTraceLimit = 0;
  try {
    switch (job.kind) {
      case "seeds": {
        const tally = newTally();
        for (let seed = job.first; seed < job.first + job.count; seed++) checkSeed(seed, tally);
        return { tally };
      }
      case "stream": {
        const tally = newTally();
        checkStream(Uint8Array.from(Buffer.from(job.hex, "hex")), new Dice(1), job.hex, tally);
        return { tally };
      }
      case "parse":
        return { counts: parseEvery(job.first) };
      case "run":
        return { clients: runEvery(job.stage, job.first, new Dice(job.first)) };
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: { message: error.message, replay: error.replay } };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
