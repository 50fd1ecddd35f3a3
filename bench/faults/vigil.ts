import type { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import type { SensorWorld } from "./sources.js";

/** Milliseconds between two looks. */
const PERIOD = 60_000;

/** Milliseconds, besides three of its values, for a sensor to be opened again. */
export const SENSOR_LIMIT = 10_000;

/** Milliseconds of a life with a reading in it that was well for certain. */
const SURELY_WELL = 120_000;

/** Milliseconds that a node waits for a silent sensor at most before it starts anew, whatever came before. */
const LONGEST_PATIENCE = 86_400_000;

/** Milliseconds to a Wi-Fi network that is there: for an attempt that began too early, and one that succeeds. */
const JOIN_LIMIT = 80_000;

export interface VigilOptions {
  name: string;
  clock: VirtualClock;
  sensor: SensorWorld;
  /** The node's setting, milliseconds. */
  watchdog: number;
  fail: (what: string) => void;
}

/**
 * Sees that a node does what no message asks it for: reads a sensor that is there, joins a network that is there, and
 * starts anew for a silent sensor and nothing else.
 */
export class Vigil {
  #options: VigilOptions;
  /** When the power came. */
  #since = 0;
  /** When a reading was taken last, or the power came. */
  #takenAt = 0;
  /** Since when nothing is wrong with the sensor. */
  #fineSince = 0;
  /** When there was last a network, or none to join. */
  #joinedAt = 0;
  /** Restarts in a row because the sensor was silent; the node may know of fewer. */
  #stalls = 0;

  constructor(options: VigilOptions) {
    this.#options = options;
  }

  /** The power comes. */
  begin(): void {
    this.#since = this.#takenAt = this.#fineSince = this.#joinedAt = this.#options.clock.elapsed;
  }

  /** A reading is taken. */
  took(): void {
    this.#takenAt = this.#options.clock.elapsed;
  }

  /** The node starts itself anew. */
  restarts(): void {
    const { name, clock, watchdog, fail } = this.#options;
    const silence = clock.elapsed - this.#takenAt;
    if (watchdog === 0 || silence < watchdog)
      fail(`restart: ${name} starts anew, and a reading was taken ${silence} ms ago`);
    this.#stalls += 1;
  }

  /** To be called once in `PERIOD` while there is power. @param hasToJoin there is a network, and the node is not in it */
  look(hasToJoin: boolean): void {
    const { name, clock, sensor, fail } = this.#options;
    const now = clock.elapsed;
    if (!sensor.isFine) this.#fineSince = now;
    const unread = now - Math.max(this.#takenAt, this.#fineSince);
    if (unread > SENSOR_LIMIT + 3 * sensor.pace + PERIOD)
      fail(`sensor: nothing is wrong with it, and nothing was taken for ${unread} ms`);
    this.#lookAtPatience(now);
    if (!hasToJoin) this.#joinedAt = now;
    const alone = now - this.#joinedAt;
    if (alone > JOIN_LIMIT + PERIOD)
      fail(`wi-fi: ${name} has not joined its network for ${alone} ms, and nothing is wrong with it`);
  }

  /** A sensor that is silent is worth a restart, and each that did not help doubles the wait before the next. */
  #lookAtPatience(now: number): void {
    const { name, sensor, watchdog, fail } = this.#options;
    if (this.#takenAt > this.#since && now - this.#since > SURELY_WELL) this.#stalls = 0;
    const patience = Math.max(watchdog, 3 * sensor.pace);
    const limit = Math.min(patience * 2 ** this.#stalls, Math.max(patience, LONGEST_PATIENCE));
    const silence = now - this.#takenAt;
    if (watchdog > 0 && silence > limit + 2 * PERIOD)
      fail(`watchdog: nothing was taken for ${silence} ms, and ${name} does not start anew`);
  }
}
