import path from "node:path";
import { type Endpoint, hostPort } from "../firmware/codec/endpoint.js";
import type { Settings } from "../firmware/config.js";
import { brokerOf } from "../firmware/settings.js";
import { secureOf } from "../host-sim/boards/credentials.js";
import { simulatedHardware } from "../host-sim/boards/live.js";
import { hasChip } from "../host-sim/boot/chip-files.js";
import type { Secure } from "../host-sim/io/tls.js";
import type { RunningGateway } from "../services/gateway/gateway.js";
import { DEFAULT_ID, DEFAULT_TOPICS } from "../services/server/server.js";
import { UsageError } from "./command.js";
import { Early, startAt } from "./gateway.js";
import { PORT as GATEWAY_PORT, STORE as GATEWAY_STORE } from "./gateway-options.js";
import { LaptopNode } from "./laptop-node.js";
import { brokerLines, deviceLines, embeddedBroker } from "./node.js";
import { CLIMATE_SETTINGS, type NodeOptions, parseNodeOptions } from "./node-options.js";
import { labelled, type Output } from "./output.js";
import type { Part } from "./parts.js";
import { type Serving, startServing } from "./server.js";
import { addServerOptions, type Served, servedOf } from "./server-options.js";

/**
 * An air conditioner for a room that one can watch: nothing in it breaks when it rests for seconds instead of minutes. It
 * is on, with a target that the room never exceeds by itself, so that a lower target is all it takes to see it work.
 */
const SIMULATED_CLIMATE = { device: "climate", mode: "cool", target: "26", minon: "5s", minoff: "3s" };

const LOOPBACK = "127.0.0.1";

/** The readings, in the directory of `--state`. */
const STORE = "readings.db";

interface AllOptions extends NodeOptions {
  served: Served;
}

/** Runs the whole picture: broker, sensor node, air conditioner, gateway, server, page. */
export const allParts: Part = (argv, version) => {
  const parsed = parseNodeOptions("all", argv, version, (command) =>
    addServerOptions(
      command,
      `keep the readings in this file (default: ${STORE} in the directory of --state; in memory without it)`,
    ),
  );
  if (!parsed) return undefined;
  const { values, ...node } = parsed;
  const options: AllOptions = { ...node, served: servedOf(values) };
  return { ...options, run: (output, end) => run(options, version, output, end) };
};

async function run(options: AllOptions, version: string, output: Output, end: Promise<void>): Promise<void> {
  const image: Record<string, unknown> = { ...options.settings };
  const climateImage = takeClimateSettings(image);
  const notes: string[] = [];
  const embedded = await embeddedBroker(image, notes);
  if (options.state !== undefined && hasChip(options.state))
    notes.push(
      `${options.state} has the slots of a device that can be updated: npm start -- node runs what is in them, this runs the checkout's firmware`,
    );
  // One room: what the one measures, the other cools.
  const hardware = simulatedHardware();
  const { state } = options;
  const sensor = new LaptopNode({ image, state, version, monitor: output, hardware });
  const climate = new LaptopNode({
    image: {
      ...linkOf(image),
      ...SIMULATED_CLIMATE,
      ...climateImage,
      topic: `${sensor.settings.topic}/climate`,
    },
    state: state === undefined ? undefined : path.join(state, "climate"),
    version,
    monitor: labelled("climate", output),
    hardware,
  });
  const early = new Early();
  for (const note of notes) early.say(() => output.note(note));
  const server = await startServerFor(sensor, options, version, labelledEarly("server", output, early));
  const gateway = await startGatewayFor(sensor, options, version, labelledEarly("gateway", output, early));
  output.banner(`Hearth ${version}`, [
    ["page", server.url],
    ...deviceLines(sensor.settings),
    [
      "climate",
      `${climate.settings.topic}, simulated in ${sensor.settings.sensor === "uart" ? "a" : "the same"} room`,
    ],
    [
      "gateway",
      `${hostPort(LOOPBACK, gateway.port)} (TCP, a line for each message of a device without MQTT)`,
    ],
    ...brokerLines(sensor.settings, embedded !== undefined),
    ["end", "Ctrl-C"],
  ]);
  early.end();
  sensor.start();
  climate.start();
  const failed = await Promise.race([server.failed, end.then(() => undefined)]);
  await Promise.all([sensor.stop(), climate.stop(), gateway.close()]);
  await server.close();
  await embedded?.close();
  if (failed) throw failed;
}

/** A server for whatever the sensor node publishes, at the same broker. */
function startServerFor(
  { settings, identity }: LaptopNode,
  { served, state }: AllOptions,
  version: string,
  tell: Told,
): Promise<Serving> {
  const store = served.store ?? (state === undefined ? undefined : path.join(state, STORE));
  const isCovered = settings.topic.startsWith("home/");
  return startServing({
    ...served,
    ...(store !== undefined && { store }),
    broker: brokerFor(settings),
    // Another one of these may be at the same broker.
    id: `${DEFAULT_ID}-${identity}`,
    topics: isCovered ? DEFAULT_TOPICS : [...DEFAULT_TOPICS, `${settings.topic}/#`],
    version,
    onNote: tell.note,
    onWarning: tell.warning,
  });
}

/** On loopback, for devices without MQTT; elsewhere, and on serial ports, `npm start -- gateway` listens. */
function startGatewayFor(
  { settings }: LaptopNode,
  { state }: AllOptions,
  version: string,
  tell: Told,
): Promise<RunningGateway> {
  return startAt(
    {
      ...brokerFor(settings),
      base: "home",
      listen: { host: LOOPBACK, port: GATEWAY_PORT },
      version,
      ...(state !== undefined && { store: path.join(state, GATEWAY_STORE) }),
    },
    true,
    { ...tell, device: (name, isOnline) => tell.note(`${name} is ${isOnline ? "online" : "offline"}`) },
  );
}

interface Told {
  note: (text: string) => void;
  warning: (text: string) => void;
}

/** What a service tells: each line with its name, and none before the banner. */
function labelledEarly(label: string, output: Output, early: Early): Told {
  return {
    note: (text) => early.say(() => output.note(`${label}: ${text}`)),
    warning: (text) => early.say(() => output.warning?.(`${label}: ${text}`)),
  };
}

/** The node's broker: it may have kept another than the command line's. */
function brokerFor(settings: Settings): { endpoint: Endpoint; secure: Secure | undefined } {
  const endpoint = brokerOf(settings);
  if (!endpoint) throw new UsageError("the node kept no broker: use --broker <mqtt[s]://host[:port]>");
  return { endpoint, secure: endpoint.secure ? secureOf(settings) : undefined };
}

/** Those of the air conditioner, taken out of what the command line says. */
function takeClimateSettings(image: Record<string, unknown>): Record<string, unknown> {
  const taken: Record<string, unknown> = {};
  for (const name of CLIMATE_SETTINGS) {
    if (image[name] !== undefined) taken[name] = image[name];
    delete image[name];
  }
  return taken;
}

/** The settings that both devices have: how to reach the broker, and whom to trust there. */
function linkOf(image: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = ["broker", "ca", "pin", "cert", "key", "keepalive", "spread", "diagnostics", "discovery"];
  return Object.fromEntries(names.map((name) => [name, image[name]]));
}
