import type { MQTTClient, MQTTReadableOptions } from "../ports.js";

/** A message that arrived. */
export interface Message {
  readonly topic: string;
  /** Valid during the call only. */
  readonly payload: Uint8Array;
  readonly QoS: number;
  /** The broker had stored it; `undefined` where the client does not tell. */
  readonly retain: boolean | undefined;
}

export interface Subscription {
  readonly topic: string;
  readonly QoS: 0 | 1;
  onMessage(message: Message): void;
}

/** A message with a longer payload is ignored and reported: a command is shorter. */
export const MESSAGE_LIMIT = 1_024;

/** Puts messages together that arrive in pieces, and hands them to who subscribed to their topic. */
export class Inbox {
  #subscriptions: readonly Subscription[];
  #onIgnored: (text: string) => void;
  /** What has come of a message that arrives in pieces; there only until it is complete, for that is seldom. */
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;
  #topic = "";
  #QoS = 0;
  #retain: boolean | undefined;
  /** Who gets the message; nobody where it is too long, or was not asked for. */
  #receiver: Subscription | undefined;
  /** Topic of the last message that was too long: a sender that repeats itself is told of once. */
  #ignoredTopic = "";

  constructor(subscriptions: readonly Subscription[], onIgnored: (text: string) => void) {
    this.#subscriptions = subscriptions;
    this.#onIgnored = onIgnored;
  }

  /** For `onReadable` of the client. */
  receive(client: MQTTClient, count: number, options: MQTTReadableOptions): void {
    if (options.topic !== undefined) {
      this.#topic = options.topic;
      this.#QoS = options.QoS ?? 0;
      this.#retain = options.retain;
      this.#length = 0;
      this.#bytes = undefined;
      this.#receiver = this.findReceiver(options.topic, options.byteLength ?? 0);
    }
    const data = count > 0 ? client.read(count) : undefined;
    const receiver = this.#receiver;
    if (!receiver) return;
    let payload = data ? new Uint8Array(data) : new Uint8Array(0);
    if (options.more || this.#bytes) {
      this.#bytes ??= new Uint8Array(MESSAGE_LIMIT);
      this.#bytes.set(payload, this.#length);
      this.#length += payload.length;
      if (options.more) return;
      payload = this.#bytes.subarray(0, this.#length);
      this.#bytes = undefined;
    }
    receiver.onMessage({ topic: this.#topic, payload, QoS: this.#QoS, retain: this.#retain });
  }

  private findReceiver(topic: string, byteLength: number): Subscription | undefined {
    for (let i = 0; i < this.#subscriptions.length; i++) {
      if (this.#subscriptions[i].topic !== topic) continue;
      if (byteLength <= MESSAGE_LIMIT) return this.#subscriptions[i];
      if (topic !== this.#ignoredTopic) {
        this.#ignoredTopic = topic;
        this.#onIgnored(`a message of more than ${MESSAGE_LIMIT} bytes to ${topic} is ignored`);
      }
    }
    return undefined;
  }
}
