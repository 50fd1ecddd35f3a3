/** What becomes of each message: stored, remembered, told. */

import type { Commands } from "./commands.js";
import type { Device, Devices } from "./devices.js";
import type { Events } from "./events.js";
import { parseMessage, type ReadingMessage } from "./parse.js";
import type { Store } from "./store.js";

/** 1 January 2020: a clock that says less is not set. */
const EARLIEST = 1_577_836_800_000;

/** A clock may be wrong by so much, ms. */
const AHEAD = 86_400_000;

/** What came, since the start. */
export interface Counts {
  stored: number;
  /** The same reading again. */
  repeated: number;
  /** Another one with the number of one that is stored: left out. */
  conflicting: number;
  /** Of a topic that means something, and not what it should be. */
  malformed: number;
  /** Of a device that is one too many. */
  crowded: number;
  /** Older than what is kept. */
  old: number;
}

export interface IncomingMessage {
  topic: string;
  payload: Uint8Array;
  retain: boolean;
}

export class Ingest {
  readonly counts: Counts = { stored: 0, repeated: 0, conflicting: 0, malformed: 0, crowded: 0, old: 0 };
  #store: Store;
  #devices: Devices;
  #events: Events;
  #commands: Pick<Commands, "reply">;
  #now: () => number;

  constructor(
    store: Store,
    devices: Devices,
    events: Events,
    commands: Pick<Commands, "reply">,
    now: () => number = Date.now,
  ) {
    this.#store = store;
    this.#devices = devices;
    this.#events = events;
    this.#commands = commands;
    this.#now = now;
  }

  /**
   * When it returns, what had to be stored is committed.
   * @throws the store's error, and nothing has changed then
   */
  take({ topic, payload, retain }: IncomingMessage): void {
    const message = parseMessage(topic, payload);
    if (message.kind === "other") return;
    if (message.kind === "malformed") {
      this.counts.malformed++;
      return;
    }
    if (message.kind === "reply") {
      if (!retain) this.#commands.reply(message.base, message.id, message.outcome, message.reason);
      return;
    }
    const device = this.#devices.ensure(message.base);
    if (!device) {
      this.counts.crowded++;
      return;
    }
    if (message.kind === "reading") {
      this.#reading(device, message, retain);
      return;
    }
    // What is retained was said at any time before.
    if (!retain) this.#devices.seen(device, this.#now());
    switch (message.kind) {
      case "status":
        if (device.status === message.status) return;
        device.status = message.status;
        break;
      case "diagnostics":
        device.diagnostics = message.diagnostics;
        break;
      case "climate":
        if (!this.#devices.climate(device, message.field, message.value)) return;
        break;
    }
    this.#events.device(device);
  }

  #reading(device: Device, message: ReadingMessage, retain: boolean): void {
    const { quantity, value, epoch, seq, late } = message;
    const now = this.#now();
    const isBelieved = message.time !== undefined && message.time >= EARLIEST && message.time <= now + AHEAD;
    const time = isBelieved ? message.time : undefined;
    // What is retained came to the broker when it was taken, as far as anybody can say.
    const received = retain && time !== undefined ? Math.min(time, now) : now;
    // Without number and time, what is retained cannot be told from what came before.
    if (retain && seq === undefined && time === undefined) return;
    const outcome = this.#store.add({
      device: this.#devices.ensureId(device),
      ...{ quantity, value, time, epoch, seq, late, received },
    });
    if (!retain || time !== undefined) this.#devices.seen(device, received);
    switch (outcome.kind) {
      case "known":
        this.counts.repeated++;
        return;
      case "conflicting":
        this.counts.conflicting++;
        return;
      case "old":
        this.counts.old++;
        return;
      case "new":
        this.counts.stored++;
        break;
      case "timed":
        this.counts.repeated++;
        break;
    }
    this.#devices.reading(device, quantity, value, outcome.time, received);
    const was = outcome.kind === "timed" ? { was: outcome.was } : {};
    this.#events.reading(quantity, device.base, { time: outcome.time, value, late, ...was });
  }
}
