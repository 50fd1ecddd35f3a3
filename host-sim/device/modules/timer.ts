/** Moddable's module `timer` on Node's timers. */

type Callback = (timer: Timer) => void;

export default class Timer {
  #callback: Callback;
  #handle: NodeJS.Timeout | undefined;

  private constructor(callback: Callback) {
    if (typeof callback !== "function") throw new TypeError("callback is not a function");
    this.#callback = callback;
  }

  /** Runs `callback` after `interval` milliseconds, and then every `repeat` where that is given. */
  static set(callback: Callback, interval = 0, repeat?: number): Timer {
    const timer = new Timer(callback);
    timer.#start(interval, repeat);
    return timer;
  }

  static repeat(callback: Callback, interval: number): Timer {
    return Timer.set(callback, interval, interval);
  }

  /** Starts a timer anew, or without `interval` stops it until it is scheduled again. */
  static schedule(timer: Timer, interval?: number, repeat?: number): void {
    clearTimeout(timer.#handle);
    timer.#handle = undefined;
    if (interval !== undefined) timer.#start(interval, repeat);
  }

  static clear(timer: Timer | undefined | null): void {
    if (timer === undefined || timer === null) return;
    if (typeof timer !== "object" || !(#handle in timer)) throw new SyntaxError("this is no timer");
    clearTimeout(timer.#handle);
    timer.#handle = undefined;
  }

  /** Blocks all that there is. */
  static delay(milliseconds: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds));
  }

  #start(interval: number, repeat: number | undefined): void {
    this.#handle = setTimeout(() => {
      this.#handle = undefined;
      // The callback may schedule or clear it.
      if (repeat) this.#start(repeat, repeat);
      this.#callback(this);
    }, interval);
  }
}
