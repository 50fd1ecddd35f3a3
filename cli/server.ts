import { Command } from "commander";
import {
  DEFAULT_ID,
  DEFAULT_TOPICS,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "../services/server/server.js";
import { readFilters } from "../services/server/topics.js";
import { Failure, parseCommand, UsageError } from "./command.js";
import {
  addBrokerOptions,
  addCommonOptions,
  brokerOptionsOf,
  brokerURL,
  commonOf,
  type Values,
} from "./common-options.js";
import type { Output } from "./output.js";
import type { Part } from "./parts.js";
import { addServerOptions, cannotStart, servedOf } from "./server-options.js";

export const serverPart: Part = (argv, version) => {
  const command = new Command("npm start -- server")
    .description("Stores every reading, serves the page and its history, and sends commands to devices.")
    .version(version)
    .option("--topics <filter,...>", `what to subscribe to (default: ${DEFAULT_TOPICS.join(",")})`)
    .option("--id <id>", `client identifier at the broker, one for each server (default: ${DEFAULT_ID})`);
  addServerOptions(command, "keep the readings in this file; without it they are gone at the end");
  addBrokerOptions(command);
  addCommonOptions(command);
  if (!parseCommand(command, argv)) return undefined;
  const values = command.opts<Values>();
  const options = serverOptionsOf(values);
  return { ...commonOf(values), run: (output, end) => run(options, version, output, end) };
};

type Checked = Omit<ServerOptions, "version" | "onNote" | "onWarning" | "onFailure">;

/** @throws UsageError with one line that says what is wrong */
function serverOptionsOf(values: Values): Checked {
  for (const name of ["topics", "id"])
    if (values[name] === "") throw new UsageError(`option --${name} is empty`);
  const topics = values["topics"] === undefined ? undefined : readFilters(values["topics"]);
  if (typeof topics === "string") throw new UsageError(`option --topics: ${topics}`);
  const { id } = values;
  return {
    ...servedOf(values),
    broker: brokerOptionsOf(values),
    ...(id !== undefined && { id }),
    ...(topics !== undefined && { topics }),
  };
}

async function run(options: Checked, version: string, output: Output, end: Promise<void>): Promise<void> {
  const server = await startServing({
    ...options,
    version,
    onNote: (text) => output.note(text),
    onWarning: (text) => output.warning?.(text),
  });
  output.banner(`Hearth ${version} server`, [
    ["page", server.url],
    ["broker", brokerURL(options.broker.endpoint)],
    ["topics", (options.topics ?? DEFAULT_TOPICS).join(", ")],
    ["store", options.store ?? "in memory: gone at the end; --store <file> keeps it"],
    ["end", "Ctrl-C"],
  ]);
  const failed = await Promise.race([server.failed, end.then(() => undefined)]);
  await server.close();
  if (failed) throw failed;
}

/** A server, and the failure that ends it where there is one. */
export interface Serving extends RunningServer {
  readonly failed: Promise<Failure>;
}

/** @throws UsageError with one line where it cannot start as the options say */
export async function startServing(options: Omit<ServerOptions, "onFailure">): Promise<Serving> {
  let fail: (failure: Failure) => void = () => {};
  const failed = new Promise<Failure>((resolve) => {
    fail = resolve;
  });
  try {
    const server = await startServer({ ...options, onFailure: ({ message }) => fail(new Failure(message)) });
    return { ...server, failed };
  } catch (error) {
    throw cannotStart(error, options.listen);
  }
}
