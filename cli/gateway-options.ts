import path from "node:path";
import { Command } from "commander";
import { formatDuration } from "../firmware/codec/duration.js";
import { problemWith } from "../firmware/settings.js";
import { nameProblem, plainAddress } from "../services/gateway/device-name.js";
import { KEEP, type SerialOption, SILENCE } from "../services/gateway/gateway.js";
import { LIMITS } from "../services/gateway/limits.js";
import { passwordProblem } from "../services/gateway/password.js";
import { parseCommand, UsageError } from "./command.js";
import {
  addBrokerOptions,
  addCommonOptions,
  type BrokerOptions,
  brokerOptionsOf,
  commonOf,
  durationOf,
  integerOf,
  type Listen,
  listenOf,
  PASSWORD_VARIABLE,
  type Values,
} from "./common-options.js";
import type { Common } from "./parts.js";

/** What the command line says. */
export interface GatewayOptions extends Common {
  broker: BrokerOptions;
  base: string;
  /** `undefined` where there are serial ports alone. */
  listen: Listen | undefined;
  /** It was not asked for: another port is as good. */
  isDefaultPort: boolean;
  serial: readonly SerialOption[];
  names: ReadonlyMap<string, string>;
  password: string | undefined;
  store: string | undefined;
  keep: number;
  silence: number;
  idle: number;
  connections: number;
  perAddress: number;
}

/** Where TCP clients come, by default. */
export const PORT = 9000;

/** What waits, in a directory that keeps it. */
export const STORE = "gateway.db";

const DAY = 86_400_000;

/**
 * Parses the arguments behind the part's name.
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help or the version was asked for and printed
 */
export function parseGatewayOptions(
  argv: readonly string[],
  version: string,
  environment: NodeJS.ProcessEnv,
): GatewayOptions | undefined {
  const collect = (value: string, before: string[] = []) => [...before, value];
  const command = new Command("npm start -- gateway")
    .description("Brings devices without MQTT to a broker: they send lines over TCP or a serial port.")
    .version(version)
    .option("--listen <[host:]port>", `where TCP clients come (default: 127.0.0.1:${PORT})`)
    .option(
      "--password <text>",
      `first line of a TCP client; needed to listen elsewhere than on loopback; better in ${PASSWORD_VARIABLE}`,
    )
    .option("--serial <device[=name]>", "a serial port, such as /dev/ttyUSB0=attic; more than once", collect)
    .option("--baud <bit/s>", "speed of the serial ports (default: 9600)")
    .option("--name <address=name>", "name of the TCP client at this address; more than once", collect)
    .option("--base <topic>", "topics are <base>/<device>/... (default: home)")
    .option("--store <file>", "keep what waits here between runs; without it, it is temporary")
    .option("--state <dir>", "the same, in gateway.db of this directory")
    .option("--keep <readings>", `readings that may wait (default: ${KEEP})`)
    .option("--silence <duration>", `then a device is offline (default: ${formatDuration(SILENCE)})`)
    .option("--idle <duration>", `then a TCP connection is closed (default: ${formatDuration(LIMITS.idle)})`)
    .option("--connections <count>", `TCP connections at once (default: ${LIMITS.connections})`)
    .option("--per-address <count>", `of them from one address (default: ${LIMITS.perAddress})`);
  addBrokerOptions(command);
  addCommonOptions(command);
  if (!parseCommand(command, argv)) return undefined;

  const { serial: ports = [], name: names = [] } = command.opts<Record<string, string[]>>();
  const values = command.opts() as Values;
  for (const [name, value] of Object.entries(values))
    if (value === "") throw new UsageError(`option --${name} is empty`);
  const base = values["base"] ?? "home";
  const problem = problemWith("topic", base);
  if (problem) throw new UsageError(problem.replace(/^setting "topic"/, "option --base"));
  const baud = integerOf("baud", values["baud"] ?? "9600", 1_200, 2_000_000);
  const listen = values["listen"];
  const where =
    listen === undefined && ports.length > 0 ? undefined : listenOf("listen", listen ?? String(PORT));
  return {
    broker: brokerOptionsOf(values),
    base,
    listen: where,
    isDefaultPort: listen === undefined,
    serial: ports.map((text) => serialOf(text, baud)),
    names: namesOf(names),
    password: passwordOf(values, where, environment),
    store: storeOf(values),
    keep: integerOf("keep", values["keep"] ?? String(KEEP), 1, 100_000_000),
    silence: durationIn("silence", values["silence"], SILENCE, 1_000),
    idle: durationIn("idle", values["idle"], LIMITS.idle, 1_000),
    connections: integerOf("connections", values["connections"] ?? String(LIMITS.connections), 1, 10_000),
    perAddress: integerOf("per-address", values["perAddress"] ?? String(LIMITS.perAddress), 1, 10_000),
    ...commonOf(values),
  };
}

function durationIn(name: string, text: string | undefined, normal: number, minimum: number): number {
  const value = text === undefined ? normal : durationOf(name, text, DAY, "1d");
  if (value < minimum)
    throw new UsageError(`option --${name} is "${text}": allowed is ${formatDuration(minimum)} to 1d`);
  return value;
}

function serialOf(text: string, baud: number): SerialOption {
  const at = text.lastIndexOf("=");
  if (at < 0) return { device: text, baud };
  const [device, name] = [text.slice(0, at), text.slice(at + 1)];
  const problem = device === "" ? "allowed is <device> or <device>=<name>" : nameProblem(name);
  if (problem !== undefined) throw new UsageError(`option --serial is ${JSON.stringify(text)}: ${problem}`);
  return { device, baud, name };
}

function namesOf(texts: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf("=");
    const problem = at < 1 ? "allowed is <address>=<name>" : nameProblem(text.slice(at + 1));
    if (problem !== undefined) throw new UsageError(`option --name is ${JSON.stringify(text)}: ${problem}`);
    names.set(plainAddress(text.slice(0, at)), text.slice(at + 1));
  }
  return names;
}

function passwordOf(
  values: Values,
  listen: Listen | undefined,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const option = values["password"];
  const password = option ?? environment[PASSWORD_VARIABLE];
  if (password === undefined || password === "") {
    if (listen && !listen.isLoopback)
      throw new UsageError(
        `option --listen is at ${listen.host}, which other machines reach: it needs --password <text>, or ${PASSWORD_VARIABLE} in the environment`,
      );
    return undefined;
  }
  const problem = passwordProblem(password);
  if (problem !== undefined)
    throw new UsageError(`${option === undefined ? PASSWORD_VARIABLE : "option --password"}: ${problem}`);
  return password;
}

function storeOf(values: Values): string | undefined {
  const { store, state } = values;
  if (store !== undefined && state !== undefined)
    throw new UsageError("--store and --state say the same: take one of them");
  return state === undefined ? store : path.join(state, STORE);
}
