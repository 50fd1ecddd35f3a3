import type { Timer, TimerHandle } from "./ports.js";

/** One timer that can be set again and again: at most one is running, and none is cleared that has run. */
export class Alarm {
  #timer: Timer;
  #onRing: () => void;
  #handle: TimerHandle;

  constructor(timer: Timer, onRing: () => void) {
    this.#timer = timer;
    this.#onRing = onRing;
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
    this.#onRing();
  };
}
