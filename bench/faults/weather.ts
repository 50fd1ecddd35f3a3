import type { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import type { Way, Weather } from "../../host-sim/boards/virtual/way.js";
import type { Random } from "./random.js";

/** Milliseconds of TCP's first retransmission, and of its longest wait for another attempt. */
const RETRANSMISSION = 200;
const LONGEST_RETRANSMISSION = 60_000;

/** What stops a device's packets. */
interface Stop {
  up: boolean;
  down: boolean;
  since: number;
}

/** The network between one device and everything else, as TCP lets it be seen: what is lost comes later, with all that follows it. */
export class DeviceWeather implements Weather {
  /** Milliseconds from one end to the other. */
  latency: number;
  /** Milliseconds that may be added to each. */
  jitter = 0;
  /** Part of the segments that are lost and sent again. */
  loss = 0;
  /** Bytes are taken apart at random. */
  splits = false;
  /** What arrives together arrives as one. */
  merges = false;
  #clock: VirtualClock;
  #random: Random;
  #stops = new Map<string, Stop>();
  #waiting = new Set<Way>();
  #onSilence: () => void;

  /** @param onSilence nothing comes down any more from now on */
  constructor(clock: VirtualClock, random: Random, latency: number, onSilence: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.latency = latency;
    this.#onSilence = onSilence;
  }

  /** Whether it is stopped for this cause. */
  isHeldBy(cause: string): boolean {
    return this.#stops.has(cause);
  }

  /** Since when nothing comes down to the device; `undefined` while something can. */
  get silentSince(): number | undefined {
    let since: number | undefined;
    for (const stop of this.#stops.values()) {
      if (stop.down) since = Math.min(since ?? stop.since, stop.since);
    }
    return since;
  }

  /** Nothing gets through, one way or both, until `resume` with the same cause. */
  stop(cause: string, up: boolean, down: boolean): void {
    const wasSilent = this.silentSince !== undefined;
    this.#stops.set(cause, { up, down, since: this.#clock.elapsed });
    if (down && !wasSilent) this.#onSilence();
  }

  resume(cause: string): void {
    const stop = this.#stops.get(cause);
    if (!stop) return;
    this.#stops.delete(cause);
    const lasted = this.#clock.elapsed - stop.since;
    for (const way of this.#waiting) {
      if (this.isStopped(way.isUp)) continue;
      this.#waiting.delete(way);
      // The sender tries again at times that lie further and further apart.
      const wait = this.#random.next() * Math.min(Math.max(lasted, RETRANSMISSION), LONGEST_RETRANSMISSION);
      this.#clock.timer.set(() => way.pass(), wait);
    }
  }

  /** Whether a datagram is lost: nobody sends it again. */
  losesDatagram(): boolean {
    return this.loss > 0 && this.#random.chance(this.loss);
  }

  delay(): number {
    let delay = this.latency;
    if (this.jitter > 0) delay += this.#random.next() * this.jitter;
    if (this.loss > 0) {
      let wait = RETRANSMISSION;
      while (wait < LONGEST_RETRANSMISSION && this.#random.chance(this.loss)) {
        delay += wait;
        wait *= 2;
      }
    }
    return delay;
  }

  isStopped(up: boolean): boolean {
    if (this.#stops.size === 0) return false;
    for (const stop of this.#stops.values()) if (up ? stop.up : stop.down) return true;
    return false;
  }

  piece(): number {
    return this.splits ? this.#random.magnitude(1, 64) : 0;
  }

  passLater(way: Way): void {
    this.#waiting.add(way);
  }
}
