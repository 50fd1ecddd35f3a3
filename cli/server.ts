import { Command } from "commander";
import { hostPort } from "../firmware/codec/endpoint.js";
import { DEFAULT_ID, DEFAULT_TOPICS, type ServerOptions, startServer } from "../services/server/server.js";
import type { StoreError } from "../services/server/store-error.js";
import { readFilters } from "../services/server/topics.js";
import { Failure, parseCommand, UsageError } from "./command.js";
import {
  addBrokerOptions,
  addCommonOptions,
  brokerOptionsOf,
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
  let fail: (error: StoreError) => void = () => {};
  const failure = new Promise<StoreError>((resolve) => {
    fail = resolve;
  });
  const server = await startServer({
    ...options,
    version,
    onNote: (text) => output.note(text),
    onWarning: (text) => output.warning?.(text),
    onFailure: (error) => fail(error),
  }).catch((error: unknown) => {
    throw cannotStart(error, options.listen);
  });
  const { endpoint } = options.broker;
  output.banner(`Hearth ${version} server`, [
    ["page", server.url],
    ["broker", `${endpoint.secure ? "mqtts" : "mqtt"}://${hostPort(endpoint.host, endpoint.port)}`],
    ["topics", (options.topics ?? DEFAULT_TOPICS).join(", ")],
    ["store", options.store ?? "in memory: gone at the end; --store <file> keeps it"],
    ["end", "Ctrl-C"],
  ]);
  const failed = await Promise.race([failure, end.then(() => undefined)]);
  await server.close();
  if (failed) throw new Failure(failed.message);
}
