import { elapsed } from "../time.js";

/**
 * The part of an interval by which a value may be early and still be the interval's: a sensor that gives a value
 * every interval is a millisecond early half of the time. On the average the interval holds.
 */
const EARLY = 0.125;

/**
 * Decides which values are reported: at most one per interval; of those only one that differs enough from the
 * last reported (deadband); but one every heartbeat in any case. Time is in ticks, so that a clock that is set
 * changes nothing.
 */
export class Report {
  #interval: number;
  #deadband: number;
  #heartbeat: number;
  #due = 0;
  #reported = 0;
  #value = Number.NaN;

  /**
   * @param interval milliseconds; 0 reports every value
   * @param deadband the difference that is worth a report, in the value's unit; 0 reports without looking at it
   * @param heartbeat milliseconds after which a value is reported however little it differs; 0 is never
   */
  constructor(interval: number, deadband: number, heartbeat: number) {
    this.#interval = interval;
    this.#deadband = deadband;
    this.#heartbeat = heartbeat;
  }

  /** Another interval from now on: the next report is due so long after the last one. */
  changeInterval(milliseconds: number): void {
    this.#interval = milliseconds;
    this.#due = (this.#reported + milliseconds) | 0;
  }

  /** Whether `value`, taken at `ticks`, is to be reported. If so, the next decision starts from it. */
  decide(value: number, ticks: number): boolean {
    const last = this.#value;
    const interval = this.#interval;
    let overdue = 0;
    if (!Number.isNaN(last)) {
      overdue = elapsed(this.#due, ticks);
      if (overdue < 0) {
        const early = interval * EARLY;
        // After an early value the due time is so much more than an interval ahead, and never further: what looks so is
        // weeks ago, beyond a wrap.
        if (overdue < -early && overdue >= -interval - early) return false;
      }
      if (this.#deadband > 0 && Math.abs(value - last) < this.#deadband && !this.isHeartbeat(ticks)) {
        // An early one leaves the grid as it is: moved, it would make the interval shorter for the next.
        if (overdue > 0 || overdue < -interval) this.#due = ticks;
        return false;
      }
    } else this.#due = ticks;
    // Due times lie on a grid, so that a sample which came a little late does not push the next one out.
    this.#due =
      overdue >= -interval && overdue < interval ? (this.#due + interval) | 0 : (ticks + interval) | 0;
    this.#value = value;
    this.#reported = ticks;
    return true;
  }

  private isHeartbeat(ticks: number): boolean {
    if (this.#heartbeat === 0) return false;
    const silent = elapsed(this.#reported, ticks);
    return silent >= this.#heartbeat || silent < 0;
  }
}
