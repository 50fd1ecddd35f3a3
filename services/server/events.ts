/** Server-Sent Events (WHATWG HTML, 9.2): what happens now, to every page that is open. */

import type { ServerResponse } from "node:http";
import { QUANTITIES } from "../../firmware/codec/reading.js";
import type { Device } from "./devices.js";

/** Pages at once. */
const CLIENT_LIMIT = 64;

/** Bytes that may wait for a page that does not read. It is cut off then, comes again by itself and asks for the history. */
const BACKLOG_LIMIT = 512 * 1024;

/** Milliseconds between writes: thousands of readings a second are few packets. */
const FLUSH = 100;

/** Bytes of one write; what is more than that goes at once. */
const BATCH_LIMIT = 64 * 1024;

/** Milliseconds between comments which show that the connection is alive. */
const KEEP_ALIVE = 15_000;

/** Milliseconds after which a page that was cut off comes again. */
const RETRY = 2_000;

export interface LiveReading {
  base: string;
  quantity: string;
  time: number;
  value: number;
  late: boolean;
  /** It was shown at this time before. */
  was?: number;
}

/** State of the link to the broker. */
export interface BrokerState {
  connected: boolean;
  reason: string | null;
}

export class Events {
  #clients = new Set<ServerResponse>();
  #batch: string[] = [];
  #batchBytes = 0;
  #changed = new Set<Device>();
  #timer: NodeJS.Timeout | undefined;
  #keepAlive: NodeJS.Timeout;
  #broker: BrokerState = { connected: false, reason: null };
  #limit: number;

  constructor(limit = CLIENT_LIMIT) {
    this.#limit = limit;
    this.#keepAlive = setInterval(() => this.#write(": keep-alive\n\n"), KEEP_ALIVE);
    this.#keepAlive.unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  get broker(): BrokerState {
    return this.#broker;
  }

  /** There is no room for one more. */
  get isFull(): boolean {
    return this.#clients.size >= this.#limit;
  }

  /** Takes a response whose head is written, until its connection ends. */
  add(response: ServerResponse): void {
    this.#flush();
    this.#clients.add(response);
    response.on("close", () => this.#clients.delete(response));
    response.on("error", () => this.#clients.delete(response));
    response.write(`retry: ${RETRY}\n\n${event("broker", this.#broker)}`);
  }

  reading(quantity: number, base: string, reading: Omit<LiveReading, "base" | "quantity">): void {
    if (this.#clients.size === 0) return;
    this.#push(event("reading", { base, quantity: QUANTITIES[quantity], ...reading }));
  }

  /** Its status, diagnostics or climate have changed. */
  device(device: Device): void {
    if (this.#clients.size === 0) return;
    this.#changed.add(device);
    this.#schedule();
  }

  setBroker(state: BrokerState): void {
    if (state.connected === this.#broker.connected && state.reason === this.#broker.reason) return;
    this.#broker = state;
    this.#push(event("broker", state));
  }

  /** Ends every page's connection. */
  close(): void {
    clearInterval(this.#keepAlive);
    clearTimeout(this.#timer);
    for (const client of this.#clients) client.destroy();
    this.#clients.clear();
  }

  #push(text: string): void {
    this.#batch.push(text);
    this.#batchBytes += text.length;
    if (this.#batchBytes > BATCH_LIMIT) this.#flush();
    else this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const device of this.#changed) this.#batch.push(event("device", device));
    this.#changed.clear();
    const text = this.#batch.join("");
    this.#batch = [];
    this.#batchBytes = 0;
    if (text !== "") this.#write(text);
  }

  #write(text: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > BACKLOG_LIMIT) client.destroy();
      else client.write(text);
    }
  }
}

/** JSON has no line ends of its own: one `data:` line. */
function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
