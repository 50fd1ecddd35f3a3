/** The link to the broker: messages come in order, and each is acknowledged when it is dealt with. */

import type { IPublishPacket, MqttClient } from "mqtt";
import { type BrokerClientOptions, brokerProblem, connectBroker } from "../broker-client.js";
import type { CommandLink } from "./commands.js";
import type { BrokerState } from "./events.js";
import type { IncomingMessage } from "./ingest.js";
import { isBusy } from "./store-error.js";

/** Milliseconds until a store that was busy is tried again. */
const BUSY_PAUSE = 200;

/** Milliseconds of messages in a row, before pages get their turn: the package leaves none between those that came together. */
const TURN = 10;

/** A connection that the broker ends within so many milliseconds was probably another's gain. */
const SHORT = 5_000;

/** Milliseconds that a goodbye may take. */
const GOODBYE = 2_000;

export interface LinkOptions {
  broker: Pick<BrokerClientOptions, "endpoint" | "secure" | "id" | "clean">;
  topics: readonly string[];
  /** Topics that the session of the run before had, and this one has not. */
  formerTopics: readonly string[];
  /** @throws what the store says; the message is not acknowledged then */
  take: (message: IncomingMessage) => void;
  onState: (state: BrokerState) => void;
  onWarning: (text: string) => void;
  /** The store has failed: nothing more is taken. */
  onFailure: (error: unknown) => void;
}

export class Link implements CommandLink {
  #client: MqttClient;
  #options: LinkOptions;
  #connected = false;
  /** When the present turn began, ms of `performance.now()`. */
  #turn = 0;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { endpoint, secure, id } = options.broker;
    const client = connectBroker({ ...options.broker, more: { resubscribe: false } });
    this.#client = client;
    // The package acknowledges a message, and hands over the next, when this calls back.
    client.handleMessage = (packet, done) => this.#take(packet, done);
    let reason = "";
    let since = Number.NEGATIVE_INFINITY;
    client.on("connect", () => {
      reason = "";
      since = performance.now();
      this.#connected = true;
      this.#subscribe();
    });
    client.on("error", (error) => {
      reason = brokerProblem(error, endpoint, secure);
    });
    client.on("close", () => {
      this.#connected = false;
      if (this.#closed) return;
      const doubt =
        performance.now() - since < SHORT
          ? `: is another server there with the identifier "${id}" (--id)?`
          : "";
      options.onState({ connected: false, reason: reason || `the broker closed the connection${doubt}` });
    });
  }

  get connected(): boolean {
    return this.#connected;
  }

  publish(topic: string, payload: string): void {
    this.#client.publish(topic, payload, { qos: 1 });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#client.end(true, {}, () => resolve()), GOODBYE);
      this.#client.end(false, {}, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #subscribe(): void {
    const { topics, formerTopics, onState, onWarning } = this.#options;
    if (formerTopics.length > 0) this.#client.unsubscribe([...formerTopics]);
    this.#client.subscribe([...topics], { qos: 1 }, (error, granted) => {
      if (!this.#connected) return;
      // 128: MQTT 3.1.1, 3.9.3.
      const refused = granted?.filter(({ qos }) => qos >= 128).map(({ topic }) => topic) ?? [];
      if (error || refused.length > 0)
        onWarning(
          `the broker refuses the subscription to ${(refused.length > 0 ? refused : topics).join(", ")}`,
        );
      onState({ connected: true, reason: null });
    });
  }

  #take(packet: IPublishPacket, done: (error?: Error) => void): void {
    // The process ends: the broker keeps what is not acknowledged.
    if (this.#closed) return;
    try {
      const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
      this.#options.take({ topic: packet.topic, payload, retain: packet.retain });
    } catch (error) {
      if (isBusy(error)) setTimeout(() => this.#take(packet, done), BUSY_PAUSE);
      else this.#options.onFailure(error);
      return;
    }
    if (performance.now() - this.#turn < TURN) {
      done();
      return;
    }
    setImmediate(() => {
      this.#turn = performance.now();
      done();
    });
  }
}
