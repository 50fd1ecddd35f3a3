import { arrivalOf } from "./arrival.js";
import { deviceId } from "./device.js";
import type { Ledger } from "./ledger.js";
import { Subscriber, type SubscriberOptions } from "./subscriber.js";

export interface VerifierOptions extends Pick<SubscriberOptions, "endpoint" | "secure"> {
  topic: string;
  devices: number;
  ledger: Ledger;
}

/**
 * Devices of one subscriber. A Mosquitto as it comes has 20 messages under way to a subscriber, lets 1,000 wait, and drops
 * what is more: one subscriber alone would lose what it is to prove, where the machine is busy for half a second.
 */
const SHARE = 100;

/** Takes all that the fleet measures, from outside. */
export class Verifier {
  /** Milliseconds of `performance.now()` at which the last reading came. */
  lastAt = 0;
  /** Messages that are no reading. */
  malformed = 0;
  #ledger: Ledger;
  /** Levels of the topic before the device's. */
  #levels: number;
  #subscribers: Subscriber[] = [];

  private constructor({ topic, ledger }: VerifierOptions) {
    this.#ledger = ledger;
    this.#levels = topic.split("/").length;
  }

  /** @throws Failure in one line where the broker is not there, or refuses */
  static async open(options: VerifierOptions): Promise<Verifier> {
    const { endpoint, secure, topic, devices } = options;
    const verifier = new Verifier(options);
    try {
      // One after the other: where the broker is not there, it is said once.
      for (let first = 1; first <= devices; first += SHARE) {
        const count = Math.min(SHARE, devices - first + 1);
        const topics = Array.from(
          { length: count },
          (_, place) => `${topic}/${deviceId(topic, first + place)}/temperature`,
        );
        verifier.#subscribers.push(
          await Subscriber.open({
            endpoint,
            secure,
            id: `${verifierIds(topic)}${first}`,
            topics,
            onMessage: (name, payload) => verifier.#take(name, payload),
          }),
        );
      }
    } catch (error) {
      await verifier.close();
      throw error;
    }
    return verifier;
  }

  /** Takes nothing more, and removes what the broker retains of these topics. */
  async clear(topics: readonly string[]): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.mute();
    await this.#subscribers[0]?.clear(topics);
  }

  /** Takes subscriptions and sessions back. */
  async close(): Promise<void> {
    await Promise.all(this.#subscribers.map((subscriber) => subscriber.close()));
  }

  #take(topic: string, payload: string): void {
    this.lastAt = performance.now();
    const arrival = arrivalOf(payload);
    if (arrival) this.#ledger.arrive(topic.split("/")[this.#levels], arrival);
    else this.malformed += 1;
  }
}

/** What the client identifiers of subscribers begin with. */
export function verifierIds(topic: string): string {
  return `${topic.replaceAll("/", "-")}-verifier-`;
}
