/** Time within the engine: what is due runs, and then time goes on to what is due next. Takes its memory once. */

import type { Clock, Timer } from "../../../firmware/ports.js";
import { native0, native1, native2 } from "./native.js";

/** Timers at once. */
const TIMERS = 64;

export class EngineClock {
  now = 0;
  #due = new Float64Array(TIMERS).fill(Number.POSITIVE_INFINITY);
  /** Order of setting, which decides between those of one moment. */
  #order = new Float64Array(TIMERS);
  #callbacks: ((() => void) | undefined)[] = new Array(TIMERS).fill(undefined);
  #orders = 0;
  /** Milliseconds since 1970 at 0. */
  #epoch: number;
  /** Called before and after each callback of the firmware's. */
  enter: () => void = () => {};
  leave: () => void = () => {};

  readonly timer: Timer;
  readonly clock: Clock;

  constructor(epoch: number) {
    this.#epoch = epoch;
    const timer = {
      set: native2("timer.set", (callback: () => void, delay: number) => this.set(callback, delay)),
      clear: native1("timer.clear", (handle: unknown) => this.clear(handle as number)),
    };
    this.timer = timer;
    this.clock = {
      ticks: native0("clock.ticks", () => this.now | 0),
      now: native0("clock.now", () => this.#epoch + this.now),
    };
  }

  set(callback: () => void, delay: number): number {
    const due = this.#due;
    for (let i = 0; i < TIMERS; i++) {
      if (due[i] !== Number.POSITIVE_INFINITY) continue;
      due[i] = this.now + Math.max(0, delay);
      this.#order[i] = this.#orders++;
      this.#callbacks[i] = callback;
      return i + 1;
    }
    throw new Error(`more than ${TIMERS} timers at once`);
  }

  clear(handle: number): void {
    this.#due[handle - 1] = Number.POSITIVE_INFINITY;
    this.#callbacks[handle - 1] = undefined;
  }

  /** Lets so many milliseconds pass. */
  run(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const next = this.#next();
      if (next < 0 || this.#due[next] > end) break;
      this.now = this.#due[next];
      const callback = this.#callbacks[next] as () => void;
      this.clear(next + 1);
      this.enter();
      callback();
      this.leave();
    }
    this.now = end;
  }

  #next(): number {
    let best = -1;
    for (let i = 0; i < TIMERS; i++) {
      if (this.#due[i] === Number.POSITIVE_INFINITY) continue;
      if (
        best < 0 ||
        this.#due[i] < this.#due[best] ||
        (this.#due[i] === this.#due[best] && this.#order[i] < this.#order[best])
      )
        best = i;
    }
    return best;
  }
}
