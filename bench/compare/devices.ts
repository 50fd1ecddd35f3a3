/** The program that holds many devices, whole nodes or MQTT.js clients, and says what one of them takes. */

import mqtt, { type MqttClient } from "mqtt";
import { LaptopNode } from "../../cli/laptop-node.js";
import { serve } from "./child.js";

export interface DevicesTask {
  readonly kind: "hearth" | "mqtt.js";
  /** The broker's, on loopback. */
  readonly port: number;
  /** Begins the name of each. */
  readonly name: string;
  readonly count: number;
  /** Devices before those that are counted. */
  readonly warming: number;
}

/** Kilobytes of 1,024 bytes for each device. */
export interface DevicesResult {
  /** Of V8's heap, with the buffers outside of it. */
  readonly heap: number;
  readonly resident: number;
  /** Of those that are counted: connected, and a reading of each acknowledged. */
  readonly connected: number;
}

/** Seconds between readings. */
const INTERVAL = 5;

/** Seconds. */
const KEEP_ALIVE = 60;

/** Devices that connect at once, and milliseconds between two such groups. */
const GROUP = 20;
const GROUP_PERIOD = 50;

/** Milliseconds and times that the collector needs to be done. */
const SETTLING = 150;
const COLLECTIONS = 4;

/** Milliseconds for all of them to have been heard. */
const LIMIT = 60_000;

type Make = (base: string, onDelivered: () => void) => unknown;

serve<DevicesTask, DevicesResult>(async ({ kind, port, name, count, warming }) => {
  const make = (kind === "hearth" ? node : client)(port);
  const kept: unknown[] = [];
  const connect = async (number: number, prefix: string) => {
    let delivered = 0;
    for (let i = 0; i < number; i++) {
      kept.push(make(`bench/${kind}-${name}/${prefix}${i}`, () => delivered++));
      if (i % GROUP === GROUP - 1) await pause(GROUP_PERIOD);
    }
    const end = performance.now() + LIMIT;
    while (delivered < number && performance.now() < end) await pause(20);
    return delivered;
  };
  await connect(warming, "w");
  const before = await settled();
  const connected = await connect(count, "");
  const after = await settled();
  const each = (bytes: (usage: NodeJS.MemoryUsage) => number) =>
    (bytes(after) - bytes(before)) / count / 1024;
  return {
    heap: each(({ heapUsed, external }) => heapUsed + external),
    resident: each(({ rss }) => rss),
    connected,
  };
});

/** A whole node as `npm start -- node` runs it; `onDelivered` is called once. */
function node(port: number): Make {
  return (topic, onDelivered) => {
    let isFirst = true;
    const device = new LaptopNode({
      image: { broker: `mqtt://127.0.0.1:${port}`, topic, interval: INTERVAL * 1000, spread: 1000 },
      state: undefined,
      version: "0.0.0",
      monitor: {
        delivered: () => {
          if (isFirst) onDelivered();
          isFirst = false;
        },
      },
    });
    device.start();
    return device;
  };
}

/** A client that says what a node says, of a value that nothing measures. */
function client(port: number): Make {
  return (base, onDelivered) => {
    const link: MqttClient = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
      clientId: base,
      clean: false,
      keepalive: KEEP_ALIVE,
      will: { topic: `${base}/status`, payload: Buffer.from("offline"), qos: 1, retain: true },
    });
    let seq = 0;
    const publish = () => {
      seq += 1;
      const reading = { temperature: 21.44, time: Date.now(), seq, epoch: "5f3a09c1" };
      link.publish(`${base}/temperature`, JSON.stringify(reading), { qos: 1, retain: true }, () => {
        if (reading.seq === 1) onDelivered();
      });
    };
    link.once("connect", () => {
      link.subscribe([`${base}/command`, `${base}/update`], { qos: 1 });
      link.publish(`${base}/status`, "online", { qos: 1, retain: true });
      publish();
      setInterval(publish, INTERVAL * 1000);
    });
    return link;
  };
}

async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await pause(SETTLING);
  }
  return process.memoryUsage();
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
