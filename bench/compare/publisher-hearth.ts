import MQTTClient from "../../firmware/mqtt/client.js";
import type { Clock, MQTTWriteOptions, Timer } from "../../firmware/ports.js";
import { Resolver } from "../../host-sim/io/resolver.js";
import { TCP } from "../../host-sim/io/tcp.js";
import type { Publisher, PublisherOptions } from "./publisher.js";

/** As on the laptop's board. */
const SEND_BUFFER = 262_144;
const PACKET_LIMIT = 1_024;

/** What the packet has beside topic and payload, at most. */
const OVERHEAD = 9;

export const timer: Timer = {
  set: (callback, delay) => setTimeout(callback, delay),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

export const clock: Clock = { ticks: () => performance.now() | 0, now: () => Date.now() };

/** The firmware's client, on the simulator's TCP class. */
export class HearthPublisher implements Publisher {
  #options: PublisherOptions;
  #write: MQTTWriteOptions;
  #size: number;
  #client!: MQTTClient;
  #writable = 0;
  #unsent = 0;
  /** At QoS 0 only of the last one. */
  #underWay = 0;
  #acknowledged = 0;
  #id = 0;
  #isLastDue = false;
  #onEnd: ((acknowledged: number) => void) | undefined;
  #onFailure: (reason: Error) => void = () => {};

  constructor(options: PublisherOptions) {
    this.#options = options;
    const { topic, QoS, payload } = options;
    this.#write = { topic, QoS, retain: false, duplicate: false, id: 0, more: true };
    this.#size = Buffer.byteLength(topic) + payload.length + OVERHEAD;
  }

  connect(): Promise<void> {
    const { port, id } = this.#options;
    return new Promise((resolve, reject) => {
      this.#onFailure = reject;
      this.#client = new MQTTClient({
        host: "127.0.0.1",
        port,
        id,
        packetLimit: PACKET_LIMIT,
        dns: { io: Resolver },
        socket: { io: TCP, nodelay: true, sendBuffer: SEND_BUFFER } as never,
        timer,
        clock,
        onWritable: (count) => {
          this.#writable = count;
          this.#send();
        },
        onControl: ({ operation }) => {
          if (operation === MQTTClient.CONNACK) resolve();
          else if (operation === MQTTClient.PUBACK) this.#acknowledge();
        },
        onError: (reason) => this.#onFailure(reason ?? new Error("the connection failed")),
      });
    });
  }

  publish(count: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#onEnd = resolve;
      this.#onFailure = reject;
      this.#acknowledged = 0;
      this.#unsent = count;
      this.#isLastDue = this.#options.QoS === 0;
      this.#send();
    });
  }

  close(): void {
    this.#client.write(null, { operation: MQTTClient.DISCONNECT });
    this.#client.close();
  }

  #acknowledge(): void {
    this.#acknowledged += 1;
    this.#underWay -= 1;
    if (this.#underWay <= this.#options.window / 2) this.#send();
    if (this.#unsent > 0 || this.#underWay > 0 || this.#isLastDue) return;
    this.#onEnd?.(this.#acknowledged);
  }

  #send(): void {
    const { QoS, window } = this.#options;
    while (this.#unsent > 0 && (QoS === 0 || this.#underWay < window) && this.#hasRoom()) {
      this.#unsent -= 1;
      this.#put(QoS);
    }
    if (this.#isLastDue && this.#unsent === 0 && this.#hasRoom()) {
      this.#isLastDue = false;
      this.#put(1);
    }
    this.#writable = this.#client.flush();
  }

  #hasRoom(): boolean {
    return this.#writable >= this.#size;
  }

  #put(QoS: 0 | 1): void {
    const write = this.#write;
    if (QoS === 1) {
      this.#id = this.#id === 0xffff ? 1 : this.#id + 1;
      this.#underWay += 1;
    }
    write.QoS = QoS;
    write.id = this.#id;
    this.#writable = this.#client.write(this.#options.payload, write);
  }
}
