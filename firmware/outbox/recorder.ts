import type { Quantity, Reading } from "../codec/reading.js";
import type { Monitor } from "../monitor.js";
import type { Clock } from "../ports.js";
import type { Uptime } from "../time.js";
import type { Outbox } from "./outbox.js";

/** Numbers each reading, notes when it was taken, and puts it into every outbox. */
export class Recorder {
  #clock: Clock;
  #uptime: Uptime;
  #outboxes: readonly Outbox[];
  #onRecorded: () => void;
  #monitor: Monitor;
  /** Readings are being dropped, and that has been told. */
  #overflows = false;
  #reading: Reading = { quantity: 0, value: 0, seq: 0, time: 0, uptime: 0 };

  /**
   * @param outboxes all expecting the same next sequence number
   * @param onRecorded called after each reading: there is something to send
   * @param monitor told once for each spell in which the first outbox drops readings
   */
  constructor(
    clock: Clock,
    uptime: Uptime,
    outboxes: readonly Outbox[],
    onRecorded: () => void,
    monitor: Monitor = {},
  ) {
    this.#clock = clock;
    this.#uptime = uptime;
    this.#outboxes = outboxes;
    this.#onRecorded = onRecorded;
    this.#monitor = monitor;
    this.#reading.seq = outboxes.length > 0 ? outboxes[0].next : 1;
  }

  record(quantity: Quantity, value: number): void {
    const reading = this.#reading;
    reading.quantity = quantity;
    reading.value = value;
    reading.time = this.#clock.now() ?? Number.NaN;
    reading.uptime = this.#uptime.at(this.#clock.ticks());
    const outboxes = this.#outboxes;
    for (let i = 0; i < outboxes.length; i++) outboxes[i].append(reading);
    reading.seq += 1;
    this.#watchOverflow();
    this.#onRecorded();
  }

  #watchOverflow(): void {
    const outbox = this.#outboxes[0];
    const isFull = outbox !== undefined && outbox.size === outbox.capacity;
    if (isFull && !this.#overflows) {
      this.#monitor.warning?.(
        `${outbox.capacity} readings wait: the queue is full, the oldest are dropped from now on`,
      );
    }
    // Full at every second reading is one spell.
    this.#overflows = isFull || (this.#overflows && outbox.size > outbox.capacity / 2);
  }
}
