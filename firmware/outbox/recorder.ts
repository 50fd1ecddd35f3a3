import { blankReading, type Quantity } from "../codec/reading.js";
import type { Counters, Monitor } from "../monitor.js";
import type { BootTime } from "../time.js";
import type { Outbox } from "./outbox.js";
import type { Queue } from "./queue.js";

export interface RecorderOptions {
  time: BootTime;
  /** Numbers the readings: its next number is a reading's. */
  outbox: Outbox;
  /** Where they wait for the raw TCP server as well. */
  serverQueue: Queue | undefined;
  counters: Counters;
  monitor: Monitor;
  /** Called after each reading: there is something to send. */
  onRecorded: (quantity: Quantity) => void;
}

/** Numbers each reading, notes when it was taken, and puts it where it waits. */
export class Recorder {
  #time: BootTime;
  #outbox: Outbox;
  #serverQueue: Queue | undefined;
  #counters: Counters;
  #monitor: Monitor;
  #onRecorded: (quantity: Quantity) => void;
  #reading = blankReading();

  constructor(options: RecorderOptions) {
    this.#time = options.time;
    this.#outbox = options.outbox;
    this.#serverQueue = options.serverQueue;
    this.#counters = options.counters;
    this.#monitor = options.monitor;
    this.#onRecorded = options.onRecorded;
  }

  record(quantity: Quantity, value: number): void {
    const time = this.#time;
    const outbox = this.#outbox;
    const reading = this.#reading;
    reading.quantity = quantity;
    reading.value = value;
    reading.seq = outbox.next;
    reading.boot = time.boot;
    reading.uptime = time.uptime();
    reading.time = time.now();
    outbox.append(reading);
    if (this.#serverQueue && this.#serverQueue.append(reading) >= 0) this.#counters.serverDropped += 1;
    this.#monitor.recorded?.(reading);
    this.#onRecorded(quantity);
  }
}
