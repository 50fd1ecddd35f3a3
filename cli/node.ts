import { type Endpoint, hostPort } from "../firmware/codec/endpoint.js";
import { QUANTITIES } from "../firmware/codec/reading.js";
import { type Board, compose, sensorNames } from "../firmware/compose.js";
import type { Settings } from "../firmware/config.js";
import { openDeviceSettings } from "../firmware/device-settings.js";
import { Boots } from "../firmware/health/boots.js";
import { brokerOf, readSettings } from "../firmware/settings.js";
import { liveBoard } from "../host-sim/boards/live.js";
import { KeyValue } from "../host-sim/storage/key-value.js";
import { type EmbeddedBroker, startEmbeddedBroker } from "../host-sim/world/embedded-broker.js";
import { type NodeOptions, parseNodeOptions } from "./node-options.js";
import type { Output } from "./output.js";
import type { Part } from "./parts.js";

/** The standard port of MQTT. */
const MQTT_PORT = 1883;

export const nodePart: Part = (argv, version) => {
  const options = parseNodeOptions(argv, version);
  return options && { ...options, run: (output, end) => run(options, version, output, end) };
};

async function run(options: NodeOptions, version: string, output: Output, end: Promise<void>): Promise<void> {
  const image: Record<string, unknown> = { ...options.settings };
  const notes: string[] = [];
  const embedded = image["broker"] === undefined ? await embeddedBroker(notes) : undefined;
  if (embedded) image["broker"] = `mqtt://127.0.0.1:${embedded.port}`;

  const problems: string[] = [];
  const storage = openState(options.state, problems);
  // No reset reason: what the last run stored tells whether it ended on purpose.
  const boots = new Boots(storage, undefined, problems);
  const { raw } = openDeviceSettings(image, storage, problems);
  const board: Board = liveBoard({
    topic: String(raw["topic"] ?? ""),
    ...(options.state !== undefined && { state: options.state }),
  });
  const settings = readSettings(raw, sensorNames(board), problems);
  banner(output, version, settings, embedded !== undefined);
  for (const note of notes) output.note(note);
  for (const problem of problems) output.warning?.(problem);

  const node = compose({ board, settings, monitor: output, boot: boots.number, boots, version });
  node.start();
  await end;
  await new Promise<void>((resolve) => node.stop(resolve));
  await embedded?.close();
}

/** On MQTT's own port or, where that is taken, on another. */
async function embeddedBroker(notes: string[]): Promise<EmbeddedBroker> {
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

/** The node's key-value storage, where the user wants one. */
function openState(directory: string | undefined, problems: string[]): KeyValue | undefined {
  if (directory === undefined) return undefined;
  try {
    return KeyValue.open({ directory, path: "hearth" });
  } catch (error) {
    problems.push(`--state: ${(error as Error).message}; settings and restarts are not kept in this run`);
    return undefined;
  }
}

function banner(output: Output, version: string, settings: Settings, embedded: boolean): void {
  const broker = brokerOf(settings);
  const lines: [string, string][] = [["sensor", describeSensor(settings)]];
  if (broker) {
    const { host, port, secure } = broker;
    lines.push([
      "broker",
      `mqtt${secure ? "s" : ""}://${hostPort(host, port)}${embedded ? " (embedded, this process)" : ""}`,
    ]);
    lines.push(["topic", `${settings.topic}/${QUANTITIES[0]}`]);
    lines.push(["watch", watchCommand(broker, settings)]);
  }
  if (settings.server !== "") lines.push(["server", `${settings.server} (raw TCP, a line for each reading)`]);
  lines.push(["end", "Ctrl-C"]);
  output.banner(`Hearth ${version}`, lines);
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
