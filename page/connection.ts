/** The stream of what is new. It is opened again and again until the server is there, and whoever asks is told of both. */

import { SECOND } from "./format.js";
import { address } from "./server.js";
import { type Broker, brokerOf, type Device, deviceOf, type Reading, readingOf } from "./wire.js";

/** Milliseconds before the first attempt, and at most before one. */
const FIRST = SECOND;
const LAST = 10 * SECOND;

export interface Listener {
  /** Now everything that is new will be told; what was before has to be asked for. */
  opened(): void;
  lost(): void;
  reading(reading: Reading): void;
  device(device: Device): void;
  /** The server has a broker, or has none. */
  broker(broker: Broker): void;
}

export class Connection {
  readonly #listener: Listener;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST;
  /** When something last came, in milliseconds of `Date`. */
  heard = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
    // A network that is back, or a page that is looked at again, need not wait.
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.hurry();
    });
  }

  get isOpen(): boolean {
    return this.#source?.readyState === EventSource.OPEN;
  }

  open(): void {
    this.#close();
    const source = new EventSource(address("/api/events"));
    this.#source = source;
    const { opened, reading, device, broker } = this.#listener;
    source.onopen = () => {
      this.#wait = FIRST;
      this.heard = Date.now();
      opened();
    };
    // An EventSource gives up for good where the server answers with an error: attempts are ours for that reason.
    source.onerror = () => this.fail();
    this.#on(source, "reading", readingOf, reading);
    this.#on(source, "device", deviceOf, device);
    this.#on(source, "broker", brokerOf, broker);
  }

  /** Whoever has found out that the server is away says so here. */
  fail(): void {
    this.#close();
    this.#timer = setTimeout(() => this.open(), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(LAST, this.#wait * 2);
    this.#listener.lost();
  }

  /** Does not wait for the next attempt. */
  hurry(): void {
    if (this.#timer === undefined) return;
    this.#wait = FIRST;
    this.open();
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#source?.close();
    this.#source = undefined;
  }

  #on<T>(
    source: EventSource,
    name: string,
    check: (json: unknown) => T | undefined,
    tell: (event: T) => void,
  ) {
    source.addEventListener(name, (event) => {
      this.heard = Date.now();
      let json: unknown;
      try {
        json = JSON.parse(event.data);
      } catch {
        return;
      }
      const checked = check(json);
      if (checked !== undefined) tell(checked);
    });
  }
}
