/** The program of the codec's contest: one shape at a time, in one process, as a program has them all. */

import { serve } from "./child.js";
import { shapes } from "./codec-shapes.js";

export interface CodecTask {
  /** Number of the shape. */
  readonly shape: number;
  readonly isOurs: boolean;
  /** Milliseconds to go on for. */
  readonly duration: number;
}

/** Times that a shape is done between two looks at the clock. */
const BATCH = 200;

const all = shapes();

/** @returns packets a second */
serve<CodecTask, number>(({ shape, isOurs, duration }) => {
  const { ours, theirs, packets } = all[shape];
  const work = isOurs ? ours : theirs;
  let times = 0;
  const start = performance.now();
  let passed = 0;
  while (passed < duration) {
    for (let i = 0; i < BATCH; i++) work();
    times += BATCH;
    passed = performance.now() - start;
  }
  return (times * packets * 1000) / passed;
});
