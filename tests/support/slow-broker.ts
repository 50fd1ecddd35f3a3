import { once } from "node:events";
import net from "node:net";
import mqttPacket, { type IPublishPacket, type Packet } from "mqtt-packet";

export interface Received {
  topic: string;
  payload: string;
  retain: boolean;
}

/**
 * A broker on loopback whose slowness the test decides: it withholds acknowledgements, stops reading, goes away and comes
 * back at the same port. It keeps nothing but what it was told.
 */
export class SlowBroker {
  /** Every PUBLISH, in the order in which it came. */
  readonly received: Received[] = [];
  /** The last retained message of each topic. */
  readonly retained = new Map<string, string>();
  /** PUBLISH with QoS 1 that came and were not acknowledged, at most, at once. */
  mostUnderWay = 0;
  connections = 0;
  #holds = false;
  #reads = true;
  #port = 0;
  #server: net.Server | undefined;
  #sockets = new Map<net.Socket, number[]>();

  static async start(port = 0): Promise<SlowBroker> {
    const broker = new SlowBroker();
    broker.#port = port;
    await broker.comeBack();
    return broker;
  }

  get port(): number {
    return this.#port;
  }

  get underWay(): number {
    let count = 0;
    for (const ids of this.#sockets.values()) count += ids.length;
    return count;
  }

  /** Acknowledgements are withheld, or those withheld go out: all, or so many. */
  hold(): void {
    this.#holds = true;
  }

  release(count = Number.POSITIVE_INFINITY): void {
    if (count === Number.POSITIVE_INFINITY) this.#holds = false;
    for (const [socket, ids] of this.#sockets)
      for (const messageId of ids.splice(0, count)) send(socket, { cmd: "puback", messageId });
  }

  /** Whether it reads what comes. */
  set reads(reads: boolean) {
    this.#reads = reads;
    for (const socket of this.#sockets.keys()) {
      if (reads) socket.resume();
      else socket.pause();
    }
  }

  publish(topic: string, payload: string, retain = false): void {
    for (const socket of this.#sockets.keys())
      send(socket, { cmd: "publish", topic, payload, qos: 0, retain, dup: false });
  }

  /** Of a topic, or of all readings: those whose payload has a seq. */
  readings(topic?: string): (Received & { seq: number; epoch: string; late: boolean; value: number })[] {
    return this.received
      .filter((one) => (topic === undefined ? one.payload.includes('"seq"') : one.topic === topic))
      .map((one) => {
        const { seq, epoch, late = false, temperature } = JSON.parse(one.payload);
        return { ...one, seq, epoch, late, value: temperature };
      });
  }

  /** Connections break, and nobody listens any more. */
  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets.keys()) socket.destroy();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async comeBack(): Promise<void> {
    this.#server = net.createServer((socket) => this.#accept(socket));
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as net.AddressInfo).port;
  }

  #accept(socket: net.Socket): void {
    this.connections += 1;
    const unacknowledged: number[] = [];
    this.#sockets.set(socket, unacknowledged);
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on("packet", (packet: Packet) => this.#packet(socket, unacknowledged, packet));
    socket.on("data", (data) => parser.parse(data as Buffer));
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    if (!this.#reads) socket.pause();
  }

  #packet(socket: net.Socket, unacknowledged: number[], packet: Packet): void {
    switch (packet.cmd) {
      case "connect":
        return send(socket, { cmd: "connack", returnCode: 0, sessionPresent: false });
      case "subscribe":
        return send(socket, {
          cmd: "suback",
          messageId: packet.messageId as number,
          granted: packet.subscriptions.map(() => 1),
        });
      case "pingreq":
        return send(socket, { cmd: "pingresp" });
      case "publish":
        this.#published(packet);
        if (packet.qos !== 1) return;
        unacknowledged.push(packet.messageId as number);
        this.mostUnderWay = Math.max(this.mostUnderWay, unacknowledged.length);
        if (this.#holds) return;
        unacknowledged.pop();
        return send(socket, { cmd: "puback", messageId: packet.messageId as number });
      default:
        return;
    }
  }

  #published({ topic, payload, retain }: IPublishPacket): void {
    const text = payload.toString();
    this.received.push({ topic, payload: text, retain });
    if (retain) this.retained.set(topic, text);
  }
}

function send(socket: net.Socket, packet: Packet): void {
  if (socket.writable) socket.write(mqttPacket.generate(packet));
}
