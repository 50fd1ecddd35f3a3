import type { MqttClient } from "mqtt";
import { Failure } from "../../cli/command.js";
import type { Endpoint } from "../../firmware/codec/endpoint.js";
import { errorText } from "../../firmware/error-text.js";
import type { Secure } from "../../host-sim/io/tls.js";
import { brokerProblem, connectBroker } from "../../services/broker-client.js";
import { arrivalOf } from "./arrival.js";
import type { Ledger } from "./ledger.js";

export interface VerifierOptions {
  endpoint: Endpoint;
  secure: Secure | undefined;
  topic: string;
  ledger: Ledger;
}

/** Milliseconds within which the broker must take the subscription. */
const TIMEOUT = 15_000;

/** A subscriber of all that the fleet measures, in a session that outlives a restart of the broker. */
export class Verifier {
  /** Milliseconds of `performance.now()` at which the last reading came. */
  lastAt = 0;
  /** Messages that are no reading. */
  malformed = 0;
  #options: VerifierOptions;
  #client: MqttClient;
  #isOpen = false;

  private constructor(options: VerifierOptions) {
    this.#options = options;
    const { endpoint, secure, topic } = options;
    this.#client = connectBroker({
      endpoint,
      secure,
      id: verifierId(topic),
      clean: false,
    });
    const { length } = topic.split("/");
    this.#client.on("message", (name, payload, packet) => {
      // What is retained was published before this run, or has come already.
      if (packet.retain || !this.#isOpen) return;
      this.#take(name.split("/")[length], payload.toString());
    });
  }

  /** @throws Failure in one line where the broker is not there, or refuses */
  static async open(options: VerifierOptions): Promise<Verifier> {
    const verifier = new Verifier(options);
    try {
      await verifier.#subscribe();
    } catch (error) {
      verifier.#client.end(true);
      throw new Failure(errorText(error));
    }
    return verifier;
  }

  /** Takes the subscription and the session back. */
  async close(): Promise<void> {
    this.#isOpen = false;
    const client = this.#client;
    client.removeAllListeners("message");
    if (client.connected) await client.unsubscribeAsync(this.#filter).catch(() => {});
    await client.endAsync(!client.connected);
    if (client.disconnected) await forget(this.#options, client.options.clientId as string);
  }

  /** Takes nothing more, and removes what the broker retains of these topics. */
  async clear(topics: readonly string[]): Promise<void> {
    this.#isOpen = false;
    const client = this.#client;
    await Promise.all(topics.map((topic) => client.publishAsync(topic, "", { qos: 1, retain: true })));
  }

  get #filter(): string {
    return `${this.#options.topic}/+/temperature`;
  }

  async #subscribe(): Promise<void> {
    const client = this.#client;
    if (await this.#connected()) {
      // An earlier run was killed, and has left its messages.
      await client.endAsync();
      await forget(this.#options, client.options.clientId as string);
      client.reconnect();
      await this.#connected();
    }
    // From now on it connects again by itself.
    client.on("error", () => {});
    const [granted] = await client.subscribeAsync(this.#filter, { qos: 1 });
    if (granted === undefined || granted.qos > 1)
      throw new Error(`the broker refuses the subscription to ${this.#filter}`);
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

  #take(device: string, payload: string): void {
    this.lastAt = performance.now();
    const arrival = arrivalOf(payload);
    if (arrival) this.#options.ledger.arrive(device, arrival);
    else this.malformed += 1;
  }
}

/** Its client identifier. */
export function verifierId(topic: string): string {
  return `${topic.replaceAll("/", "-")}-verifier`;
}

/** Ends the session: a connection that asks for a clean one does. */
async function forget({ endpoint, secure }: VerifierOptions, id: string): Promise<void> {
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
