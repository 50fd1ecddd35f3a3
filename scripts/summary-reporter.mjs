/** In the names of tests that run the firmware on XS. */
const ON_XS = "(needs the XS engine";

/** Says after a run which tests were skipped and how many ran on XS, and closes with a line that counts. */
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const { stdout } = process;
    const tests = results.testResults.flatMap((file) => file.testResults);
    const skipped = tests.filter(({ status }) => status === "pending").map(({ fullName }) => fullName);
    if (skipped.length > 0) stdout.write(`\nSkipped:\n${skipped.map((name) => `  ${name}\n`).join("")}`);
    const onXS = tests.filter(({ status, fullName }) => status === "passed" && fullName.includes(ON_XS));
    const scenarios = onXS.filter(({ fullName }) => fullName.startsWith("the scenarios on XS"));
    if (onXS.length > 0)
      stdout.write(
        `\nOn XS, the engine of a device: ${onXS.length} tests, ${scenarios.length} scenarios of them with the same bytes on the wire as on Node\n`,
      );
    const { numPassedTests, numFailedTests, numPendingTests } = results;
    stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`);
  }
}
