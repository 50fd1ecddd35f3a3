import type { Clock } from "./ports.js";

/**
 * Arithmetic on ticks. A tick counter is a 32-bit integer that wraps every 49.7 days, so two readings of it
 * are compared by their difference, never by their order.
 */

/** Milliseconds from `start` to `end`; right across a wrap as long as they are less than 24.8 days apart. */
export function elapsed(start: number, end: number): number {
  return (end - start) | 0;
}

/**
 * Milliseconds that are left of a `period` which began at tick `start`; 0 once it is over, also when that was so long ago
 * that the ticks have wrapped.
 */
export function remaining(start: number, period: number, now: number): number {
  const passed = elapsed(start, now);
  return passed >= 0 && passed < period ? period - passed : 0;
}

/**
 * The time of one boot: how long it has lasted, without a wrap, and what the clock says of its beginning. To be asked at
 * least once every 24 days: see `TickKeeper`.
 */
export class BootTime {
  /** Restarts counted. */
  readonly boot: number;
  #clock: Clock;
  #ticks: number;
  #uptime = 0;

  constructor(clock: Clock, boot: number) {
    this.boot = boot;
    this.#clock = clock;
    this.#ticks = clock.ticks();
  }

  /** Milliseconds since this object was made. */
  uptime(): number {
    const ticks = this.#clock.ticks();
    const uptime = this.#uptime + ((ticks - this.#ticks) | 0);
    this.#ticks = ticks;
    this.#uptime = uptime;
    return uptime;
  }

  /** Milliseconds since 1970, NaN while the clock is not set. */
  now(): number {
    return this.#clock.now() ?? Number.NaN;
  }

  /** Milliseconds since 1970 at which the uptime was 0, by the clock's present word; NaN while it is not set. */
  origin(): number {
    return this.now() - this.uptime();
  }
}
