import mqttPacket, { type IConnectPacket, type Packet } from "mqtt-packet";
import type { Peer } from "../../host-sim/boards/virtual/network.js";
import type { MemoryBroker } from "../../host-sim/world/memory-broker.js";

/** The far end of a connection to a MemoryBroker: it sends packets as bytes and notes what comes back. */
export class BrokerClient {
  readonly packets: Packet[] = [];
  /** The broker has ended the connection. */
  ended = false;
  #peer: Peer;

  constructor(broker: MemoryBroker) {
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on("packet", (packet: Packet) => this.packets.push(packet));
    this.#peer = {
      onData: () => {},
      onClose: () => {},
      write: (bytes) => {
        if (!this.ended) parser.parse(Buffer.from(bytes));
      },
      close: () => {
        this.ended = true;
      },
    };
    broker.accept(this.#peer);
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.ended) this.#peer.onData(bytes);
  }

  send(packet: Packet): this {
    this.sendBytes(new Uint8Array(mqttPacket.generate(packet)));
    return this;
  }

  connect(clientId: string, options: Partial<IConnectPacket> = {}): this {
    return this.send({ cmd: "connect", clientId, clean: true, keepalive: 0, ...options } as Packet);
  }

  subscribe(topic: string, qos: 0 | 1 | 2 = 0): this {
    return this.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos }] });
  }

  publish(topic: string, payload: string, options: object = {}): this {
    return this.send({
      cmd: "publish",
      topic,
      payload,
      qos: 0,
      retain: false,
      dup: false,
      ...options,
    } as Packet);
  }

  /** The connection is lost or closed, without a DISCONNECT. */
  drop(): void {
    this.#peer.onClose();
  }

  /** Takes what has come: each packet in a line. */
  take(): string[] {
    return this.packets.splice(0).map(line);
  }
}

function line(packet: Packet): string {
  switch (packet.cmd) {
    case "publish": {
      const flags = `${packet.retain ? " retained" : ""}${packet.dup ? " dup" : ""}`;
      const id = packet.qos > 0 ? ` id ${packet.messageId}` : "";
      return `${packet.topic}=${packet.payload} qos ${packet.qos}${id}${flags}`;
    }
    case "connack":
      return `connack ${packet.returnCode}${packet.sessionPresent ? " session" : ""}`;
    case "suback":
      return `suback ${packet.messageId} ${packet.granted.join()}`;
    default:
      return packet.messageId === undefined ? packet.cmd : `${packet.cmd} ${packet.messageId}`;
  }
}
