import type { Quantity, Reading } from "../codec/reading.js";
import type { Clock } from "../ports.js";
import type { Uptime } from "../time.js";
import type { Outbox } from "./outbox.js";

/** Numbers each reading, notes when it was taken, and puts it into every outbox. */
export class Recorder {
  #clock: Clock;
  #uptime: Uptime;
  #outboxes: readonly Outbox[];
  #onRecorded: () => void;
  #reading: Reading = { quantity: 0, value: 0, seq: 0, time: 0, uptime: 0 };

  /**
   * @param outboxes all expecting the same next sequence number
   * @param onRecorded called after each reading: there is something to send
   */
  constructor(clock: Clock, uptime: Uptime, outboxes: readonly Outbox[], onRecorded: () => void) {
    this.#clock = clock;
    this.#uptime = uptime;
    this.#outboxes = outboxes;
    this.#onRecorded = onRecorded;
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
    this.#onRecorded();
  }
}
