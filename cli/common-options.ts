/** Options that several parts have: the broker and whom to trust there, where to listen, how long and in what form. */

import fs from "node:fs";
import { type Command, Option } from "commander";
import { parseDuration } from "../firmware/codec/duration.js";
import { type Endpoint, hostPort, parseBroker, parseHostPort } from "../firmware/codec/endpoint.js";
import { problemWith } from "../firmware/settings.js";
import { secureOf } from "../host-sim/boards/credentials.js";
import type { Secure } from "../host-sim/io/tls.js";
import { UsageError } from "./command.js";
import type { Common } from "./parts.js";

/** The longest `setTimeout`. */
const DURATION_LIMIT = 0x7fff_ffff;

/** Of the environment, instead of an option: a command line is read by everybody on the machine. */
export const PASSWORD_VARIABLE = "HEARTH_PASSWORD";

/** Settings that say whom to trust, and who we are. */
export const SECURITY = ["ca", "pin", "cert", "key"] as const;

/** Settings whose text is in a file. */
export const FILES: ReadonlySet<string> = new Set(["ca", "cert", "key", "updatekey"]);

export type Values = Readonly<Record<string, string | undefined>>;

export function addCommonOptions(command: Command): void {
  command
    .option("--for <duration>", "end after this time, as Ctrl-C does: 500ms, 10s, 5m")
    .addOption(new Option("--log <form>", "form of the output").choices(["text", "json"]).default("text"));
}

export function commonOf(values: Values): Common {
  const text = values["for"];
  return {
    duration: text === undefined ? undefined : durationOf("for", text, DURATION_LIMIT, "24d"),
    json: values["log"] === "json",
  };
}

/** @throws UsageError where it is no duration, or longer than `limit` milliseconds, which `limitText` says */
export function durationOf(name: string, text: string, limit: number, limitText: string): number {
  const duration = parseDuration(text);
  if (duration === undefined || duration > limit) {
    throw new UsageError(
      `option --${name} is "${text}": allowed is a duration up to ${limitText}, such as 500ms, 10s or 5m`,
    );
  }
  return duration;
}

/** @throws UsageError where it is no whole number from `minimum` to `maximum` */
export function integerOf(name: string, text: string, minimum: number, maximum: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isInteger(value) || value < minimum || value > maximum)
    throw new UsageError(
      `option --${name} is "${text}": allowed is a whole number from ${minimum} to ${maximum}`,
    );
  return value;
}

/** For a part that cannot run without a broker. */
export function addBrokerOptions(command: Command): void {
  command
    .requiredOption("--broker <mqtt[s]://[user:pass@]host[:port]>", "the MQTT broker")
    .option("--ca <file>", "the authority to trust for mqtts://, instead of the system's")
    .option("--pin <digest>", "SHA-256 of the broker's public key: who has that key is trusted")
    .option("--cert <file>", "this program's own certificate, for a broker that demands one")
    .option("--key <file>", "its private key");
}

export interface BrokerOptions {
  endpoint: Endpoint;
  /** Whom to trust; `undefined` at `mqtt://`. */
  secure: Secure | undefined;
  /** What the settings of these names are: the text of their files. */
  texts: Readonly<Record<(typeof SECURITY)[number], string>>;
}

/** Without user and password. */
export function brokerURL({ host, port, secure }: Endpoint): string {
  return `mqtt${secure ? "s" : ""}://${hostPort(host, port)}`;
}

export function brokerOptionsOf(values: Values): BrokerOptions {
  const texts = { ca: "", pin: "", cert: "", key: "" };
  for (const name of SECURITY) {
    const value = values[name];
    if (value === "") throw new UsageError(`option --${name} is empty`);
    if (value !== undefined) texts[name] = FILES.has(name) ? readFile(name, value) : value;
    const problem = value === undefined ? undefined : problemWith(name, texts[name]);
    if (problem !== undefined) throw new UsageError(asOption(problem));
  }
  const broker = values["broker"] ?? "";
  const endpoint = parseBroker(broker);
  if (!endpoint) throw new UsageError(asOption(problemWith("broker", broker) ?? "option --broker is empty"));
  return { endpoint, secure: secureFor(endpoint, texts), texts };
}

/** @throws UsageError for a link that would never come about */
export function secureFor(
  endpoint: Endpoint,
  texts: Readonly<Record<(typeof SECURITY)[number], string>>,
): Secure | undefined {
  if (!endpoint.secure) {
    const name = SECURITY.find((one) => texts[one] !== "");
    if (name) throw new UsageError(`option --${name} is for a broker at mqtts://, and --broker says mqtt://`);
    return undefined;
  }
  try {
    return secureOf(texts);
  } catch (error) {
    throw new UsageError(asOption((error as Error).message));
  }
}

/** Where to listen: `[host:]port`, by default on loopback; port 0 takes any that is free. */
export interface Listen {
  host: string;
  port: number;
  /** Nobody but this machine can reach it. */
  isLoopback: boolean;
}

export function listenOf(name: string, text: string): Listen {
  const isPort = /^\d{1,5}$/.test(text);
  const zero = text.endsWith(":0");
  const parsed = isPort
    ? { host: "127.0.0.1", port: Number(text) }
    : parseHostPort(zero ? text.replace(/:0$/, ":1") : text);
  if (!parsed || parsed.port > 65_535)
    throw new UsageError(
      `option --${name} is "${text}": allowed is [host:]port, such as 8080 or 0.0.0.0:8080`,
    );
  const { host } = parsed;
  const isLoopback = host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
  return { host, port: zero ? 0 : parsed.port, isLoopback };
}

/** What the firmware says of a setting, said of an option. */
export function asOption(problem: string): string {
  return problem.replace(/^setting "(\w+)"/, (_, name: string) => `option --${optionName(name)}`);
}

/** The option that a setting has: its own name, but for one. */
export function optionName(setting: string): string {
  return setting === "updatekey" ? "update-key" : setting;
}

export function readFile(name: string, file: string): string {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`option --${name}: ${(error as Error).message}`);
  }
  if (text.trim() === "") throw new UsageError(`option --${name}: ${file} is empty`);
  return text;
}
