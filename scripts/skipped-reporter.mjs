/** Says after a run which tests were skipped, and closes with a line that counts. */
export default class SkippedReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults
      .flatMap((file) => file.testResults)
      .filter((test) => test.status === "pending")
      .map((test) => test.fullName);
    if (skipped.length > 0)
      process.stdout.write(`\nSkipped:\n${skipped.map((name) => `  ${name}\n`).join("")}`);
    const { numPassedTests, numFailedTests, numPendingTests } = results;
    process.stdout.write(
      `\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`,
    );
  }
}
