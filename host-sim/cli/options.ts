import fs from "node:fs";
import { Command, Option } from "commander";
import { formatDuration, parseDuration } from "../../firmware/codec/duration.js";
import { sensorNames } from "../../firmware/compose.js";
import { Kind, SETTINGS, type Setting, type Settings } from "../../firmware/config.js";
import { allowed, brokerOf, readSettings } from "../../firmware/settings.js";
import { secureOf } from "../boards/credentials.js";
import { liveBoard } from "../boards/live.js";
import { parseCommand, UsageError } from "./command.js";

/** What the command line says. */
export interface Options {
  /** Settings by name, checked, as text. */
  settings: Record<string, string>;
  state: string | undefined;
  /** Milliseconds, `undefined` without end. */
  duration: number | undefined;
  json: boolean;
}

/** Settings that mean nothing on a laptop: Wi-Fi, pins, and the clock, which its operating system sets. */
const DEVICE_ONLY = new Set(["ssid", "password", "receive", "data", "clock", "address", "ntp"]);

/** Settings whose text is in a file. */
const FILES = new Set(["ca", "cert", "key"]);

/** Settings that mean nothing where the broker is at mqtt://. */
const SECURITY = ["ca", "pin", "cert", "key"] as const;

/** The sensors of the live board, the default first. */
const SENSORS = sensorNames(liveBoard({ topic: "" }));

/** The longest `setTimeout`. */
const DURATION_LIMIT = 0x7fff_ffff;

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  broker: "<mqtt[s]://[user:pass@]host[:port]>",
  ca: "<file>",
  cert: "<file>",
  key: "<file>",
  pin: "<digest>",
  server: "<host:port>",
  uart: "<device>",
  topic: "<base>",
  sensor: SENSORS.join("|"),
};

/**
 * Parses the arguments behind the program's name.
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help or the version was asked for and printed
 */
export function parseArguments(argv: readonly string[], version: string): Options | undefined {
  const command = new Command("npm start --")
    .description("Runs a Hearth sensor node on this machine, with an MQTT broker where you have none.")
    .version(version)
    .argument("[part]", "the part to run: node", "node");
  for (const setting of SETTINGS) if (!DEVICE_ONLY.has(setting.name)) command.addOption(optionOf(setting));
  command
    .option("--state <dir>", "keep the node's flash here between runs; without it, it is temporary")
    .option("--for <duration>", "end after this time, as Ctrl-C does: 500ms, 10s, 5m")
    .addOption(new Option("--log <form>", "form of the output").choices(["text", "json"]).default("text"));

  const explain = (message: string) => {
    const name = /^unknown option '--(\w+)/.exec(message)?.[1] ?? "";
    return DEVICE_ONLY.has(name) ? `option --${name}: this setting is a device's only` : undefined;
  };
  if (!parseCommand(command, argv, explain)) return undefined;
  const [part] = command.processedArgs as [string];
  if (part !== "node") throw new UsageError(`there is no part "${part}" to run: allowed is node`);

  const values = command.opts<Record<string, string>>();
  const settings: Record<string, string> = {};
  for (const { name } of SETTINGS) {
    const value = values[name];
    if (value === "") throw new UsageError(`option --${name} is empty`);
    if (value !== undefined) settings[name] = FILES.has(name) ? readFile(name, value) : value;
  }
  if (settings["uart"] !== undefined) settings["sensor"] ??= "uart";
  if (settings["sensor"] === "uart" && settings["uart"] === undefined) {
    throw new UsageError("--sensor uart needs --uart <device>, such as --uart /dev/ttyUSB0");
  }
  const problems: string[] = [];
  const checked = readSettings(settings, SENSORS, problems);
  if (problems.length > 0) throw new UsageError(asOption(problems[0]));
  checkSecurity(checked);
  const { state } = values;
  if (state === "") throw new UsageError("option --state is empty");

  return {
    settings,
    state,
    duration: values["for"] === undefined ? undefined : durationOf(values["for"]),
    json: values["log"] === "json",
  };
}

/** What the firmware says of a setting, said of an option. */
function asOption(problem: string): string {
  return problem.replace(/^setting "(\w+)"/, "option --$1");
}

/** A link that would never come about, for what is on the command line. */
function checkSecurity(settings: Settings): void {
  const broker = brokerOf(settings);
  if (!broker) return;
  if (!broker.secure) {
    const name = SECURITY.find((one) => settings[one] !== "");
    if (name) throw new UsageError(`option --${name} is for a broker at mqtts://, and --broker says mqtt://`);
    return;
  }
  try {
    secureOf(settings);
  } catch (error) {
    throw new UsageError(asOption((error as Error).message));
  }
}

function optionOf(setting: Setting): Option {
  const { name, kind, unit, reason } = setting;
  const placeholder =
    PLACEHOLDERS[name] ??
    (kind === Kind.DURATION
      ? "<duration>"
      : kind === Kind.WORD
        ? allowed(setting).replaceAll(", ", "|")
        : `<${unit || "value"}>`);
  const bare = placeholder.replace(/^<|>$/g, "");
  const value = kind === Kind.DURATION ? formatDuration(setting.default as number) : String(setting.default);
  const shown = value === "" ? "" : ` (default: ${value})`;
  return new Option(`--${name} <${bare}>`, `${reason}${shown}`);
}

function durationOf(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined || duration > DURATION_LIMIT) {
    throw new UsageError(
      `option --for is "${text}": allowed is a duration up to 24d, such as 500ms, 10s or 5m`,
    );
  }
  return duration;
}

function readFile(name: string, file: string): string {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`option --${name}: ${(error as Error).message}`);
  }
  if (text.trim() === "") throw new UsageError(`option --${name}: ${file} is empty`);
  return text;
}
