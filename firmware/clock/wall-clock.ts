import type { Clock, SettableClock } from "../ports.js";
import { elapsed } from "../time.js";

/**
 * The time of day on ticks alone: what was learnt at some tick, and the ticks since. The board's clock is set as well,
 * because certificates are checked against it, but is not looked at any more: it may keep whole seconds only, and
 * whatever sets it besides moves no reading.
 *
 * Ask at least once every 24 days, or the ticks have wrapped too often: see `TickKeeper`.
 */
export class WallClock implements Clock {
  #board: SettableClock;
  /** The time at `#ticks`; NaN before it was learnt. */
  #now = Number.NaN;
  #ticks = 0;

  constructor(board: SettableClock) {
    this.#board = board;
  }

  ticks(): number {
    return this.#board.ticks();
  }

  /** Before anything was learnt the board's own, which may have outlived a restart. */
  now(): number | undefined {
    if (Number.isNaN(this.#now)) return this.#board.now();
    const ticks = this.#board.ticks();
    this.#now += elapsed(this.#ticks, ticks);
    this.#ticks = ticks;
    return this.#now;
  }

  /**
   * @param now milliseconds since 1970
   * @param ticks the tick at which it was that time, less than 24 days ago
   */
  set(now: number, ticks: number): void {
    this.#ticks = this.#board.ticks();
    this.#now = now + elapsed(ticks, this.#ticks);
    this.#board.set(this.#now);
  }
}
