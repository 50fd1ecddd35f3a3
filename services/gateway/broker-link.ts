/** The gateway's connection to the broker: what goes out with QoS 1, and the commands that come in. */

import type { MqttClient } from "mqtt";
import type { Endpoint } from "../../firmware/codec/endpoint.js";
import type { Secure } from "../../host-sim/io/tls.js";
import { brokerProblem, connectBroker } from "../broker-client.js";
import { OWN_NAME } from "./device-name.js";

export interface BrokerLinkOptions {
  endpoint: Endpoint;
  secure: Secure | undefined;
  base: string;
  /** Client identifier. */
  id: string;
  /** The broker keeps commands for the gateway while it is away; for one that will be the same when it is back. */
  keepsSession: boolean;
  onUp(): void;
  /** @param reason why it was lost or did not come about; told at each attempt */
  onDown(reason: string): void;
  onCommand(device: string, payload: Uint8Array, retained: boolean): void;
  /** Somebody has said this of the gateway, or it has itself. */
  onStatus(status: string): void;
  onWarning(text: string): void;
}

export class BrokerLink {
  #options: BrokerLinkOptions;
  #client: MqttClient;
  #statusTopic: string;
  #isUp = false;
  #isEnding = false;
  /** What ended the connection, where that is known. */
  #reason: string | undefined;
  /** Packet identifiers of what is under way. */
  #underWay = new Set<number>();

  constructor(options: BrokerLinkOptions) {
    this.#options = options;
    const { endpoint, secure, base, id, keepsSession } = options;
    this.#statusTopic = `${base}/${OWN_NAME}/status`;
    this.#client = connectBroker({
      endpoint,
      secure,
      id,
      clean: !keepsSession,
      will: { topic: this.#statusTopic, payload: "offline" },
      more: { resubscribe: false, queueQoSZero: false },
    });
    this.#client
      .on("connect", () => this.#up())
      .on("close", () => this.#down())
      .on("error", (error) => {
        this.#reason = brokerProblem(error, endpoint, secure);
      })
      .on("message", (topic, payload, packet) => {
        if (topic === this.#statusTopic) {
          if (!packet.retain) this.#options.onStatus(payload.toString());
          return;
        }
        // <base>/<device>/command
        const device = topic.slice(base.length + 1, -"/command".length);
        this.#options.onCommand(device, payload, packet.retain);
      });
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Publishes with QoS 1. @param acknowledged not called where the connection is lost before */
  publish(topic: string, payload: string, retain: boolean, acknowledged: () => void): void {
    const client = this.#client;
    let id = 0;
    client.publish(topic, payload, { qos: 1, retain }, (error) => {
      this.#underWay.delete(id);
      if (!error && this.#isUp) acknowledged();
    });
    id = client.getLastMessageId();
    this.#underWay.add(id);
  }

  /** Publishes with QoS 0, where there is a connection. */
  tell(topic: string, payload: string): void {
    if (this.#isUp) this.#client.publish(topic, payload, { qos: 0 });
  }

  /** Breaks the connection, which is made anew. */
  drop(reason: string): void {
    this.#reason = reason;
    this.#client.stream.destroy();
  }

  /** Says goodbye. */
  async end(patience: number): Promise<void> {
    this.#isEnding = true;
    // The package would wait for their acknowledgement for ever.
    this.#forget();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#client.stream.destroy();
        resolve();
      }, patience);
    });
    await Promise.race([this.#client.endAsync(!this.#isUp).catch(() => {}), tooLong]);
    clearTimeout(timer);
  }

  #up(): void {
    const { base, onWarning, onUp } = this.#options;
    this.#reason = undefined;
    this.#isUp = true;
    const topics = [`${base}/+/command`, this.#statusTopic];
    this.#client.subscribe(topics, { qos: 1 }, (error, granted) => {
      const refused = granted?.filter(({ qos }) => qos >= 0x80).map(({ topic }) => topic) ?? [];
      if (refused.length > 0 || (error && this.#isUp))
        onWarning(
          `the broker refuses the subscription of ${(refused.length > 0 ? refused : topics).join(", ")}`,
        );
    });
    onUp();
  }

  #down(): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    // Delivery publishes these again, as what they are then: the package would, as what they were.
    this.#forget();
    if (this.#isEnding) return;
    const { host, port } = this.#options.endpoint;
    const where = `the broker at ${host}:${port}`;
    this.#options.onDown(this.#reason ?? `${where} ${wasUp ? "closed the connection" : "does not answer"}`);
  }

  #forget(): void {
    for (const id of [...this.#underWay]) this.#client.removeOutgoingMessage(id);
    this.#underWay.clear();
  }
}
