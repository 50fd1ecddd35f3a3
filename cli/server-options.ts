/** The server's options: where it listens, who may ask, what it keeps. */

import type { Command } from "commander";
import { formatDuration, parseDuration } from "../firmware/codec/duration.js";
import { hostPort } from "../firmware/codec/endpoint.js";
import type { Credentials } from "../services/server/guard.js";
import { DEFAULT_RETENTION, type ServerOptions, TEMPORARY_RETENTION } from "../services/server/server.js";
import { StoreError } from "../services/server/store-error.js";
import { UsageError } from "./command.js";
import { type Listen, listenOf, PASSWORD_VARIABLE, type Values } from "./common-options.js";

export const DEFAULT_LISTEN = "127.0.0.1:8080";

const MINUTE = 60_000;
const CENTURY = 36_500 * 86_400_000;

/** Those that do not concern the broker. */
export function addServerOptions(command: Command, storeHelp: string): void {
  command
    .option("--listen <[host:]port>", `where the page is (default: ${DEFAULT_LISTEN}, or a free port)`)
    .option("--store <file>", storeHelp)
    .option(
      "--retention <duration>",
      `how long single readings are kept, "off" for ever (default: ${formatDuration(DEFAULT_RETENTION)}, ` +
        `${formatDuration(TEMPORARY_RETENTION)} without a file)`,
    )
    .option("--user <name>", "who may see the page; needed where others than this machine can reach it")
    .option("--password <password>", `the password; or in the environment, ${PASSWORD_VARIABLE}`);
}

/** What they say. */
export type Served = Pick<ServerOptions, "listen" | "store" | "retention" | "credentials">;

/** @throws UsageError with one line that says what is wrong */
export function servedOf(values: Values): Served {
  for (const name of ["store", "user", "password"])
    if (values[name] === "") throw new UsageError(`option --${name} is empty`);
  const listen = listenOf("listen", values["listen"] ?? DEFAULT_LISTEN);
  const credentials = credentialsOf(values, listen);
  const { store } = values;
  const retention = retentionOf(values["retention"]);
  return {
    listen: { host: listen.host, port: listen.port, isFallback: values["listen"] === undefined },
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
  const retention = parseDuration(text);
  if (retention === undefined || retention < MINUTE || retention > CENTURY)
    throw new UsageError(
      `option --retention is "${text}": allowed is a duration from 1m, or off; such as 90d, at most 36500d`,
    );
  return retention;
}

/** A start that failed, as the user's mistake where it is one. */
export function cannotStart(error: unknown, { host, port }: { host: string; port: number }): unknown {
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
