import fs from "node:fs";
import { allParts } from "./all.js";
import { UsageError } from "./command.js";
import { gatewayPart } from "./gateway.js";
import { nodePart } from "./node.js";
import { createOutput } from "./output.js";
import type { Part, Ready } from "./parts.js";
import { exitAfter, hasColour, untilTold } from "./program.js";
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
  const output = createOutput(ready.json, (text) => process.stdout.write(text), hasColour());
  await ready.run(output, untilTold(ready.duration));
  output.goodbye();
  return 0;
}

await exitAfter(main);
