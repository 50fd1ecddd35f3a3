import type { Quantity, Reading } from "../codec/reading.js";

/**
 * The readings that wait for delivery, in memory that is taken once. A reading is found by its sequence
 * number; it leaves when it is acknowledged or, when all places are taken, as the oldest.
 */
export class Outbox {
  readonly capacity: number;
  #quantities: Uint8Array;
  #values: Float64Array;
  #times: Float64Array;
  #uptimes: Float64Array;
  /** 1: waits, 0: acknowledged out of order. */
  #waiting: Uint8Array;
  #first: number;
  #next: number;
  #dropped = 0;

  /**
   * @param capacity readings; one takes 26 bytes
   * @param first the sequence number of the first reading to come
   */
  constructor(capacity: number, first: number) {
    this.capacity = capacity;
    this.#quantities = new Uint8Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#times = new Float64Array(capacity);
    this.#uptimes = new Float64Array(capacity);
    this.#waiting = new Uint8Array(capacity);
    this.#first = this.#next = first;
  }

  /** Sequence number of the oldest reading that waits; equal to `next` when none does. */
  get first(): number {
    return this.#first;
  }

  /** Sequence number that the next reading must have. */
  get next(): number {
    return this.#next;
  }

  /** Readings that were pushed out before they were acknowledged. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Readings from the oldest that waits to the newest. */
  get size(): number {
    return this.#next - this.#first;
  }

  /** @throws RangeError when `reading.seq` is not `next` */
  append(reading: Reading): void {
    if (reading.seq !== this.#next)
      throw new RangeError(`reading ${reading.seq} where ${this.#next} comes next`);
    if (this.size === this.capacity) {
      this.#dropped += 1;
      this.#first += 1;
      this.#skipAcknowledged();
    }
    const at = reading.seq % this.capacity;
    this.#quantities[at] = reading.quantity;
    this.#values[at] = reading.value;
    this.#times[at] = reading.time;
    this.#uptimes[at] = reading.uptime;
    this.#waiting[at] = 1;
    this.#next += 1;
  }

  /** Fills `into`. False where reading `seq` does not wait here (any more). */
  read(seq: number, into: Reading): boolean {
    if (seq < this.#first || seq >= this.#next) return false;
    const at = seq % this.capacity;
    if (this.#waiting[at] === 0) return false;
    into.quantity = this.#quantities[at] as Quantity;
    into.value = this.#values[at];
    into.time = this.#times[at];
    into.uptime = this.#uptimes[at];
    into.seq = seq;
    return true;
  }

  /** Reading `seq` has been delivered. Harmless for one that does not wait. */
  acknowledge(seq: number): void {
    if (seq < this.#first || seq >= this.#next) return;
    this.#waiting[seq % this.capacity] = 0;
    this.#skipAcknowledged();
  }

  #skipAcknowledged(): void {
    while (this.#first < this.#next && this.#waiting[this.#first % this.capacity] === 0) this.#first += 1;
  }
}
