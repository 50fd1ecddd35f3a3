import { UsageError } from "../command.js";
import { exitAfter, hasColour, untilTold } from "../program.js";
import { buildCommand } from "./build.js";
import type { OTACommand } from "./common.js";
import { keygenCommand } from "./keygen.js";
import { createOTAOutput } from "./output.js";
import { publishCommand } from "./publish.js";
import { statusCommand } from "./status.js";

const COMMANDS: Readonly<Record<string, OTACommand>> = {
  keygen: keygenCommand,
  build: buildCommand,
  publish: publishCommand,
  status: statusCommand,
};

const USAGE = `Usage: npm run ota -- <command> [options]

Updates over the air:
  keygen    makes the key that signs updates
  build     makes an image to publish
  publish   brings it to devices, a share of them first
  status    what each device runs

npm run ota -- <command> --help lists the options.
`;

async function main(): Promise<number> {
  const [name, ...rest] = process.argv.slice(2);
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    throw new UsageError(
      `${name === undefined ? "a command is missing" : `there is no command "${name}"`}: allowed is ${Object.keys(COMMANDS).join(", ")}`,
    );
  const task = command(rest);
  if (!task) return 0;
  const output = createOTAOutput(task.json, (text) => process.stdout.write(text), hasColour());
  await task.run(output, untilTold(undefined));
  return 0;
}

await exitAfter(main);
