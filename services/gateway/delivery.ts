/**
 * From the store to the broker: a bounded window of publishes, each forgotten by the store when the broker has
 * acknowledged it.
 *
 * Readings that were in the store when the connection was made waited because the broker was away: they are late, and go
 * beside the live ones, which they do not hold up. Order holds within live and within late.
 */

import type { Limits } from "./limits.js";
import { lateText } from "./message.js";
import type { Store, Waiting } from "./store.js";

export interface DeliveryOptions {
  store: Store;
  limits: Limits;
  /**
   * Hands a reading to the broker with QoS 1.
   * @param acknowledged called once it is acknowledged, and never after the connection was lost
   */
  publish(reading: Waiting, text: string, retain: boolean, acknowledged: () => void): void;
  onDelivered(count: number): void;
  /** The store does not forget what the broker has; `undefined` where it does again. */
  onTrouble(error: unknown): void;
}

/** Milliseconds in which acknowledgements are gathered for one transaction. */
const GATHERING = 20;

/** Milliseconds before a store that did not forget is asked again. */
const RETRY = 1_000;

/** A part of the window that late readings always have, so that a steady stream of live ones does not hold them for ever. */
const LATE_SHARE = 4;

export class Delivery {
  #options: DeliveryOptions;
  #connected = false;
  /** Counts connections: acknowledgements of an earlier one mean nothing. */
  #connection = 0;
  /** Readings up to this one are late on this connection. */
  #lateUpTo = 0;
  /** The last that was handed over, in each lane: those that waited, those that came late, live ones. */
  #waited = 0;
  #cameLate = 0;
  #live = 0;
  #liveUnderWay = 0;
  #lateUnderWay = 0;
  #acknowledged: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Since when something is under way and nothing was acknowledged. */
  #since = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Publishes that are not acknowledged. */
  get underWay(): number {
    return this.#liveUnderWay + this.#lateUnderWay;
  }

  /** Milliseconds of `performance.now()` since when nothing that is under way was acknowledged; 0 where nothing is. */
  get silentSince(): number {
    return this.underWay > 0 ? this.#since : 0;
  }

  connected(): void {
    this.#connection += 1;
    this.#connected = true;
    this.forget();
    this.#lateUpTo = this.#options.store.lastId;
    this.#waited = 0;
    this.#cameLate = this.#lateUpTo;
    this.#live = this.#lateUpTo;
    this.wake();
  }

  /** What was under way goes again, as late. */
  disconnected(): void {
    this.#connected = false;
    this.#liveUnderWay = 0;
    this.#lateUnderWay = 0;
  }

  /** There may be new readings, or room in the window. */
  wake(): void {
    const { store, limits } = this.#options;
    const { window } = limits;
    // A store that cannot forget is not asked for more: the same readings would go again and again.
    if (!this.#connected || this.#acknowledged.length >= 4 * window) return;
    const free = window - this.underWay;
    // Refilled by halves: one query for many readings. An idle window takes each at once.
    if (free < window / 2 && this.underWay > 0) return;
    const lateRoom = Math.min(free, Math.max(0, Math.ceil(window / LATE_SHARE) - this.#lateUnderWay));
    const reserved = store.waiting > 0 ? this.#sendLate(lateRoom) : 0;
    const live = this.#sendLive(free - reserved);
    const rest = free - reserved - live;
    if (reserved === lateRoom && rest > 0) this.#sendLate(rest);
  }

  /** Has the store forget what the broker has acknowledged. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ids = this.#acknowledged;
    if (ids.length === 0) return;
    try {
      this.#options.store.remove(ids);
      this.#acknowledged = [];
      this.#options.onTrouble(undefined);
    } catch (error) {
      this.#options.onTrouble(error);
      this.#gather(RETRY);
    }
  }

  /** Resolves when the broker has all, is gone, or after `patience` milliseconds. */
  async drained(patience: number): Promise<void> {
    const deadline = performance.now() + patience;
    while (this.#connected && this.#options.store.waiting > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, GATHERING));
  }

  close(): void {
    this.#connected = false;
    this.forget();
    clearTimeout(this.#timer);
  }

  #sendLate(count: number): number {
    const { store } = this.#options;
    let rows: Waiting[] = [];
    if (count > 0 && this.#waited < this.#lateUpTo) {
      rows = store.between(this.#waited, this.#lateUpTo, count);
      this.#waited = rows.length < count ? this.#lateUpTo : rows[rows.length - 1].id;
    }
    if (rows.length < count) {
      const more = store.lane(true, this.#cameLate, count - rows.length);
      if (more.length > 0) this.#cameLate = more[more.length - 1].id;
      rows = rows.concat(more);
    }
    for (const row of rows) this.#send(row, true);
    return rows.length;
  }

  #sendLive(count: number): number {
    const rows = count > 0 ? this.#options.store.lane(false, this.#live, count) : [];
    if (rows.length > 0) this.#live = rows[rows.length - 1].id;
    for (const row of rows) this.#send(row, false);
    return rows.length;
  }

  #send(row: Waiting, late: boolean): void {
    const connection = this.#connection;
    if (this.underWay === 0) this.#since = performance.now();
    if (late) this.#lateUnderWay += 1;
    else this.#liveUnderWay += 1;
    this.#options.publish(row, late ? lateText(row.text) : row.text, !late, () => {
      if (connection !== this.#connection || !this.#connected) return;
      if (late) this.#lateUnderWay -= 1;
      else this.#liveUnderWay -= 1;
      this.#since = performance.now();
      this.#acknowledged.push(row.id);
      this.#options.onDelivered(1);
      this.#gather(GATHERING);
      this.wake();
    });
  }

  #gather(wait: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.forget();
      this.wake();
    }, wait);
  }
}
