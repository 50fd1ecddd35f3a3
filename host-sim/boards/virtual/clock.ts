import type { Clock, Timer } from "../../../firmware/ports.js";

interface Entry {
  at: number;
  /** Order of setting, which decides between timers of the same moment. */
  order: number;
  callback: (() => void) | undefined;
  domain: TimerDomain;
}

/** Timers that belong together, such as those of one board, and end together when its power is cut. */
export class TimerDomain {
  readonly timer: Timer;
  /** Timers that are set and have neither run nor been cleared. */
  pending = 0;
  /** They run into nothing: the processor is stuck in a loop. */
  hangs = false;
  /** Gets what a callback throws, which otherwise comes to whoever lets time pass. */
  declare onThrow?: (error: unknown) => void;
  #isCut = false;
  #forget: () => void;

  /** Made by `VirtualClock.domain`. */
  constructor(
    set: (callback: () => void, delay: number, domain: TimerDomain) => Entry,
    forget: (domain: TimerDomain) => void,
  ) {
    this.#forget = () => forget(this);
    this.timer = {
      set: (callback, delay) => set(callback, delay, this),
      clear: (handle) => {
        if (handle === undefined || (handle as Entry).callback === undefined) return;
        (handle as Entry).callback = undefined;
        this.pending -= 1;
      },
    };
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Runs a callback of whoever has these timers. */
  run(callback: () => void): void {
    if (this.hangs) return;
    if (!this.onThrow) return callback();
    try {
      callback();
    } catch (error) {
      this.onThrow(error);
    }
  }

  /** None of its timers runs any more, whether set before or after. */
  cut(): void {
    this.#isCut = true;
    this.#forget();
    this.pending = 0;
  }
}

export interface VirtualClockOptions {
  /** The tick counter at the start, to begin just before a wrap. */
  ticks?: number;
  /** Milliseconds since 1970 at the start; without it the clock is not set. */
  now?: number;
}

/** Time that passes only when it is told to, and then as fast as there is nothing to do. */
export class VirtualClock implements Clock {
  #elapsed = 0;
  #firstTick: number;
  #epoch: number | undefined;
  #order = 0;
  #steps = 0;
  /** A binary heap, the earliest first. */
  #heap: Entry[] = [];

  constructor(options: VirtualClockOptions = {}) {
    this.#firstTick = options.ticks ?? 0;
    this.#epoch = options.now;
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** Timers that are set and have neither run nor been cleared. */
  get pending(): number {
    return this.#heap.filter(({ callback }) => callback !== undefined).length;
  }

  /** Timers that have run: tells one callback from another of the same moment. */
  get steps(): number {
    return this.#steps;
  }

  ticks(): number {
    return (this.#firstTick + this.#elapsed) | 0;
  }

  now(): number | undefined {
    return this.#epoch === undefined ? undefined : this.#epoch + this.#elapsed;
  }

  /** Sets the clock to `now`, or takes its time away. */
  setNow(now: number | undefined): void {
    this.#epoch = now === undefined ? undefined : now - this.#elapsed;
  }

  /** Timers that nothing cuts: those of the world around the boards. */
  readonly world: TimerDomain = this.domain();
  readonly timer: Timer = this.world.timer;

  /** Timers of their own. */
  domain(): TimerDomain {
    return new TimerDomain(
      (callback, delay, domain) => this.#set(callback, delay, domain),
      (domain) => {
        for (const entry of this.#heap) if (entry.domain === domain) entry.callback = undefined;
      },
    );
  }

  #set(callback: () => void, delay: number, domain: TimerDomain): Entry {
    if (!(delay >= 0)) throw new RangeError(`delay ${delay}`);
    const entry: Entry = { at: this.#elapsed + Math.floor(delay), order: this.#order++, callback, domain };
    if (domain.isCut) return entry;
    domain.pending += 1;
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
    return entry;
  }

  #takeEarliest(): Entry {
    const heap = this.#heap;
    const earliest = heap[0];
    const last = heap.pop() as Entry;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child += 1;
        if (!before(heap[child], last)) break;
        heap[at] = heap[child];
        at = child;
      }
      heap[at] = last;
    }
    return earliest;
  }

  /** Lets `duration` milliseconds pass, running every timer that falls due in its order. */
  run(duration: number): void {
    if (!(duration >= 0)) throw new RangeError(`duration ${duration}`);
    const end = this.#elapsed + duration;
    while (this.#heap.length > 0 && this.#heap[0].at <= end) {
      const entry = this.#takeEarliest();
      this.#elapsed = Math.max(this.#elapsed, entry.at);
      const { callback, domain } = entry;
      if (callback === undefined) continue;
      entry.callback = undefined;
      domain.pending -= 1;
      this.#steps += 1;
      domain.run(callback);
    }
    this.#elapsed = Math.max(this.#elapsed, end); // a timer may have let more time pass
  }

  /** Lets time pass until `condition` holds. @throws Error when it does not within `limit` milliseconds */
  runUntil(condition: () => boolean, limit = 120_000): void {
    const end = this.#elapsed + limit;
    while (!condition()) {
      if (this.#elapsed >= end) throw new Error(`not within ${limit} simulated milliseconds`);
      const next = this.#heap[0]?.at ?? end;
      this.run(Math.max(0, Math.min(next, end) - this.#elapsed));
    }
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
