import type { Quantity } from "../codec/reading.js";

/** What a source hands its values to. */
export interface Sink {
  /** A value as it was measured: not yet checked, in the unit of its quantity. */
  value(quantity: Quantity, value: number): void;
  /**
   * The first attempt to open the sensor has ended, well or not. The node announces itself only then, so that
   * `online` means that readings can be expected.
   */
  opened(): void;
}

/** Where values come from: a sensor that is asked, or a port that speaks. It recovers from faults by itself. */
export interface Source {
  start(): void;
  /** Another time between samples, in milliseconds, for a source that is asked. */
  setPeriod?(milliseconds: number): void;
  close(): void;
}
