/**
 * What is under way on a connection: which reading has which packet identifier. Pure.
 *
 * An identifier follows from the sequence number, `1 + seq % size`, so that it is the same when the reading is sent
 * again; and it is taken until it is acknowledged or the connection ends, so that the acknowledgement of a reading
 * which was meanwhile pushed out of the outbox is never taken for another's.
 */

const FREE = -1;

export class Window {
  /** By identifier less one: the sequence number under way. */
  #underWay: Float64Array;
  /** By identifier less one: it was sent as late. A repetition must say the same. */
  #late: Uint8Array;
  /** Readings below have been sent before, in the session that the broker has of us. */
  #sentBefore: number;

  /**
   * @param size readings under way at once
   * @param first the first sequence number that will be sent
   */
  constructor(size: number, first: number) {
    this.#underWay = new Float64Array(size).fill(FREE);
    this.#late = new Uint8Array(size);
    this.#sentBefore = first;
  }

  /** Largest identifier; what is above it is not this window's. */
  get size(): number {
    return this.#underWay.length;
  }

  /** A connection begins. Without a session the broker has forgotten what was sent before `first`. */
  begin(sessionPresent: boolean, first: number): void {
    this.#underWay.fill(FREE);
    if (!sessionPresent) this.#sentBefore = first;
  }

  /** The packet identifier for a reading, 0 while another one has it. */
  identifier(seq: number): number {
    const slot = seq % this.size;
    return this.#underWay[slot] === FREE ? slot + 1 : 0;
  }

  isRepetition(seq: number): boolean {
    return seq < this.#sentBefore;
  }

  /** Whether to send the reading as late; a repetition stays what it was. */
  isLate(seq: number, waited: boolean): boolean {
    const slot = seq % this.size;
    if (!this.isRepetition(seq)) this.#late[slot] = waited ? 1 : 0;
    return this.#late[slot] === 1;
  }

  /** The reading has been written. */
  sent(seq: number): void {
    this.#underWay[seq % this.size] = seq;
    if (this.#sentBefore <= seq) this.#sentBefore = seq + 1;
  }

  /** The reading that this identifier acknowledges, -1 for none. */
  acknowledged(id: number): number {
    if (id < 1 || id > this.size) return -1;
    const seq = this.#underWay[id - 1];
    this.#underWay[id - 1] = FREE;
    return seq;
  }

  /** Whether the reading that had this identifier last was sent as late. */
  wasLate(id: number): boolean {
    return this.#late[id - 1] === 1;
  }

  /** The oldest reading under way, -1 for none. */
  get oldest(): number {
    let oldest = FREE;
    for (let i = 0; i < this.#underWay.length; i++) {
      const seq = this.#underWay[i];
      if (seq !== FREE && (oldest === FREE || seq < oldest)) oldest = seq;
    }
    return oldest;
  }
}
