import { Quantity } from "../codec/reading.js";
import type { Counters } from "../monitor.js";
import type { Clock } from "../ports.js";
import type { Report } from "./report.js";

/** One step of a pipeline: a value in, a value out. `Calibration`, `Median` and `Exponential` are such steps. */
export interface Step {
  process(value: number): number;
}

/** Temperatures a sensor can truly have measured, and what each quantity can be at all. */
export interface Range {
  minimum: number;
  maximum: number;
}

/** Gets what is to be reported. */
export interface Reporter {
  record(quantity: Quantity, value: number): void;
}

/** The way of one quantity from the sensor's value to a reading: check, steps, decision. */
export class Pipeline {
  #quantity: Quantity;
  #range: Range;
  #steps: readonly Step[];
  #report: Report;
  #clock: Clock;
  #counters: Counters;
  #reporter: Reporter;

  constructor(
    quantity: Quantity,
    range: Range,
    steps: readonly Step[],
    report: Report,
    clock: Clock,
    counters: Counters,
    reporter: Reporter,
  ) {
    this.#quantity = quantity;
    this.#range = range;
    this.#steps = steps;
    this.#report = report;
    this.#clock = clock;
    this.#counters = counters;
    this.#reporter = reporter;
  }

  /** Other steps from the next value on; they begin without a past. */
  setSteps(steps: readonly Step[]): void {
    this.#steps = steps;
  }

  /** @param milliseconds as `Report` has it */
  changeInterval(milliseconds: number): void {
    this.#report.changeInterval(milliseconds);
  }

  /** Takes a sensor's value. False for one that is NaN or out of range: it is counted, and has no other effect. */
  process(value: number): boolean {
    const range = this.#range;
    if (!(value >= range.minimum && value <= range.maximum)) {
      this.#counters.rejected += 1;
      return false;
    }
    const steps = this.#steps;
    for (let i = 0; i < steps.length; i++) value = steps[i].process(value);
    if (this.#report.decide(value, this.#clock.ticks())) this.#reporter.record(this.#quantity, value);
    return true;
  }
}

/** What a quantity can be whatever measured it; the temperature's range is the part's. */
export const HUMIDITY_RANGE: Range = Object.freeze({ minimum: 0, maximum: 100 });
/** In pascal: from the summit of Everest (about 330 hPa) to the deepest mines (about 1,200 hPa), with a margin. */
export const PRESSURE_RANGE: Range = Object.freeze({ minimum: 30_000, maximum: 125_000 });

/** The range of a quantity measured by a part with this temperature range. */
export function rangeOf(quantity: Quantity, temperature: Range): Range {
  switch (quantity) {
    case Quantity.HUMIDITY:
      return HUMIDITY_RANGE;
    case Quantity.PRESSURE:
      return PRESSURE_RANGE;
    default:
      return temperature;
  }
}
