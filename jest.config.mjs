import os from "node:os";

/** Jest runs what `tsc -b` made: the same JavaScript that `npm start` runs, without a second compiler. */
export default {
  roots: ["<rootDir>/build/tests"],
  testMatch: ["**/*.test.js"],
  transform: {},
  reporters: ["default", "<rootDir>/scripts/summary-reporter.mjs"],
  testTimeout: 30_000,
  // Many tests wait for real programs rather than for the processor: two at once also where there are two cores.
  maxWorkers: Math.max(2, os.availableParallelism() - 1),
};
