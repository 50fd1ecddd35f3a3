import type { VirtualClock } from "./clock.js";

/** What a network does to what is on it at present. `up` is the way from the client to the server. */
export interface Weather {
  /** Milliseconds that what is sent now takes. */
  delay(up: boolean): number;
  /** Nothing gets through this way. */
  isStopped(up: boolean): boolean;
  /** Bytes that go together; 0 leaves what was written together. */
  piece(up: boolean): number;
  /** What arrives at one moment arrives as one piece. */
  readonly merges: boolean;
  /** Calls `way.pass` when this way is open again. */
  passLater(way: Way): void;
}

interface Item {
  readonly at: number;
  readonly what: Uint8Array | (() => void);
}

/** One direction of a connection: what is sent into it comes out later, whole and in its order. */
export class Way {
  readonly isUp: boolean;
  #weather: Weather;
  #clock: VirtualClock;
  #onBytes: (bytes: Uint8Array) => void;
  #queue: Item[] = [];
  /** Moment at which the last one sent is due. */
  #last = 0;
  #isTimed = false;
  #isDead = false;
  /** Bytes that still pass before `#onBroken`. */
  #rest = Number.POSITIVE_INFINITY;
  #onBroken: () => void = () => {};
  /** The far end does not take anything at present. */
  held = false;

  constructor(isUp: boolean, weather: Weather, clock: VirtualClock, onBytes: (bytes: Uint8Array) => void) {
    this.isUp = isUp;
    this.#weather = weather;
    this.#clock = clock;
    this.#onBytes = onBytes;
  }

  /** Bytes, which are the way's from now on. */
  bytes(bytes: Uint8Array): void {
    const size = this.#weather.piece(this.isUp);
    if (size === 0 || size >= bytes.length) return this.#send(bytes, this.#weather.delay(this.isUp));
    for (let at = 0; at < bytes.length; at += size) {
      this.#send(bytes.subarray(at, at + size), this.#weather.delay(this.isUp));
    }
  }

  /** A sign behind all that was sent before, such as the connection's end. */
  sign(arrive: () => void, delay = this.#weather.delay(this.isUp)): void {
    this.#send(arrive, delay);
  }

  /** What is under way, and all that is sent later, does not arrive. */
  die(): void {
    this.#isDead = true;
    this.#queue = [];
  }

  /** Calls `onBroken` when `count` more bytes have passed, perhaps in the middle of a piece. */
  breakAfter(count: number, onBroken: () => void): void {
    this.#rest = count;
    this.#onBroken = onBroken;
  }

  pass(): void {
    const now = this.#clock.elapsed;
    while (this.#queue.length > 0 && this.#queue[0].at <= now && !this.held) {
      if (this.#weather.isStopped(this.isUp)) return this.#weather.passLater(this);
      const { what } = this.#queue.shift() as Item;
      if (typeof what === "function") what();
      else this.#arrive(this.#weather.merges ? this.#mergeDue(what, now) : what);
    }
    this.#time();
  }

  #send(what: Item["what"], delay: number): void {
    if (this.#isDead) return;
    this.#last = Math.max(this.#last, this.#clock.elapsed + Math.floor(delay));
    this.#queue.push({ at: this.#last, what });
    if (this.#queue.length === 1) this.#time();
  }

  /** Sets the timer for the first in the queue; one that waits for something else than time has none. */
  #time(): void {
    if (this.#isTimed || this.#queue.length === 0) return;
    const wait = this.#queue[0].at - this.#clock.elapsed;
    if (wait < 0 || (wait === 0 && this.held)) return;
    this.#isTimed = true;
    this.#clock.timer.set(() => {
      this.#isTimed = false;
      this.pass();
    }, wait);
  }

  #mergeDue(first: Uint8Array, now: number): Uint8Array {
    const pieces = [first];
    let length = first.length;
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || next.at > now || typeof next.what === "function") break;
      pieces.push(next.what);
      length += next.what.length;
      this.#queue.shift();
    }
    if (pieces.length === 1) return first;
    const all = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  #arrive(bytes: Uint8Array): void {
    if (bytes.length < this.#rest) {
      this.#rest -= bytes.length;
      return this.#onBytes(bytes);
    }
    const rest = this.#rest;
    this.#rest = Number.POSITIVE_INFINITY;
    if (rest > 0) this.#onBytes(bytes.subarray(0, rest));
    this.#onBroken();
  }
}
