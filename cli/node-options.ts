import { Command, Option } from "commander";
import { formatDuration } from "../firmware/codec/duration.js";
import { sensorNames } from "../firmware/compose.js";
import { Kind, SETTINGS, type Setting } from "../firmware/config.js";
import { allowed, brokerOf, readSettings } from "../firmware/settings.js";
import { liveBoard } from "../host-sim/boards/live.js";
import { parseCommand, UsageError } from "./command.js";
import {
  addCommonOptions,
  asOption,
  commonOf,
  FILES,
  optionName,
  readFile,
  secureFor,
  type Values,
} from "./common-options.js";
import type { Common } from "./parts.js";

/** What the command line says. */
export interface NodeOptions extends Common {
  /** Settings by name, checked, as text. */
  settings: Record<string, string>;
  state: string | undefined;
}

/** Settings that mean nothing on a laptop: Wi-Fi, pins, and the clock, which its operating system sets. */
const DEVICE_ONLY = new Set([
  "ssid",
  "password",
  "receive",
  "data",
  "clock",
  "address",
  "ntp",
  "led",
  "cooler",
  "heater",
  "fan",
  "relay",
]);

/** Settings that one device alone takes: it runs in a thread of its own, from the slots of its flash. */
const ONE_DEVICE: Readonly<Record<string, string>> = {
  device: "npm start -- node --device climate",
  "update-key": "npm start -- node --update-key <file>",
  trial: "npm start -- node --trial <duration>",
};

/** The sensors of the live board, the default first. */
const SENSORS = sensorNames(liveBoard({ topic: "" }));

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  broker: "<mqtt[s]://[user:pass@]host[:port]>",
  ca: "<file>",
  cert: "<file>",
  key: "<file>",
  updatekey: "<file>",
  pin: "<digest>",
  server: "<host:port>",
  serverpassword: "<text>",
  uart: "<device>",
  topic: "<base>",
  sensor: SENSORS.join("|"),
  id: "<id>",
  discovery: "<prefix|off>",
  follows: "<topic>",
  twopoint: "<raw,reference,raw,reference>",
};

/** What an option is on a laptop, where that is not what the setting is on a device. */
const ON_A_LAPTOP: Readonly<Record<string, string>> = {
  broker: "your broker, instead of the embedded one at 127.0.0.1:1883",
  ca: "the authority to trust for mqtts://, instead of the system's",
  key: "the private key of cert",
  updatekey: "public key of those whose updates over the air the device takes; without it, it takes none",
  id: "MQTT client id; by default made of the machine's name and the topic",
  uart: "serial port, such as /dev/ttyUSB0: lines of readings come from it",
  sensor: `what measures; the parts are simulated at register level (default: ${SENSORS[0]})`,
};

/** Settings of an air conditioner. */
export const CLIMATE_SETTINGS = [
  "follows",
  "mode",
  "target",
  "hysteresis",
  "minon",
  "minoff",
  "hold",
] as const;

/** Where a broker, a page and a second device come with the node. */
const DESCRIPTIONS = {
  node: "Runs one Hearth device on this machine, with an MQTT broker where you have none.",
  all: `Runs the whole picture on this machine: a sensor node, an air conditioner in its room, the gateway, the server with its page, and an MQTT broker where you have none. One part by itself: ${["node", "gateway", "server"].map((part) => `npm start -- ${part}`).join(", ")}; each has a --help of its own.`,
};

/**
 * Parses the arguments behind the part's name.
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help or the version was asked for and printed
 */
export function parseNodeOptions(
  part: keyof typeof DESCRIPTIONS,
  argv: readonly string[],
  version: string,
  addMore: (command: Command) => void = () => {},
): (NodeOptions & { values: Values }) | undefined {
  const command = new Command(part === "all" ? "npm start --" : `npm start -- ${part}`)
    .description(DESCRIPTIONS[part])
    .version(version);
  /** By setting. */
  const options = new Map<string, Option>();
  for (const setting of SETTINGS) {
    const { name } = setting;
    if (DEVICE_ONLY.has(name) || (part === "all" && Object.hasOwn(ONE_DEVICE, optionName(name)))) continue;
    const option = optionOf(setting);
    options.set(name, option);
    command.addOption(option);
  }
  command.option("--state <dir>", "keep the node's flash here between runs; without it, it is temporary");
  addMore(command);
  addCommonOptions(command);

  const explain = (message: string) => {
    const name = /^unknown option '--([\w-]+)/.exec(message)?.[1] ?? "";
    if (part === "all" && Object.hasOwn(ONE_DEVICE, name))
      return `option --${name} is for one device alone: ${ONE_DEVICE[name]}`;
    return DEVICE_ONLY.has(name) ? `option --${name}: this setting is a device's only` : undefined;
  };
  if (!parseCommand(command, argv, explain)) return undefined;
  const values = command.opts<Record<string, string>>();
  const settings: Record<string, string> = {};
  for (const [name, option] of options) {
    const value = values[option.attributeName()];
    if (value === "") throw new UsageError(`option --${option.name()} is empty`);
    if (value !== undefined) settings[name] = FILES.has(name) ? readFile(option.name(), value) : value;
  }
  if (settings["uart"] !== undefined) settings["sensor"] ??= "uart";
  if (settings["sensor"] === "uart" && settings["uart"] === undefined) {
    throw new UsageError("--sensor uart needs --uart <device>, such as --uart /dev/ttyUSB0");
  }
  const problems: string[] = [];
  const checked = readSettings(settings, SENSORS, problems);
  if (problems.length > 0) throw new UsageError(asOption(problems[0]));
  const broker = brokerOf(checked);
  if (broker) secureFor(broker, checked);
  const { state } = values;
  if (state === "") throw new UsageError("option --state is empty");

  return { settings, state, ...commonOf(values), values };
}

function optionOf(setting: Setting): Option {
  const { name, kind, unit } = setting;
  const placeholder =
    PLACEHOLDERS[name] ??
    (kind === Kind.DURATION
      ? "<duration>"
      : kind === Kind.WORD
        ? allowed(setting).replaceAll(", ", "|")
        : `<${unit || "value"}>`);
  const reason = ON_A_LAPTOP[name] ?? setting.reason;
  const bare = placeholder.replace(/^<|>$/g, "");
  const value = kind === Kind.DURATION ? formatDuration(setting.default as number) : String(setting.default);
  const shown = value === "" ? "" : ` (default: ${value})`;
  return new Option(`--${optionName(name)} <${bare}>`, `${reason}${shown}`);
}
