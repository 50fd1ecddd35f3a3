import { Alarm } from "../alarm.js";
import { formatDuration } from "../codec/duration.js";
import { errorText } from "../error-text.js";
import type { Monitor } from "../monitor.js";
import type { Clock, HardwareWatchdog, Timer } from "../ports.js";
import { elapsed } from "../time.js";
import type { Boots } from "./boots.js";

/** Milliseconds between two turns: a hardware watchdog that bites after 30 s is fed twice in that time. */
const PERIOD = 10_000;

/** Milliseconds that the loop must have turned before the node is well. */
const WELL_AFTER = 60_000;

/** Milliseconds of safe mode before the sensor is tried again. */
const SAFE_MODE = 3_600_000;

/** Milliseconds, the longest wait that doubling leads to: a sensor that was away for weeks is tried afresh each day. */
const LONGEST_WAIT = 86_400_000;

/** The node, as far as the watchdog acts on it. */
export interface Watched {
  /** Opens the sensor. */
  sense(): void;
  stop(onStopped: () => void): void;
}

export interface WatchdogOptions {
  timer: Timer;
  clock: Clock;
  monitor: Monitor;
  boots: Boots;
  /** Milliseconds without an accepted value before the node starts anew; 0 is never. Below 20 days. It may change. */
  patience(): number;
  /** Resets the device when even this class does not run any more. */
  hardware: HardwareWatchdog | undefined;
  /** Starts the device anew; without it a silent sensor is only told of. */
  restart: (() => void) | undefined;
}

/**
 * Sees to it that the node gets somewhere: the loop turns, for which it feeds the board's watchdog, and values from
 * the sensor are accepted. Broker and network play no part, because no restart brings those back.
 *
 * A sensor that stays silent is worth a restart, which resets a stuck bus or driver, but not one after another: each that
 * did not help doubles the wait before the next, up to a day.
 *
 * It also says when a boot is well, and ends safe mode; see `Boots`.
 */
export class Watchdog {
  #options: WatchdogOptions;
  #alarm: Alarm;
  #node: Watched | undefined;
  /** Ticks when sensing began, or safe mode. */
  #since = 0;
  #hasSettled = false;
  #isWell = false;
  /** A value was accepted since the last turn, and at all. */
  #isFresh = false;
  #hasValue = false;
  /** Ticks of the turn that found the last value, or another patience. */
  #valueAt = 0;
  #patience = 0;
  #isStalled = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.timer, this);
  }

  /**
   * Opens the sensor, or tells why it stays closed; from now on the hardware must be fed.
   * @returns false in safe mode
   */
  start(node: Watched): boolean {
    const { boots, monitor } = this.#options;
    this.#node = node;
    this.#since = this.#valueAt = this.#options.clock.ticks();
    this.#patience = this.#options.patience();
    this.#options.hardware?.feed();
    this.#alarm.set(PERIOD);
    if (!boots.isSafe) {
      node.sense();
      return true;
    }
    monitor.warning?.(
      `safe mode: ${boots.unwell} starts in a row did not last (the last ended by ${boots.reset}); the sensor stays off for ${formatDuration(SAFE_MODE)}`,
    );
    return false;
  }

  /** The node ends on purpose. */
  stop(): void {
    if (!this.#node) return;
    this.#node = undefined;
    this.#alarm.clear();
    this.note(() => this.#options.boots.ended());
  }

  /** A value from the sensor was accepted. */
  progress(): void {
    this.#isFresh = this.#hasValue = true;
  }

  onAlarm(): void {
    const { boots, clock, hardware } = this.#options;
    const now = clock.ticks();
    this.#alarm.set(PERIOD);
    hardware?.feed();
    if (boots.isSafe) {
      if (elapsed(this.#since, now) >= SAFE_MODE) this.retry(now);
    } else {
      if (this.#isFresh) {
        this.#isFresh = this.#isStalled = false;
        this.#valueAt = now;
      }
      this.watchPatience(now);
      if (!this.#isWell) this.checkWell(now);
      if (!this.#isStalled) this.checkSilence(now);
    }
  }

  private checkWell(now: number): void {
    // Noted once: after 24.8 days the difference is negative.
    if (elapsed(this.#since, now) >= WELL_AFTER) this.#hasSettled = true;
    if (!this.#hasSettled || !this.#hasValue) return;
    this.#isWell = true;
    this.note(() => this.#options.boots.well());
  }

  /** Whoever shortens the interval of a day to a minute does not want what was silent by intent to count as silence. */
  private watchPatience(now: number): void {
    const patience = this.#options.patience();
    if (patience === this.#patience) return;
    this.#patience = patience;
    this.#valueAt = now;
  }

  private checkSilence(now: number): void {
    const { boots, monitor, restart, hardware } = this.#options;
    const wait = this.wait();
    if (this.#patience === 0 || elapsed(this.#valueAt, now) < wait) return;
    this.#isStalled = true;
    const what = `no value from the sensor was accepted for ${formatDuration(wait)}`;
    if (!restart && !hardware) {
      monitor.warning?.(`${what}: is it connected, and is what it says a reading?`);
      return;
    }
    boots.stalled();
    monitor.warning?.(
      `${what}: starting anew; if that does not help, again after ${formatDuration(this.wait())}`,
    );
    // It ends the turns. Should the goodbye hang, or the restart, the hardware is not fed any more.
    this.#node?.stop(() => restart?.());
  }

  private wait(): number {
    const { boots } = this.#options;
    const patience = this.#patience;
    return Math.min(patience * 2 ** boots.stalls, Math.max(patience, LONGEST_WAIT));
  }

  private retry(now: number): void {
    const { boots, monitor } = this.#options;
    this.#since = this.#valueAt = now;
    this.note(() => boots.retry());
    monitor.warning?.("safe mode is over: the sensor is tried again");
    this.#node?.sense();
  }

  /** Writes to the storage; one that fails costs a warning. */
  private note(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#options.monitor.warning?.(
        `the device's storage failed (${errorText(error)}): how this start went is not known to the next`,
      );
    }
  }
}
