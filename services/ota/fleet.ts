/** The devices as the broker knows them: what they say of updates comes in, manifests go out. */

import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { MqttClient } from "mqtt";
import { type BrokerClientOptions, brokerProblem, connectBroker } from "../broker-client.js";
import { type DeviceState, parseState } from "./device-state.js";
import { Problem } from "./problem.js";

const STATE = "/update/state";
const STATUS = "/status";

/** Filters of a SUBSCRIBE: some brokers take no more. */
const FILTERS = 8;

/** Milliseconds without a retained message after which all of them have come; and at most so long. */
const SILENCE = 1_000;
const SILENCE_LIMIT = 15_000;

/** Milliseconds that the last manifests may take to the broker. */
const GOODBYE = 5_000;

export interface FleetOptions {
  broker: Pick<BrokerClientOptions, "endpoint" | "secure">;
  /** Topic filters. */
  filters: readonly string[];
  onState: (base: string, state: DeviceState) => void;
  onStatus: (base: string, isOnline: boolean) => void;
  /** The connection is lost, with the reason, or there again. */
  onBroker: (lost: string | undefined) => void;
}

/** The filters for what these devices say. */
export function filtersFor(devices: readonly string[]): string[] {
  return devices.flatMap((base) => [base + STATE, base + STATUS]);
}

export class Fleet {
  #client: MqttClient;
  #options: FleetOptions;
  /** Manifests under way to the broker: how many of each device. */
  #underWay = new Map<string, number>();
  #lastRetained = 0;
  #closing: Promise<void> | undefined;

  /**
   * Connects and subscribes.
   * @throws Problem where the broker cannot be reached or does not let it
   */
  static async open(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    try {
      await fleet.#connected();
      await fleet.#subscribe();
    } catch (error) {
      await fleet.close();
      throw error;
    }
    return fleet;
  }

  private constructor(options: FleetOptions) {
    this.#options = options;
    this.#client = connectBroker({
      ...options.broker,
      id: `hearth-ota-${randomBytes(4).toString("hex")}`,
      clean: true,
    });
    this.#client.on("message", (topic, payload, { retain }) => {
      if (retain) this.#lastRetained = performance.now();
      this.#take(topic, payload);
    });
  }

  /** This machine's address on the way to the broker. */
  get localAddress(): string {
    const address = (this.#client.stream as unknown as Socket).localAddress ?? "127.0.0.1";
    return address.replace(/^::ffff:(?=\d+\.)/, "");
  }

  /** Waits until everything that the broker has retained has come. */
  async settled(): Promise<void> {
    const began = performance.now();
    this.#lastRetained = began;
    for (;;) {
      const now = performance.now();
      const rest = Math.min(this.#lastRetained + SILENCE, began + SILENCE_LIMIT) - now;
      if (rest <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }

  /** Publishes a manifest, retained; an empty one takes it back. While the broker is away, it waits. */
  publish(base: string, manifest: string): void {
    this.#underWay.set(base, (this.#underWay.get(base) ?? 0) + 1);
    this.#client.publish(`${base}/update`, manifest, { qos: 1, retain: true }, (error) => {
      const left = (this.#underWay.get(base) ?? 1) - 1;
      if (error) return;
      if (left === 0) this.#underWay.delete(base);
      else this.#underWay.set(base, left);
    });
  }

  /**
   * Ends, when what was published has reached the broker. Harmless when called again.
   * @returns bases for which that cannot be said
   */
  async close(): Promise<string[]> {
    this.#closing ??= this.#end();
    await this.#closing;
    return [...this.#underWay.keys()];
  }

  #end(): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#client.end(true, {}, () => resolve()), GOODBYE);
      const finish = (force: boolean) =>
        this.#client.end(force, {}, () => {
          clearTimeout(timer);
          resolve();
        });
      if (this.#underWay.size === 0) finish(!this.#client.connected);
      else if (this.#client.connected) finish(false);
      // It may come back in time.
      else this.#client.once("connect", () => finish(false));
    });
  }

  #connected(): Promise<void> {
    const { endpoint, secure } = this.#options.broker;
    const client = this.#client;
    return new Promise((resolve, reject) => {
      let reason = "";
      let isFirst = true;
      client.on("connect", () => {
        reason = "";
        if (isFirst) resolve();
        else this.#options.onBroker(undefined);
        isFirst = false;
      });
      client.on("error", (error) => {
        reason = brokerProblem(error, endpoint, secure);
      });
      let isLost = false;
      client.on("connect", () => {
        isLost = false;
      });
      client.on("close", () => {
        const why = reason || "the broker closed the connection";
        if (isFirst) reject(new Problem(why));
        else if (!isLost && !this.#closing) this.#options.onBroker(why);
        isLost = true;
      });
    });
  }

  async #subscribe(): Promise<void> {
    const { filters } = this.#options;
    for (let i = 0; i < filters.length; i += FILTERS) {
      const some = filters.slice(i, i + FILTERS);
      // The package makes an error of a refusal: MQTT 3.1.1, 3.9.3.
      const granted = await this.#client.subscribeAsync([...some], { qos: 1 }).catch((error: Error) => {
        throw new Problem(`the broker refuses the subscription to ${some.join(", ")}: ${error.message}`);
      });
      const refused = granted.filter(({ qos }) => qos >= 128).map(({ topic }) => topic);
      if (refused.length > 0)
        throw new Problem(`the broker refuses the subscription to ${refused.join(", ")}`);
    }
  }

  #take(topic: string, payload: Uint8Array): void {
    if (topic.endsWith(STATE)) {
      const state = parseState(payload);
      if (state) this.#options.onState(topic.slice(0, -STATE.length), state);
    } else if (topic.endsWith(STATUS)) {
      const text = Buffer.from(payload).toString("utf8");
      if (text === "online" || text === "offline")
        this.#options.onStatus(topic.slice(0, -STATUS.length), text === "online");
    }
  }
}
