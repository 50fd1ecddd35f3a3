import mqtt, { type MqttClient } from "mqtt";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { Mosquitto } from "../../host-sim/world/mosquitto.js";
import type { Heard } from "../scenarios/stage.js";
import { freePort, hasProgram } from "../support/peers.js";

/** Milliseconds without a retained message after which there is none. */
const NONE_RETAINED = 300;

/** Whether Mosquitto is the broker: it is where it is installed. */
export const HAS_MOSQUITTO = hasProgram("mosquitto");

/** A new broker on loopback, and somebody at it who hears everything and publishes. */
export class LocalBroker {
  readonly port: number;
  readonly heard: Heard[] = [];
  readonly #client: MqttClient;
  readonly #end: () => Promise<void>;

  private constructor(port: number, client: MqttClient, end: () => Promise<void>) {
    this.port = port;
    this.#client = client;
    this.#end = end;
    client.on("message", (topic, payload) => this.heard.push({ topic, payload: payload.toString() }));
  }

  static async open(): Promise<LocalBroker> {
    const { port, end } = HAS_MOSQUITTO ? await startMosquitto() : await startEmbedded();
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
    const broker = new LocalBroker(port, client, end);
    await client.subscribeAsync("#", { qos: 2 });
    return broker;
  }

  async publish(topic: string, payload: string, qos: 0 | 1 | 2, retain: boolean): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos, retain });
  }

  /** Asked as a newcomer: who has subscribed already is sent no retained message. */
  async retained(topic: string): Promise<string | undefined> {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${this.port}`);
    const answer = new Promise<string | undefined>((resolve) => {
      client.once("message", (_topic, payload) => resolve(payload.toString()));
      setTimeout(() => resolve(undefined), NONE_RETAINED);
    });
    await client.subscribeAsync(topic);
    const payload = await answer;
    await client.endAsync(true);
    return payload;
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
    await this.#end();
  }
}

async function startMosquitto(): Promise<{ port: number; end: () => Promise<void> }> {
  const mosquitto = new Mosquitto(await freePort());
  await mosquitto.start();
  return {
    port: mosquitto.port,
    end: async () => {
      await mosquitto.stop();
      mosquitto.remove();
    },
  };
}

async function startEmbedded(): Promise<{ port: number; end: () => Promise<void> }> {
  const broker = await startEmbeddedBroker(0);
  return { port: broker.port, end: () => broker.close() };
}
