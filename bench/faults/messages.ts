import type { Subscription } from "../../firmware/links/inbox.js";

/** Messages that are remembered: more than the broker keeps for a session that is away. */
const REMEMBERED = 2_000;

/** What others send to a device, and what of it the device hears. */
export class Messages {
  readonly topic: string;
  readonly subscription: Subscription;
  heard = 0;
  #sent = new Set<string>();

  constructor(topic: string, fail: (what: string) => void) {
    this.topic = topic;
    this.subscription = {
      topic,
      QoS: 1,
      onMessage: ({ payload }) => {
        const text = new TextDecoder().decode(payload);
        this.heard += 1;
        if (!this.#sent.has(text)) fail(`message: ${text.length} bytes that nobody sent: ${text}`);
      },
    };
  }

  /** Somebody is about to send this. */
  sends(text: string): void {
    this.#sent.add(text);
    if (this.#sent.size <= REMEMBERED) return;
    for (const oldest of this.#sent) {
      this.#sent.delete(oldest);
      break;
    }
  }
}
