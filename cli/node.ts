import { Option } from "commander";
import type { Endpoint } from "../firmware/codec/endpoint.js";
import { QUANTITIES } from "../firmware/codec/reading.js";
import type { Settings } from "../firmware/config.js";
import { brokerOf, followedTopic } from "../firmware/settings.js";
import { type EmbeddedBroker, startEmbeddedBroker } from "../host-sim/world/embedded-broker.js";
import { isChip, runChip } from "./chip-node.js";
import { UsageError } from "./command.js";
import { brokerURL } from "./common-options.js";
import { ENGINES, makeEngine } from "./engines.js";
import { LaptopNode } from "./laptop-node.js";
import { type NodeOptions, parseNodeOptions } from "./node-options.js";
import type { Output } from "./output.js";
import type { Part } from "./parts.js";

/** The standard port of MQTT. */
const MQTT_PORT = 1883;

/** Runs one device. */
export const nodePart: Part = (argv, version) => {
  const options = parseNodeOptions("node", argv, version, (command) =>
    command.addOption(
      new Option("--engine <engine>", "what runs the firmware: this Node, or XS, which a device has")
        .choices(ENGINES)
        .default(ENGINES[0]),
    ),
  );
  if (!options) return undefined;
  const engine = options.values["engine"] as (typeof ENGINES)[number];
  if (engine !== ENGINES[0] && isChip(options))
    throw new UsageError(`--engine ${engine}: a device with slots runs on Node`);
  return { ...options, run: (output, end) => run(options, engine, version, output, end) };
};

async function run(
  options: NodeOptions,
  engineName: (typeof ENGINES)[number],
  version: string,
  output: Output,
  end: Promise<void>,
): Promise<void> {
  const image: Record<string, unknown> = { ...options.settings };
  if (isChip(options)) return runChip(options, image, output, end);
  const engine = await makeEngine(engineName);
  const notes: string[] = [];
  const embedded = await embeddedBroker(image, notes);
  const node = new LaptopNode({ image, state: options.state, version, monitor: output, engine });
  output.banner(`Hearth ${version}`, [
    ...deviceLines(node.settings),
    ...(engineName === "xs" ? [["engine", "XS, in a process of its own"] as const] : []),
    ...brokerLines(node.settings, embedded !== undefined),
    ["end", "Ctrl-C"],
  ]);
  for (const note of notes) output.note(note);
  node.start();
  await end;
  await node.stop();
  await embedded?.close();
}

/** For an image that names no broker: one in this process, which it names then. */
export async function embeddedBroker(
  image: Record<string, unknown>,
  notes: string[],
): Promise<EmbeddedBroker | undefined> {
  if (image["broker"] !== undefined) return undefined;
  const broker = await startBroker(notes);
  image["broker"] = `mqtt://127.0.0.1:${broker.port}`;
  return broker;
}

/** On MQTT's own port or, where that is taken, on another. */
async function startBroker(notes: string[]): Promise<EmbeddedBroker> {
  try {
    return await startEmbeddedBroker(MQTT_PORT);
  } catch {
    const broker = await startEmbeddedBroker(0);
    notes.push(
      `port ${MQTT_PORT} is taken: the embedded broker is at ${broker.port} (--broker uses the one that is there)`,
    );
    return broker;
  }
}

/** What the device is, and where it speaks. */
export function deviceLines(settings: Settings): [string, string][] {
  if (settings.device === "climate") {
    return [
      [
        "climate",
        `simulated relays in a room of 22 to 26 °C; mode ${settings.mode}, target ${settings.target} °C`,
      ],
      ["follows", followedTopic(settings)],
      ["topic", `${settings.topic}/mode, target, action`],
    ];
  }
  const lines: [string, string][] = [
    ["sensor", describeSensor(settings)],
    ["topic", `${settings.topic}/${QUANTITIES[0]}`],
  ];
  if (settings.server !== "") lines.push(["server", `${settings.server} (raw TCP, a line for each reading)`]);
  return lines;
}

export function brokerLines(settings: Settings, embedded: boolean): [string, string][] {
  const broker = brokerOf(settings);
  if (!broker) return [];
  return [
    ["broker", `${brokerURL(broker)}${embedded ? " (embedded, this process)" : ""}`],
    ["watch", watchCommand(broker, settings)],
  ];
}

/** What a shell takes, but for what is a secret or was a file. */
function watchCommand({ host, port, secure, user, password }: Endpoint, settings: Settings): string {
  const options = [`-h ${host} -p ${port}`];
  if (user !== undefined) options.push("-u <user>");
  if (password !== undefined) options.push("-P <password>");
  // mosquitto_sub knows no pin.
  if (secure)
    options.push(settings.ca === "" && settings.pin === "" ? "--tls-use-os-certs" : "--cafile <file>");
  if (settings.cert !== "") options.push("--cert <file> --key <file>");
  const topic = `${settings.topic}/#`.replaceAll("'", "'\\''");
  return `mosquitto_sub ${options.join(" ")} -t '${topic}' -v`;
}

function describeSensor(settings: Settings): string {
  switch (settings.sensor) {
    case "uart":
      return `lines from ${settings.uart} at ${settings.baud} bit/s`;
    case "sht3x":
      return "SHT3x, simulated at register level in a room of 22 to 26 °C";
    default:
      return "TMP117, simulated at register level in a room of 22 to 26 °C";
  }
}
