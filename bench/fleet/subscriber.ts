import type { MqttClient } from "mqtt";
import { Failure } from "../../cli/command.js";
import type { Endpoint } from "../../firmware/codec/endpoint.js";
import { errorText } from "../../firmware/error-text.js";
import type { Secure } from "../../host-sim/io/tls.js";
import { brokerProblem, connectBroker } from "../../services/broker-client.js";

export interface SubscriberOptions {
  endpoint: Endpoint;
  secure: Secure | undefined;
  /** Client identifier. */
  id: string;
  topics: readonly string[];
  /** Something came that the broker had not retained. */
  onMessage: (topic: string, payload: string) => void;
}

/** Milliseconds within which the broker must take the subscription. */
const TIMEOUT = 15_000;

/** Subscribed to some topics at QoS 1, in a session that outlives a restart of the broker. */
export class Subscriber {
  #options: SubscriberOptions;
  #client: MqttClient;
  #isOpen = false;

  private constructor(options: SubscriberOptions) {
    this.#options = options;
    const { onMessage, endpoint, secure, id } = options;
    this.#client = connectBroker({ endpoint, secure, id, clean: false });
    this.#client.on("message", (topic, payload, { retain }) => {
      // What is retained was published before this run, or has come already.
      if (!retain && this.#isOpen) onMessage(topic, payload.toString());
    });
  }

  /** @throws Failure in one line where the broker is not there, or refuses */
  static async open(options: SubscriberOptions): Promise<Subscriber> {
    const subscriber = new Subscriber(options);
    try {
      await subscriber.#subscribe();
    } catch (error) {
      subscriber.#client.end(true);
      throw new Failure(errorText(error));
    }
    return subscriber;
  }

  /** Takes nothing more. */
  mute(): void {
    this.#isOpen = false;
  }

  /** Removes what the broker retains of these topics. */
  async clear(topics: readonly string[]): Promise<void> {
    const client = this.#client;
    await Promise.all(topics.map((topic) => client.publishAsync(topic, "", { qos: 1, retain: true })));
  }

  /** Takes subscription and session back. */
  async close(): Promise<void> {
    this.mute();
    const client = this.#client;
    const isThere = client.connected;
    await client.endAsync(!isThere);
    if (isThere) await forget(this.#options);
  }

  async #subscribe(): Promise<void> {
    const client = this.#client;
    if (await this.#connected()) {
      // An earlier run was killed, and has left its messages.
      await client.endAsync();
      await forget(this.#options);
      client.reconnect();
      await this.#connected();
    }
    // From now on it connects again by itself.
    client.on("error", () => {});
    const granted = await client.subscribeAsync([...this.#options.topics], { qos: 1 });
    const refused = granted.find(({ qos }) => qos > 1);
    if (refused) throw new Error(`the broker refuses the subscription to ${refused.topic}`);
    this.#isOpen = true;
  }

  /** @returns whether the broker had a session */
  async #connected(): Promise<boolean> {
    const { endpoint, secure } = this.#options;
    const client = this.#client;
    let timer: NodeJS.Timeout | undefined;
    return new Promise<boolean>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("the broker does not answer")), TIMEOUT);
      client.once("connect", ({ sessionPresent }) => resolve(sessionPresent));
      client.once("error", (error) => reject(new Error(brokerProblem(error, endpoint, secure))));
    }).finally(() => clearTimeout(timer));
  }
}

/** Ends the session: a connection that asks for a clean one does. */
async function forget({ endpoint, secure, id }: SubscriberOptions): Promise<void> {
  const client = connectBroker({ endpoint, secure, id, clean: true });
  client.on("error", () => {});
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 1_000);
    client.once("connect", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  await client.endAsync(!client.connected);
}
