/**
 * What is under way on a connection, without a place in memory for each message: which reading is sent next and with
 * which packet identifier, and which reading an identifier acknowledges. Pure.
 *
 * There are two lanes, each in the order of the numbers: late readings, which waited when the connection began, and live
 * ones, taken since. Live ones go first, so that a long backlog does not hold them up. An identifier follows from lane
 * and number; readings under way in a lane are less than `LANE` apart, so no two have the same.
 *
 * When the broker still has the session, what was under way is sent again first, as it was: same identifier, same lane,
 * DUP [MQTT-4.4.0-1].
 *
 * Where readings that were acknowledged wait again, as what waits may forget some, nothing more is sent until nothing is
 * under way, and then they are sent again as late ones.
 */

import type { Waiting } from "../outbox/waiting.js";

/** Packet identifiers of a lane: 1 to 32,000 are late, 32,001 to 64,000 live. Those above are free for other things. */
const LANE = 32_000;

export class Flight {
  /** The message to send, after `next` returned true. */
  seq = 0;
  id = 0;
  late = false;
  duplicate = false;

  #window: number;
  #waiting: Waiting;
  #count = 0;
  #acknowledgements = 0;
  /** Late readings below were sent on this connection, or need not be. */
  #lateSent: number;
  /** Readings from here on are live. */
  #liveFrom: number;
  #liveSent: number;
  /** Late readings below were sent before, in the session that the broker has. */
  #repeatBelow = 0;
  /** Live readings of the connection before, which are sent again: from, up to but not including, and how far. */
  #againFrom = 0;
  #againEnd = 0;
  #againSent = 0;
  /** Not above any live reading under way, and less than `LANE` below all of them. */
  #liveBase: number;
  /** Acknowledgements that had been forgotten when all that waits was last looked at from its beginning. */
  #forgotten = 0;

  /** @param window messages under way at once, less than `LANE` */
  constructor(window: number, waiting: Waiting) {
    this.#window = window;
    this.#waiting = waiting;
    this.#lateSent = this.#liveFrom = this.#liveSent = this.#liveBase = waiting.next;
  }

  /** Messages under way, also of readings that were given up meanwhile. */
  get count(): number {
    return this.#count;
  }

  /** Messages acknowledged so far. */
  get acknowledgements(): number {
    return this.#acknowledgements;
  }

  /**
   * Whether live readings of two connections are under way: their identifiers cannot all be known any more, and the next
   * session must be a clean one.
   */
  get isScattered(): boolean {
    const waiting = this.#waiting;
    return (
      waiting.following(this.#againFrom) < this.#againEnd &&
      waiting.following(this.#liveFrom) < this.#liveSent
    );
  }

  /** A connection begins; what waits now is late. Without a session the broker has forgotten what was sent before. */
  begin(sessionPresent: boolean): void {
    const waiting = this.#waiting;
    if (sessionPresent) {
      this.#repeatBelow = Math.max(this.#repeatBelow, this.#lateSent);
      const from = waiting.following(this.#liveFrom);
      if (from < this.#liveSent) {
        this.#againFrom = from;
        this.#againEnd = this.#liveSent;
      }
    } else this.#repeatBelow = this.#againFrom = this.#againEnd = 0;
    this.#count = 0;
    this.#forgotten = waiting.forgotten;
    this.#againSent = this.#againFrom;
    this.#lateSent = waiting.first;
    this.#liveFrom = this.#liveSent = waiting.next;
    this.#liveBase = this.#againFrom < this.#againEnd ? this.#againFrom : this.#liveFrom;
  }

  /** Chooses the next message, if there is one and the window has room for it. `sent` tells that it was written. */
  next(): boolean {
    if (this.#count >= this.#window) return false;
    const waiting = this.#waiting;
    let late = this.#liveFrom;
    // As a rule all that waited has been sent, and nothing but live ones comes.
    if (
      this.#lateSent >= late &&
      this.#againSent >= this.#againEnd &&
      waiting.forgotten === this.#forgotten
    ) {
      if (this.#liveSent >= waiting.next) return false;
      const seq = waiting.following(this.#liveSent);
      return seq < waiting.next && this.choose(seq, false, false);
    }
    if (this.#lateSent < late) {
      late = waiting.following(this.#lateSent);
      if (late < this.#repeatBelow && this.isLate(late)) return this.choose(late, true, true);
    }
    if (this.#againSent < this.#againEnd) {
      const seq = waiting.following(this.#againSent);
      if (seq < this.#againEnd) return this.choose(seq, false, true);
      // One that waits again from now on must not go behind newer ones.
      this.#againSent = this.#againEnd;
    }
    if (waiting.forgotten !== this.#forgotten) {
      // Until nothing is under way, so that no identifier is used for two.
      if (this.#count > 0) return false;
      this.beginAgain();
      late = waiting.first;
    }
    if (this.#liveSent < waiting.next) {
      const seq = waiting.following(this.#liveSent);
      if (seq < waiting.next && this.choose(seq, false, false)) return true;
    }
    if (!this.isLate(late)) late = waiting.following(this.#againEnd);
    return late < this.#liveFrom && this.choose(late, true, late < this.#repeatBelow);
  }

  /** What was sent on this connection and waits again is late now; what was not is as it was. */
  private beginAgain(): void {
    this.#forgotten = this.#waiting.forgotten;
    this.#repeatBelow = this.#againFrom = this.#againEnd = this.#againSent = 0;
    this.#lateSent = this.#waiting.first;
    this.#liveFrom = this.#liveBase = this.#liveSent;
  }

  /** The message that `next` chose has been written. */
  sent(): void {
    const { seq } = this;
    this.#count += 1;
    if (this.late) this.#lateSent = seq + 1;
    else if (seq < this.#liveFrom) this.#againSent = seq + 1;
    else this.#liveSent = seq + 1;
  }

  /** The reading that this identifier acknowledges, -1 for none that waits. */
  acknowledged(id: number): number {
    if (id < 1 || id > 2 * LANE) return -1;
    if (this.#count > 0) this.#count -= 1;
    this.#acknowledgements += 1;
    if (id <= LANE) {
      const seq = numberOf(id - 1, this.#waiting.first);
      return seq < this.#lateSent ? seq : -1;
    }
    const seq = numberOf(id - 1 - LANE, this.#liveBase);
    const isUnderWay =
      seq < this.#againSent ? seq >= this.#againFrom : seq >= this.#liveFrom && seq < this.#liveSent;
    if (!isUnderWay) return -1;
    if (seq === this.#liveBase) this.#liveBase = seq + 1;
    return seq;
  }

  /** Whether the reading of this identifier was sent as late. */
  wasLate(id: number): boolean {
    return id <= LANE;
  }

  /** The oldest reading under way that still waits, -1 for none. */
  oldest(): number {
    const waiting = this.#waiting;
    if (this.#count === 0) return -1;
    const { first } = waiting;
    if (first < this.#lateSent) return first;
    const live = waiting.following(this.#liveBase);
    return live < this.#liveSent ? live : -1;
  }

  private isLate(seq: number): boolean {
    return seq < this.#againFrom || seq >= this.#againEnd;
  }

  private choose(seq: number, late: boolean, duplicate: boolean): boolean {
    if (late) {
      if (seq - this.#waiting.first >= LANE) return false;
    } else if (seq - this.#liveBase >= LANE) {
      this.#liveBase = this.lowestLive();
      if (seq - this.#liveBase >= LANE) return false;
    }
    this.seq = seq;
    this.late = late;
    this.duplicate = duplicate;
    this.id = 1 + (seq % LANE) + (late ? 0 : LANE);
    return true;
  }

  private lowestLive(): number {
    const again = this.#waiting.following(Math.max(this.#againFrom, this.#liveBase));
    return again < this.#againEnd ? again : this.#waiting.following(Math.max(this.#liveFrom, this.#liveBase));
  }
}

/** The smallest number that is not below `base` and leaves `remainder`. */
function numberOf(remainder: number, base: number): number {
  return base + ((remainder - (base % LANE) + LANE) % LANE);
}
