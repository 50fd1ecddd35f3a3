/**
 * The program that publishes: as one of three kinds of clients, the same message again and again. At QoS 0 a last message
 * at QoS 1 proves by its PUBACK that the broker has read all before; at QoS 1 there are never more than a window under way,
 * and half of it is filled again at once.
 */

import { serve } from "./child.js";
import { HearthPublisher } from "./publisher-hearth.js";
import { MQTTJSPublisher } from "./publisher-mqttjs.js";
import { SocketPublisher } from "./publisher-socket.js";

export interface PublishTask {
  readonly peer: "hearth" | "socket" | "mqtt.js";
  /** The broker's, on loopback. */
  readonly port: number;
  readonly QoS: 0 | 1;
  readonly count: number;
  /** Messages before those that are counted. */
  readonly warming: number;
  /** Messages under way at once, at QoS 1. */
  readonly window: number;
}

export interface PublishResult {
  /** Messages a second, until the broker had them all. */
  readonly rate: number;
  /** Microseconds that this process worked for one. */
  readonly processor: number;
  readonly acknowledged: number;
  readonly expected: number;
}

/** One of the three. */
export interface Publisher {
  /** Settles when the broker has accepted the connection. */
  connect(): Promise<void>;
  /** Settles when the broker has them all. @returns PUBACKs that came */
  publish(count: number): Promise<number>;
  close(): void;
}

/** What each of them is made from. */
export interface PublisherOptions {
  readonly port: number;
  readonly QoS: 0 | 1;
  readonly window: number;
  readonly id: string;
  readonly topic: string;
  readonly payload: Uint8Array;
}

const PAYLOAD = '{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1"}';

const KINDS = { hearth: HearthPublisher, socket: SocketPublisher, "mqtt.js": MQTTJSPublisher } as const;

serve<PublishTask, PublishResult>(async ({ peer, port, QoS, count, warming, window }) => {
  const publisher: Publisher = new KINDS[peer]({
    port,
    QoS,
    window,
    id: `bench-${process.pid}`,
    topic: "home/livingroom/temperature",
    payload: new Uint8Array(Buffer.from(PAYLOAD)),
  });
  await publisher.connect();
  let acknowledged = await publisher.publish(warming);
  const usage = process.cpuUsage();
  const start = performance.now();
  acknowledged += await publisher.publish(count);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(usage);
  publisher.close();
  return {
    rate: count / seconds,
    processor: (user + system) / count,
    acknowledged,
    // At QoS 0 the last one of each of the two alone.
    expected: QoS === 0 ? 2 : warming + count,
  };
});
