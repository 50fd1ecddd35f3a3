/** Jest runs what `tsc -b` made: the same JavaScript that `npm start` runs, without a second compiler. */
export default {
  roots: ["<rootDir>/build/tests"],
  testMatch: ["**/*.test.js"],
  transform: {},
  reporters: ["default", "<rootDir>/scripts/skipped-reporter.mjs"],
  testTimeout: 30_000,
};
