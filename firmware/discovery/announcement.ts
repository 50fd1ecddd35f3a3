import type { Quantity } from "../codec/reading.js";
import type { StateTopic } from "../links/postbox.js";
import type { KeyValue } from "../ports.js";
import { type DiscoveredDevice, discoveryJSON, discoveryTopic } from "./discovery.js";

export interface AnnouncementOptions {
  /** Home Assistant's discovery prefix; `undefined` where the device is not to be discovered. */
  prefix: string | undefined;
  /** Remembers where the device was announced, so that it can be taken back there. */
  storage: KeyValue | undefined;
  device: DiscoveredDevice;
  onChanged(state: StateTopic): void;
}

/** Key of the topic at which the device was announced last. */
const KEY = "discovered";

/**
 * Announces a device to Home Assistant, and takes back what it announced elsewhere: under another prefix, or before
 * discovery was turned off. Where it never did, it publishes nothing: a broker may forbid that topic.
 */
export class Announcement {
  /** For the postbox. */
  readonly states: readonly StateTopic[];
  #options: AnnouncementOptions;
  #device: DiscoveredDevice;
  #config: StateTopic | undefined;
  /** Where it was announced, as far as is known. */
  #announced: string | undefined;

  constructor(options: AnnouncementOptions) {
    const { prefix, device } = options;
    this.#options = options;
    this.#device = { ...device };
    this.#announced = this.read();
    const states: StateTopic[] = [];
    const topic = prefix === undefined ? undefined : discoveryTopic(prefix, device.id);
    const before = this.#announced;
    if (before !== undefined && before !== topic)
      states.push({ topic: before, text: () => "", delivered: () => this.withdrawn(before) });
    if (topic !== undefined) {
      this.#config = {
        topic,
        text: () => discoveryJSON(this.#device),
        delivered: () => this.remember(topic),
      };
      states.push(this.#config);
    }
    this.states = states;
  }

  /** A reading of this quantity was taken: Home Assistant hears of it with the first one. */
  measured(quantity: Quantity): void {
    const bit = 1 << quantity;
    if ((this.#device.quantities & bit) !== 0) return;
    this.#device.quantities |= bit;
    if (this.#config) this.#options.onChanged(this.#config);
  }

  private withdrawn(topic: string): void {
    // With a new topic the word of that one takes its place.
    if (this.#announced === topic && !this.#config) this.remember(undefined);
  }

  private remember(topic: string | undefined): void {
    if (topic === this.#announced) return;
    this.#announced = topic;
    try {
      if (topic === undefined) this.#options.storage?.delete(KEY);
      else this.#options.storage?.write(KEY, topic);
    } catch {
      // It is published again at the next start, which harms nobody.
    }
  }

  private read(): string | undefined {
    try {
      return this.#options.storage?.read(KEY);
    } catch {
      return undefined;
    }
  }
}
