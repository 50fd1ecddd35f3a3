import path from "node:path";
import { brokerOf } from "../firmware/settings.js";
import { secureOf } from "../host-sim/boards/credentials.js";
import { simulatedHardware } from "../host-sim/boards/live.js";
import { DEFAULT_ID, DEFAULT_TOPICS, type RunningServer, startServer } from "../services/server/server.js";
import type { StoreError } from "../services/server/store-error.js";
import { Failure, UsageError } from "./command.js";
import { LaptopNode } from "./laptop-node.js";
import { brokerLines, deviceLines, embeddedBroker } from "./node.js";
import { type NodeOptions, parseNodeOptions } from "./node-options.js";
import { labelled, type Output } from "./output.js";
import type { Part } from "./parts.js";
import { addServerOptions, cannotStart, type Served, servedOf } from "./server-options.js";

/**
 * An air conditioner for a room that one can watch: nothing in it breaks when it rests for seconds instead of minutes. It
 * is on, with a target that the room never exceeds by itself, so that a lower target is all it takes to see it work.
 */
const SIMULATED_CLIMATE = { device: "climate", mode: "cool", target: "26", minon: "5s", minoff: "3s" };

/** The readings, in the directory of `--state`. */
const STORE = "readings.db";

interface AllOptions extends NodeOptions {
  served: Served;
}

/** Runs the whole picture: broker, sensor node, air conditioner, server, page. */
export const allParts: Part = (argv, version) => {
  const parsed = parseNodeOptions("all", argv, version, (command) =>
    addServerOptions(
      command,
      `keep the readings in this file (default: ${STORE} in the directory of --state; in memory without it)`,
    ),
  );
  if (!parsed) return undefined;
  const { values, ...node } = parsed;
  if (values["device"] !== undefined)
    throw new UsageError("option --device is for one device alone: npm start -- node --device climate");
  const options: AllOptions = { ...node, served: servedOf(values) };
  return { ...options, run: (output, end) => run(options, version, output, end) };
};

async function run(options: AllOptions, version: string, output: Output, end: Promise<void>): Promise<void> {
  const image: Record<string, unknown> = { ...options.settings };
  const notes: string[] = [];
  const embedded = image["broker"] === undefined ? await embeddedBroker(notes) : undefined;
  if (embedded) image["broker"] = `mqtt://127.0.0.1:${embedded.port}`;
  // One room: what the one measures, the other cools.
  const hardware = simulatedHardware();
  const { state } = options;
  const sensor = new LaptopNode({ image, state, version, monitor: output, hardware });
  const climate = new LaptopNode({
    image: { ...linkOf(image), ...SIMULATED_CLIMATE, topic: `${sensor.settings.topic}/climate` },
    state: state === undefined ? undefined : path.join(state, "climate"),
    version,
    monitor: labelled("climate", output),
    hardware,
  });
  const failing = failure();
  const server = await startServerFor(sensor, options, version, output, failing.fail);
  output.banner(`Hearth ${version}`, [
    ["page", server.url],
    ...deviceLines(sensor.settings),
    ["climate", `${climate.settings.topic}, in the same room`],
    ...brokerLines(sensor.settings, embedded !== undefined),
    ["end", "Ctrl-C"],
  ]);
  for (const note of notes) output.note(note);
  sensor.start();
  climate.start();
  const failed = await Promise.race([failing.failed, end.then(() => undefined)]);
  await Promise.all([sensor.stop(), climate.stop()]);
  await server.close();
  await embedded?.close();
  if (failed) throw new Failure(failed.message);
}

/** A server for whatever the sensor node publishes, at the same broker. */
async function startServerFor(
  { settings, identity }: LaptopNode,
  { served, state }: AllOptions,
  version: string,
  output: Output,
  onFailure: (error: StoreError) => void,
): Promise<RunningServer> {
  const endpoint = brokerOf(settings);
  if (!endpoint) throw new UsageError("the node kept no broker: use --broker <mqtt[s]://host[:port]>");
  const store = served.store ?? (state === undefined ? undefined : path.join(state, STORE));
  const isCovered = settings.topic.startsWith("home/");
  return startServer({
    ...served,
    ...(store !== undefined && { store }),
    broker: { endpoint, secure: endpoint.secure ? secureOf(settings) : undefined },
    // Another one of these may be at the same broker.
    id: `${DEFAULT_ID}-${identity}`,
    topics: isCovered ? DEFAULT_TOPICS : [...DEFAULT_TOPICS, `${settings.topic}/#`],
    version,
    onNote: (text) => output.note(`server: ${text}`),
    onWarning: (text) => output.warning?.(`server: ${text}`),
    onFailure,
  }).catch((error: unknown) => {
    throw cannotStart(error, served.listen);
  });
}

function failure(): { fail: (error: StoreError) => void; failed: Promise<StoreError> } {
  let fail: (error: StoreError) => void = () => {};
  const failed = new Promise<StoreError>((resolve) => {
    fail = resolve;
  });
  return { fail, failed };
}

/** The settings that both devices have: how to reach the broker, and whom to trust there. */
function linkOf(image: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = ["broker", "ca", "pin", "cert", "key", "keepalive", "spread", "diagnostics", "discovery"];
  return Object.fromEntries(names.map((name) => [name, image[name]]));
}
