/** The program that lets simulated time pass for one node, or does the packets of as many readings alone. */

import mqttPacket, { type Packet } from "mqtt-packet";
import { compose, sensorNames } from "../../firmware/compose.js";
import { readSettings } from "../../firmware/settings.js";
import { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { serve } from "./child.js";

export interface SimulationTask {
  /** Seconds between readings. */
  readonly interval: number;
  readonly hasJournal: boolean;
  readonly isOurs: boolean;
  /** Milliseconds of real time to go on for. */
  readonly duration: number;
}

export interface SimulationResult {
  /** Readings that came to the broker. */
  readonly readings: number;
  /** Of real time. */
  readonly seconds: number;
  /** Numbers that are missing among them. */
  readonly lost: number;
}

/** 20 November 2026. */
const BEGIN = 1_795_175_351_184;

/** Readings between two looks at the real clock. */
const BATCH = 500;

interface World {
  /** Lets time pass for so many readings. */
  pass(readings: number): void;
  /** Readings that came, and the last one. */
  readonly arrived: { count: number; last: string };
}

/** The node goes on where it was. */
let world: World | undefined;

serve<SimulationTask, SimulationResult>(({ interval, hasJournal, isOurs, duration }) => {
  if (!isOurs) {
    const { readings, seconds } = measure(duration, packetsAlone());
    return { readings, seconds, lost: 0 };
  }
  world ??= makeWorld(interval, hasJournal);
  const { arrived } = world;
  const before = arrived.count;
  const { seconds } = measure(duration, world.pass);
  const { seq } = JSON.parse(arrived.last) as { seq: number };
  return { readings: arrived.count - before, seconds, lost: seq - arrived.count };
});

function measure(duration: number, pass: (readings: number) => void): { readings: number; seconds: number } {
  const start = performance.now();
  let readings = 0;
  let passed = 0;
  while (passed < duration) {
    pass(BATCH);
    readings += BATCH;
    passed = performance.now() - start;
  }
  return { readings, seconds: passed / 1000 };
}

/** A whole node as it comes, and a broker that remembers nothing. */
function makeWorld(interval: number, hasJournal: boolean): World {
  const board = new VirtualBoard({ now: BEGIN, ...(hasJournal && { flash: new VirtualFlash() }) });
  const broker = new MemoryBroker({ history: false });
  const arrived = { count: 0, last: "" };
  broker.onPublish = ({ topic, payload }) => {
    if (!topic.endsWith("/temperature")) return;
    arrived.count += 1;
    arrived.last = payload;
  };
  board.net.listen("10.0.0.1", 1883, broker.accept);
  const problems: string[] = [];
  const settings = readSettings(
    { broker: "mqtt://10.0.0.1", interval: interval * 1000, durability: hasJournal ? "always" : "outage" },
    sensorNames(board),
    problems,
  );
  if (problems.length > 0) throw new Error(problems.join("; "));
  compose({ board, settings, monitor: {}, boot: 1, version: "0.0.0" }).start();
  return { pass: (readings) => board.clock.run(readings * interval * 1000), arrived };
}

/** Of each reading its PUBLISH is parsed and its PUBACK generated, as by the broker. */
function packetsAlone(): (readings: number) => void {
  const packet: Packet = {
    cmd: "publish",
    topic: "home/livingroom/temperature",
    payload: '{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1"}',
    qos: 1,
    retain: true,
    dup: false,
    messageId: 1234,
  };
  const bytes = mqttPacket.generate(packet);
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  let answered = 0;
  parser.on("packet", ({ messageId }) => {
    answered += mqttPacket.generate({ cmd: "puback", messageId: messageId as number }).length;
  });
  return (readings) => {
    const before = answered;
    for (let i = 0; i < readings; i++) parser.parse(bytes);
    if (answered - before !== 4 * readings) throw new Error("mqtt-packet has not answered all");
  };
}
