import type { Quantity, Reading } from "../codec/reading.js";
import type { BootTime } from "../time.js";
import { Policy, stride } from "./policy.js";
import type { Waiting } from "./waiting.js";

/** The places of a queue; one takes 30 bytes. */
class Places {
  readonly seqs: Float64Array;
  readonly quantities: Uint8Array;
  readonly values: Float64Array;
  readonly uptimes: Float64Array;
  readonly epochs: Uint32Array;
  /** 1: waits, 0: acknowledged out of its order. */
  readonly waiting: Uint8Array;

  constructor(capacity: number) {
    this.seqs = new Float64Array(capacity);
    this.quantities = new Uint8Array(capacity);
    this.values = new Float64Array(capacity);
    this.uptimes = new Float64Array(capacity);
    this.epochs = new Uint32Array(capacity);
    this.waiting = new Uint8Array(capacity);
  }
}

/**
 * The readings of this boot that wait in memory: a ring, ordered by sequence number. A reading leaves when it is
 * acknowledged, or when all places are taken as the policy says. Memory is taken once, for all of them, with the first: a
 * node whose journal takes everything never needs it.
 */
export class Queue implements Waiting {
  readonly capacity: number;
  /** Nothing ever is: each reading has its mark. */
  readonly forgotten = 0;
  #time: BootTime;
  #policy: Policy;
  declare private places: Places;
  /** Place of the oldest, and places taken; neither the first nor the last of these was acknowledged. */
  #head = 0;
  #used = 0;
  #size = 0;
  #next: number;

  /**
   * @param capacity readings; one takes 30 bytes
   * @param first the sequence number of the first reading to come
   */
  constructor(capacity: number, first: number, time: BootTime, policy = Policy.OLDEST) {
    this.capacity = capacity;
    this.#time = time;
    this.#policy = policy;
    this.#next = first;
  }

  get first(): number {
    return this.#used === 0 ? this.#next : this.places.seqs[this.#head];
  }

  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Takes a reading of this boot.
   * @returns the sequence number of the reading that was given up for want of room, perhaps its own; -1 where none was
   * @throws RangeError when `reading.seq` is below `next`
   */
  append(reading: Reading): number {
    const { seq } = reading;
    if (seq < this.#next) throw new RangeError(`reading ${seq} where ${this.#next} comes next`);
    this.#next = seq + 1;
    let gone = -1;
    this.places ??= new Places(this.capacity);
    if (this.#used === this.capacity && this.#size < this.capacity) this.closeGaps();
    if (this.#policy === Policy.THIN && seq % stride(this.#used, this.capacity) !== 0) return seq;
    if (this.#used === this.capacity) {
      if (this.#policy !== Policy.OLDEST) return seq;
      gone = this.first;
      this.acknowledge(gone);
    }
    const at = this.place(this.#used);
    this.places.seqs[at] = seq;
    this.places.quantities[at] = reading.quantity;
    this.places.values[at] = reading.value;
    this.places.uptimes[at] = reading.uptime;
    this.places.epochs[at] = reading.epoch;
    this.places.waiting[at] = 1;
    this.#used += 1;
    this.#size += 1;
    return gone;
  }

  following(seq: number): number {
    for (let i = this.search(seq); i < this.#used; i++) {
      const at = this.place(i);
      if (this.places.waiting[at] === 1) return this.places.seqs[at];
    }
    return this.#next;
  }

  read(seq: number, into: Reading): boolean {
    const at = this.find(seq);
    if (at < 0) return false;
    into.quantity = this.places.quantities[at] as Quantity;
    into.value = this.places.values[at];
    into.uptime = this.places.uptimes[at];
    into.epoch = this.places.epochs[at];
    into.seq = seq;
    into.boot = this.#time.boot;
    into.time = this.#time.origin() + into.uptime;
    return true;
  }

  acknowledge(seq: number): void {
    const at = this.find(seq);
    if (at < 0) return;
    this.places.waiting[at] = 0;
    this.#size -= 1;
    while (this.#used > 0 && this.places.waiting[this.#head] === 0) {
      this.#head = this.place(1);
      this.#used -= 1;
    }
    while (this.#used > 0 && this.places.waiting[this.place(this.#used - 1)] === 0) this.#used -= 1;
  }

  /** Moves what waits together: what was acknowledged in between takes no place any more. */
  private closeGaps(): void {
    let kept = 0;
    for (let i = 0; i < this.#used; i++) {
      const from = this.place(i);
      if (this.places.waiting[from] === 0) continue;
      const to = this.place(kept++);
      this.places.seqs[to] = this.places.seqs[from];
      this.places.quantities[to] = this.places.quantities[from];
      this.places.values[to] = this.places.values[from];
      this.places.uptimes[to] = this.places.uptimes[from];
      this.places.epochs[to] = this.places.epochs[from];
      this.places.waiting[to] = 1;
    }
    this.#used = kept;
  }

  /** Index into the rings of the `i`th place. */
  private place(i: number): number {
    const at = this.#head + i;
    return at < this.capacity ? at : at - this.capacity;
  }

  /** The first place whose number is not below `seq`; `#used` where there is none. */
  private search(seq: number): number {
    let low = 0;
    let high = this.#used;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.places.seqs[this.place(middle)] < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of a reading that waits, -1 for none. */
  private find(seq: number): number {
    const i = this.search(seq);
    if (i === this.#used) return -1;
    const at = this.place(i);
    return this.places.seqs[at] === seq && this.places.waiting[at] === 1 ? at : -1;
  }
}
