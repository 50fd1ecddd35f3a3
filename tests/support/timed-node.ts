import { TimeServer } from "../../host-sim/world/time-server.js";
import { virtualNode } from "./node.js";
import { TRUE_TIME } from "./time.js";

export interface PublishedReading {
  temperature: number;
  seq: number;
  late?: boolean;
  time?: number;
  uptime?: number;
  boot?: number;
}

/** A whole node that does not know the time, and `count` servers that do; not started. */
export function timedNode(
  settings: Readonly<Record<string, unknown>> = {},
  options: Parameters<typeof virtualNode>[1] = {},
  count = 2,
  world: Parameters<typeof virtualNode>[2] = {},
) {
  const addresses = Array.from({ length: count }, (_, index) => `10.0.1.${index + 1}`);
  const parts = virtualNode(
    { ntp: addresses.join() || "off", spread: 0, ...settings },
    { now: TRUE_TIME, clockUnset: true, ...options },
    world,
  );
  const { board, broker } = parts;
  const servers = addresses.map((address) => new TimeServer(board.net.datagrams, board.world, address));
  /** Each reading, and by how many milliseconds it says less than the true time when it is published. */
  const published: { reading: PublishedReading; age: number }[] = [];
  broker.onPublish = ({ topic, payload }) => {
    if (!topic.endsWith("/temperature")) return;
    const reading = JSON.parse(payload) as PublishedReading;
    published.push({ reading, age: (board.world.now() as number) - (reading.time ?? Number.NaN) });
  };
  return { ...parts, servers, published };
}
