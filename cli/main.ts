import fs from "node:fs";
import { allParts } from "./all.js";
import { Failure, UsageError } from "./command.js";
import { gatewayPart } from "./gateway.js";
import { nodePart } from "./node.js";
import { createOutput } from "./output.js";
import type { Part, Ready } from "./parts.js";
import { serverPart } from "./server.js";

const { version } = JSON.parse(fs.readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const PARTS: Readonly<Record<string, Part>> = { node: nodePart, gateway: gatewayPart, server: serverPart };

function parse(argv: readonly string[]): Ready | undefined {
  const name = argv[0];
  if (name === undefined || name.startsWith("-")) return allParts(argv, version);
  const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
  if (!part)
    throw new UsageError(`there is no part "${name}" to run: allowed is ${Object.keys(PARTS).join(", ")}`);
  return part(argv.slice(1), version);
}

async function main(): Promise<number> {
  const ready = parse(process.argv.slice(2));
  if (!ready) return 0;
  const { stdout } = process;
  const output = createOutput(
    ready.json,
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
    if (ready.duration !== undefined) setTimeout(resolve, ready.duration);
  });
  await ready.run(output, end);
  output.goodbye();
  return 0;
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof UsageError || error instanceof Failure)) throw error;
  process.stderr.write(`hearth: ${error.message}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
