import type { Timer, TimerHandle } from "./ports.js";

/** Whoever sets alarms. */
export interface Sleeper {
  /** An alarm of its rings; whoever has several tells them apart by `alarm`. */
  onAlarm(alarm: Alarm): void;
}

/**
 * One timer that can be set again and again: at most one is running, and none is cleared that has run. It calls a method,
 * for a callback of each would cost XS ten slots more.
 */
export class Alarm {
  #timer: Timer;
  #sleeper: Sleeper;
  #handle: TimerHandle;

  constructor(timer: Timer, sleeper: Sleeper) {
    this.#timer = timer;
    this.#sleeper = sleeper;
  }

  /** Rings after `delay` milliseconds, and not when it was set to before. */
  set(delay: number): void {
    this.clear();
    this.#handle = this.#timer.set(this.#ring, delay);
  }

  clear(): void {
    if (this.#handle !== undefined) this.#timer.clear(this.#handle);
    this.#handle = undefined;
  }

  #ring = (): void => {
    this.#handle = undefined;
    this.#sleeper.onAlarm(this);
  };
}
