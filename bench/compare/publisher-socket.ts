import { once } from "node:events";
import net from "node:net";
import mqttPacket, { type Packet } from "mqtt-packet";
import type { Publisher, PublisherOptions } from "./publisher.js";

/** Bytes of a write at QoS 0. */
const PIECE = 65_536;

/** Identifiers begin anew behind this one. */
const ID_LIMIT = 0xffff;

const PUBACK_SIZE = 4;

/** Bytes that were prepared before, and PUBACKs counted by their length: as little as can be done. */
export class SocketPublisher implements Publisher {
  #options: PublisherOptions;
  #socket!: net.Socket;
  /** A PUBLISH with each identifier, all of one length, one behind the other; at QoS 0 those of one piece. */
  #bytes: Buffer;
  #size: number;
  #last: Buffer;
  #received = 0;
  #next = 0;
  #onData: () => void = () => {};

  constructor(options: PublisherOptions) {
    const { QoS } = options;
    this.#options = options;
    this.#last = mqttPacket.generate(this.#packet(1, 1));
    this.#size = mqttPacket.generate(this.#packet(QoS, 1)).length;
    const count = QoS === 0 ? Math.floor(PIECE / this.#size) : ID_LIMIT;
    this.#bytes = Buffer.concat(
      Array.from({ length: count }, (_, i) => mqttPacket.generate(this.#packet(QoS, i + 1))),
    );
  }

  #packet(qos: 0 | 1, messageId: number): Packet {
    const { topic, payload } = this.#options;
    return {
      cmd: "publish",
      topic,
      payload: Buffer.from(payload),
      qos,
      retain: false,
      dup: false,
      ...(qos > 0 && { messageId }),
    };
  }

  async connect(): Promise<void> {
    const { port, id } = this.#options;
    const socket = net.connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket = socket;
    await once(socket, "connect");
    socket.write(
      mqttPacket.generate({
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: 4,
        clean: true,
        clientId: id,
        keepalive: 0,
      }),
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    if (answer.length !== 4 || answer[3] !== 0) throw new Error("the broker refuses the connection");
    socket.on("data", (data: Buffer) => {
      this.#received += data.length;
      this.#onData();
    });
  }

  publish(count: number): Promise<number> {
    this.#received = 0;
    return this.#options.QoS === 0 ? this.#pour(count) : this.#exchange(count);
  }

  async #pour(count: number): Promise<number> {
    const socket = this.#socket;
    const most = this.#bytes.length / this.#size;
    for (let unsent = count; unsent > 0; ) {
      const now = Math.min(unsent, most);
      unsent -= now;
      if (!socket.write(this.#bytes.subarray(0, now * this.#size))) await once(socket, "drain");
    }
    await new Promise<void>((resolve) => {
      this.#onData = () => {
        if (this.#received === PUBACK_SIZE) resolve();
      };
      socket.write(this.#last);
    });
    return 1;
  }

  #exchange(count: number): Promise<number> {
    const { window } = this.#options;
    return new Promise((resolve) => {
      let sent = 0;
      const send = () => {
        const acknowledged = Math.floor(this.#received / PUBACK_SIZE);
        if (acknowledged === count) return resolve(acknowledged);
        if (sent - acknowledged > window / 2) return;
        const now = Math.min(count - sent, window - (sent - acknowledged));
        sent += now;
        this.#write(now);
      };
      this.#onData = send;
      send();
    });
  }

  /** The next so many, with their identifiers. */
  #write(count: number): void {
    for (let left = count; left > 0; ) {
      const now = Math.min(left, ID_LIMIT - this.#next);
      this.#socket.write(this.#bytes.subarray(this.#next * this.#size, (this.#next + now) * this.#size));
      this.#next = (this.#next + now) % ID_LIMIT;
      left -= now;
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
