import mqtt, { type MqttClient } from "mqtt";
import type { Publisher, PublisherOptions } from "./publisher.js";

/** Messages at QoS 0 that are handed over and not written yet. */
const BATCH = 1_000;

/** MQTT.js, as its documentation shows it. */
export class MQTTJSPublisher implements Publisher {
  #options: PublisherOptions;
  #client!: MqttClient;
  #payload: Buffer;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#payload = Buffer.from(options.payload);
  }

  connect(): Promise<void> {
    const { port, id } = this.#options;
    return new Promise((resolve, reject) => {
      this.#client = mqtt.connect({
        host: "127.0.0.1",
        port,
        protocol: "mqtt",
        clientId: id,
        keepalive: 0,
        reconnectPeriod: 0,
      });
      this.#client.once("connect", () => resolve()).once("error", reject);
    });
  }

  async publish(count: number): Promise<number> {
    const { QoS, window } = this.#options;
    await this.#all(count, QoS === 0 ? BATCH : window, QoS);
    if (QoS === 1) return count;
    await this.#all(1, 1, 1);
    return 1;
  }

  /** Never more than `window` whose callbacks have not been called, and half of them again at once. */
  #all(count: number, window: number, qos: 0 | 1): Promise<void> {
    const { topic } = this.#options;
    return new Promise((resolve, reject) => {
      let unsent = count;
      let underWay = 0;
      const onDone = (error?: Error) => {
        if (error) return reject(error);
        underWay -= 1;
        if (underWay <= window / 2) send();
        if (underWay === 0 && unsent === 0) resolve();
      };
      const send = () => {
        while (unsent > 0 && underWay < window) {
          unsent -= 1;
          underWay += 1;
          this.#client.publish(topic, this.#payload, { qos }, onDone);
        }
      };
      send();
    });
  }

  close(): void {
    this.#client.end(true);
  }
}
