import fs from "node:fs";
import { UsageError } from "./command.js";
import { parseArguments } from "./options.js";
import { createOutput } from "./output.js";
import { run } from "./run.js";

const { version } = JSON.parse(
  fs.readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
) as {
  version: string;
};

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2), version);
  if (!options) return 0;
  const { stdout } = process;
  const output = createOutput(
    options.json,
    (text) => stdout.write(text),
    stdout.isTTY && !process.env["NO_COLOR"],
  );
  const end = new Promise<void>((resolve) => {
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
    stdout.on("error", () => resolve());
  });
  await run(options, version, output, end);
  return 0;
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`hearth: ${error.message}\n`);
  process.exit(2);
}
