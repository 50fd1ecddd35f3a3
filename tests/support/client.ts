import mqttPacket, { type Packet } from "mqtt-packet";
import MQTTClient, { type ClientOptions } from "../../firmware/mqtt/client.js";
import type { MQTTError } from "../../firmware/mqtt/error.js";
import type { MQTTControl, MQTTReadableOptions } from "../../firmware/ports.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { type Peer, VirtualNetwork } from "../../host-sim/boards/virtual/network.js";

/** A message as the application got it. */
export interface Received {
  topic: string;
  payload: string;
  QoS: number | undefined;
  retain: boolean | undefined;
  duplicate: boolean | undefined;
  byteLength: number | undefined;
  pieces: number;
}

/**
 * A client on a virtual network, opposite a server whose every byte the test writes itself. Nothing is answered unless
 * the test does.
 */
export class ClientBench {
  readonly clock = new VirtualClock({ now: 0 });
  readonly net = new VirtualNetwork(this.clock);
  readonly received: Received[] = [];
  readonly controls: MQTTControl[] = [];
  readonly errors: MQTTError[] = [];
  readonly writable: number[] = [];
  /** What the client has sent, read by the oracle. */
  readonly sent: Packet[] = [];
  /** The sizes of the socket writes. */
  readonly writes: number[] = [];
  peerClosed = false;
  /** Bytes that the application leaves unread, for tests of backpressure. */
  reading = true;
  /** Runs in place of reading, first. */
  onMessage: ((client: MQTTClient, count: number, options: MQTTReadableOptions) => void) | undefined;
  onControl: ((client: MQTTClient, message: MQTTControl) => void) | undefined;
  readonly client: MQTTClient;
  #peer: Peer | undefined;

  constructor(options: Partial<ClientOptions> = {}) {
    const { clock, net } = this;
    net.listen("10.0.0.1", 1883, (peer) => {
      this.#peer = peer;
      const parser = mqttPacket.parser({ protocolVersion: 4 });
      parser.on("packet", (packet) => this.sent.push(packet));
      peer.onData = (bytes) => {
        this.writes.push(bytes.length);
        parser.parse(Buffer.from(bytes));
      };
      peer.onClose = () => {
        this.peerClosed = true;
      };
    });
    const bench = this;
    this.client = new MQTTClient({
      host: "10.0.0.1",
      id: "bench",
      timer: clock.timer,
      clock,
      dns: { io: net.Resolver },
      socket: { io: net.TCP },
      onReadable(count, info) {
        bench.#receive(count, info);
      },
      onWritable: (count) => this.writable.push(count),
      onControl(message) {
        bench.controls.push({ ...message });
        bench.onControl?.(bench.client, message);
      },
      onError: (error) => this.errors.push(error as MQTTError),
      ...options,
    });
  }

  /** Lets 1 s pass, more than anything on the way needs. */
  settle(milliseconds = 1_000): void {
    this.clock.run(milliseconds);
  }

  /** Through CONNACK. */
  connect(sessionPresent = false): this {
    this.settle();
    this.send({ cmd: "connack", sessionPresent, returnCode: 0 });
    this.sent.length = 0;
    this.writes.length = 0;
    return this;
  }

  /** The server sends; then a while passes. */
  send(packet: Packet, milliseconds?: number): void {
    this.sendBytes(new Uint8Array(mqttPacket.generate(packet)), milliseconds);
  }

  sendBytes(bytes: Uint8Array | readonly number[], milliseconds?: number): void {
    this.#peer?.write(Uint8Array.from(bytes));
    this.settle(milliseconds);
  }

  closePeer(): void {
    this.#peer?.close();
    this.settle();
  }

  #receive(count: number, options: MQTTReadableOptions): void {
    if (options.topic !== undefined) {
      this.received.push({
        topic: options.topic,
        payload: "",
        QoS: options.QoS,
        retain: options.retain,
        duplicate: options.duplicate,
        byteLength: options.byteLength,
        pieces: 0,
      });
    }
    this.onMessage?.(this.client, count, options);
    if (this.reading && count > 0) this.read(count);
  }

  read(count: number): void {
    const data = this.client.read(count);
    const message = this.received.at(-1);
    if (!message || data === undefined) return;
    message.payload += new TextDecoder().decode(data);
    message.pieces += 1;
  }
}
