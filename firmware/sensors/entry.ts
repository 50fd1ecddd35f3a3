import type { Sensor, SensorClass, SensorEntry } from "../ports.js";

/** The part's operating range in degrees Celsius, and the shortest useful time between samples in milliseconds. */
export interface PartRange {
  readonly minimum: number;
  readonly maximum: number;
  readonly period: number;
  /** How many quantities a sample has; by default it may be all three. */
  readonly quantities?: number;
}

/**
 * An entry of a board's `sensors`: a class in ECMA-419's sensor pattern, of ours or of Moddable, and its options.
 *
 * @param humidityScale 100 for a class that gives relative humidity as 0 to 1, as Moddable's BME68x does
 */
export function sensorEntry<Options extends object>(
  io: new (options: Options) => Sensor,
  options: Options,
  range: PartRange,
  humidityScale = 1,
): SensorEntry {
  return {
    // The entry keeps the class and the options that fit each other together.
    io: io as unknown as SensorClass,
    options: options as unknown as Readonly<Record<string, unknown>>,
    minimum: range.minimum,
    maximum: range.maximum,
    period: range.period,
    humidityScale,
    ...(range.quantities !== undefined && { quantities: range.quantities }),
  };
}
