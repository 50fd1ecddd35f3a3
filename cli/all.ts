import path from "node:path";
import { simulatedHardware } from "../host-sim/boards/live.js";
import { LaptopNode } from "./laptop-node.js";
import { brokerLines, deviceLines, embeddedBroker } from "./node.js";
import { type NodeOptions, parseNodeOptions } from "./node-options.js";
import { labelled, type Output } from "./output.js";
import type { Part } from "./parts.js";

/**
 * An air conditioner for a room that one can watch: nothing in it breaks when it rests for seconds instead of minutes. It
 * is on, with a target that the room never exceeds by itself, so that a lower target is all it takes to see it work.
 */
const SIMULATED_CLIMATE = { device: "climate", mode: "cool", target: "26.5", minon: "5s", minoff: "3s" };

/** Runs the whole picture: broker, sensor node, air conditioner, server, page. */
export const allParts: Part = (argv, version) => {
  const options = parseNodeOptions("all", argv, version);
  return options && { ...options, run: (output, end) => run(options, version, output, end) };
};

async function run(options: NodeOptions, version: string, output: Output, end: Promise<void>): Promise<void> {
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
  output.banner(`Hearth ${version}`, [
    ...deviceLines(sensor.settings),
    ["climate", `${climate.settings.topic}, in the same room`],
    ...brokerLines(sensor.settings, embedded !== undefined),
    ["end", "Ctrl-C"],
  ]);
  for (const note of notes) output.note(note);
  sensor.start();
  climate.start();
  await end;
  await Promise.all([sensor.stop(), climate.stop()]);
  await embedded?.close();
}

/** The settings that both devices have: how to reach the broker, and whom to trust there. */
function linkOf(image: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = ["broker", "ca", "pin", "cert", "key", "keepalive", "spread", "diagnostics", "discovery"];
  return Object.fromEntries(names.map((name) => [name, image[name]]));
}
