import os from "node:os";
import { Command, Option } from "commander";
import { parseCommand, UsageError, whole } from "../../cli/command.js";
import { brokerOptionsOf, durationOf, SECURITY, type Values } from "../../cli/common-options.js";
import { parseDuration } from "../../firmware/codec/duration.js";
import type { Endpoint } from "../../firmware/codec/endpoint.js";
import { problemWith } from "../../firmware/settings.js";
import type { Secure } from "../../host-sim/io/tls.js";

/** A broker that was there before. */
export interface ForeignBroker {
  /** As it was given. */
  url: string;
  endpoint: Endpoint;
  secure: Secure | undefined;
  /** Whom to trust, by the settings of these names. */
  credentials: Readonly<Record<string, string>>;
}

/** What the command line of `npm run fleet` says. Times are in milliseconds. */
export interface FleetOptions {
  devices: number;
  /** `undefined` for one of our own. */
  broker: ForeignBroker | undefined;
  topic: string;
  interval: number;
  duration: number;
  /** How long the broker is away; `undefined` where it stays. */
  kick: number | undefined;
  spread: number;
  /** Devices that are switched on in a second. */
  ramp: number;
  processes: number;
  virtual: boolean;
  seed: number;
  json: boolean;
}

export const DEFAULTS = {
  devices: 2_000,
  virtualDevices: 10_000,
  topic: "fleet",
  interval: "1s",
  virtualInterval: "10s",
  duration: "60s",
  kick: "1s",
  spread: "30s",
  ramp: 200,
} as const;

/** The shortest interval: readings in steps of less do not say more of a fleet. */
const SHORTEST_INTERVAL = 100;

/** Devices: more than any machine has ports for towards one broker; simulated ones take memory alone. */
const DEVICE_LIMIT = 60_000;

/** Options that real sockets alone have. */
const REAL = ["broker", ...SECURITY, "processes"] as const;

/**
 * Parses the arguments behind the program's name.
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help was asked for and printed
 */
export function parseFleetArguments(argv: readonly string[]): FleetOptions | undefined {
  const command = new Command("npm run fleet --")
    .description(
      "Runs thousands of whole nodes against one broker, and proves from outside that no reading is lost.",
    )
    .option(
      "--devices <n>",
      `how many (default: ${DEFAULTS.devices}, with --virtual ${DEFAULTS.virtualDevices})`,
      whole(1, DEVICE_LIMIT),
    )
    .option(
      "--broker <mqtt[s]://[user:pass@]host[:port]>",
      "your broker, instead of a Mosquitto that is started for this or, where none is installed, the embedded one",
    )
    .option("--ca <file>", "the authority to trust for mqtts://, instead of the system's")
    .option("--pin <digest>", "SHA-256 of the broker's public key: who has that key is trusted")
    .option("--cert <file>", "the devices' certificate, for a broker that demands one")
    .option("--key <file>", "its private key")
    .option("--topic <base>", "a device publishes under <base>/<its id>/...", DEFAULTS.topic)
    .option(
      "--interval <duration>",
      `time between readings of a device (default: ${DEFAULTS.interval}, with --virtual ${DEFAULTS.virtualInterval})`,
    )
    .option("--for <duration>", "how long, from when all are connected", DEFAULTS.duration)
    .option(
      "--kick [duration]",
      `then restarts the broker, which is away for so long (default: ${DEFAULTS.kick}), and waits until all are back; at --broker all connections are cut instead`,
    )
    .option(
      "--spread <duration>",
      "time over which devices return that have lost the broker",
      DEFAULTS.spread,
    )
    .option(
      "--ramp <n>",
      "devices that are switched on in a second, to begin with",
      whole(1, 100_000),
      DEFAULTS.ramp,
    )
    .option("--processes <n>", "processes for the nodes (default: one for each core)", whole(1, 256))
    .option("--virtual", "in simulated time, with everything in memory")
    .option("--seed <s>", "with --virtual: the run that all randomness follows from", whole(0, 2 ** 31 - 1))
    .addOption(new Option("--log <form>", "form of the output").choices(["text", "json"]).default("text"))
    .helpOption("--help", "shows this");
  if (!parseCommand(command, argv)) return undefined;
  const values = command.opts<
    Values & { devices?: number; ramp: number; processes?: number; seed?: number; kick?: string | true }
  >();
  const virtual = (values as { virtual?: true }).virtual ?? false;
  checkTogether(values, virtual);
  const devices = values.devices ?? (virtual ? DEFAULTS.virtualDevices : DEFAULTS.devices);
  const topic = values["topic"] ?? "";
  const problem = problemWith("topic", topic) ?? problemWith("id", `${topic}-00001`);
  if (problem !== undefined)
    throw new UsageError(
      `option --topic is "${topic}": allowed is a topic of 1 to 58 bytes without +, # and control characters, not beginning with $, no / at either end`,
    );
  return {
    devices,
    broker: foreignBrokerOf(values),
    topic,
    interval: intervalOf(values["interval"] ?? (virtual ? DEFAULTS.virtualInterval : DEFAULTS.interval)),
    duration: durationOf("for", values["for"] ?? "", 86_400_000, "1d"),
    kick: kickOf(values.kick),
    spread: durationOf("spread", values["spread"] ?? "", 600_000, "10m"),
    ramp: values.ramp,
    processes: Math.min(devices, values.processes ?? os.availableParallelism()),
    virtual,
    seed: values.seed ?? 1,
    json: values["log"] === "json",
  };
}

function checkTogether(values: Values & { seed?: number; kick?: string | true }, virtual: boolean): void {
  const other = REAL.find((name) => values[name] !== undefined);
  if (virtual && other !== undefined)
    throw new UsageError(
      `option --${other} is for real sockets, and --virtual has none: leave one of them out`,
    );
  if (!virtual && values.seed !== undefined)
    throw new UsageError("option --seed goes with --virtual: a run in real time is never the same twice");
  const credential = SECURITY.find((name) => values[name] !== undefined);
  if (values["broker"] === undefined && credential !== undefined)
    throw new UsageError(`option --${credential} is for a broker at mqtts://: add --broker mqtts://...`);
  if (values["broker"] !== undefined && typeof values.kick === "string")
    throw new UsageError(
      "option --kick takes no duration with --broker: connections are cut there, and the broker stays",
    );
}

function foreignBrokerOf(values: Values): ForeignBroker | undefined {
  const url = values["broker"];
  if (url === undefined) return undefined;
  const { endpoint, secure, texts } = brokerOptionsOf(values);
  return { url, endpoint, secure, credentials: texts };
}

function intervalOf(text: string): number {
  const interval = durationOf("interval", text, 86_400_000, "1d");
  if (interval >= SHORTEST_INTERVAL) return interval;
  throw new UsageError(`option --interval is "${text}": allowed is a duration from 100ms to 1d`);
}

function kickOf(value: string | true | undefined): number | undefined {
  if (value === undefined) return undefined;
  return value === true ? parseDuration(DEFAULTS.kick) : durationOf("kick", value, 3_600_000, "1h");
}
