import { Command } from "commander";
import { formatDuration } from "../firmware/codec/duration.js";
import { hostPort } from "../firmware/codec/endpoint.js";
import type { Credentials } from "../services/server/guard.js";
import {
  DEFAULT_ID,
  DEFAULT_RETENTION,
  DEFAULT_TOPICS,
  type ServerOptions,
  startServer,
  TEMPORARY_RETENTION,
} from "../services/server/server.js";
import { StoreError } from "../services/server/store-error.js";
import { readFilters } from "../services/server/topics.js";
import { Failure, parseCommand, UsageError } from "./command.js";
import {
  addBrokerOptions,
  addCommonOptions,
  brokerOptionsOf,
  commonOf,
  durationOf,
  type Listen,
  listenOf,
  type Values,
} from "./common-options.js";
import type { Output } from "./output.js";
import type { Part } from "./parts.js";

export const DEFAULT_LISTEN = "127.0.0.1:8080";

/** Of the environment: a command line is read by everybody on the machine. */
const PASSWORD_VARIABLE = "HEARTH_PASSWORD";

const MINUTE = 60_000;
const CENTURY = 36_500 * 86_400_000;

export const serverPart: Part = (argv, version) => {
  const command = new Command("npm start -- server")
    .description("Stores every reading, serves the page and its history, and sends commands to devices.")
    .version(version)
    .option("--listen <[host:]port>", `where the page is (default: ${DEFAULT_LISTEN}, or a free port)`)
    .option("--store <file>", "keep the readings in this file; without it they are gone at the end")
    .option("--topics <filter,...>", `what to subscribe to (default: ${DEFAULT_TOPICS.join(",")})`)
    .option(
      "--retention <duration>",
      `how long single readings are kept, "off" for ever (default: ${formatDuration(DEFAULT_RETENTION)}, ` +
        `${formatDuration(TEMPORARY_RETENTION)} without --store)`,
    )
    .option("--user <name>", "who may see the page; needed where others than this machine can reach it")
    .option("--password <password>", `the password; or in the environment, ${PASSWORD_VARIABLE}`)
    .option("--id <id>", `client identifier at the broker, one for each server (default: ${DEFAULT_ID})`);
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
  for (const name of ["store", "topics", "user", "password", "id"])
    if (values[name] === "") throw new UsageError(`option --${name} is empty`);
  const listen = listenOf("listen", values["listen"] ?? DEFAULT_LISTEN);
  const credentials = credentialsOf(values, listen);
  const topics = values["topics"] === undefined ? undefined : readFilters(values["topics"]);
  if (typeof topics === "string") throw new UsageError(`option --topics: ${topics}`);
  const { store, id } = values;
  const retention = retentionOf(values["retention"]);
  return {
    broker: brokerOptionsOf(values),
    listen: { host: listen.host, port: listen.port, isFallback: values["listen"] === undefined },
    ...(id !== undefined && { id }),
    ...(topics !== undefined && { topics }),
    ...(store !== undefined && { store }),
    ...(retention !== undefined && { retention }),
    ...(credentials !== undefined && { credentials }),
  };
}

function credentialsOf(values: Values, { isLoopback, host, port }: Listen): Credentials | undefined {
  const { user } = values;
  const password = values["password"] ?? (process.env[PASSWORD_VARIABLE] || undefined);
  if (user !== undefined && password !== undefined) {
    // RFC 7617, 2: the first colon ends the name.
    if (user.includes(":")) throw new UsageError("option --user has a colon, which a name must not have");
    return { user, password };
  }
  if (user !== undefined)
    throw new UsageError(`option --user needs --password, or ${PASSWORD_VARIABLE} in the environment`);
  if (values["password"] !== undefined) throw new UsageError("option --password needs --user");
  if (isLoopback) return undefined;
  throw new UsageError(
    `option --listen is ${hostPort(host, port)}, which others can reach: it needs --user, and --password or ` +
      `${PASSWORD_VARIABLE} in the environment`,
  );
}

function retentionOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "off") return 0;
  const retention = durationOf("retention", text, CENTURY, "36500d");
  if (retention < MINUTE)
    throw new UsageError(`option --retention is "${text}": allowed is a duration from 1m, or off`);
  return retention;
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

function cannotStart(error: unknown, { host, port }: { host: string; port: number }): unknown {
  if (error instanceof StoreError) return new UsageError(`option --store: ${error.message}`);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== "listen" && syscall !== "getaddrinfo") return error;
  const where = hostPort(host, port);
  return new UsageError(
    code === "EADDRINUSE"
      ? `option --listen: ${where} is taken: give another port`
      : `option --listen: cannot listen on ${where} (${code})`,
  );
}
