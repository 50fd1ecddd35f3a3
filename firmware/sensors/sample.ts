import { Quantity } from "../codec/reading.js";
import type { Sample } from "../ports.js";

/**
 * Takes the value of `quantity` out of what a sensor class of ours or of Moddable returns from `sample()`, or out of
 * a JSON object of the same shapes: `{temperature}`, `{thermometer: {temperature}, hygrometer: {humidity},
 * barometer: {pressure}}`. Units are ECMA-419's: degrees Celsius, percent, pascal.
 *
 * @returns `undefined` where the sample does not have it, as after a checksum failure; what is there but no number is NaN
 */
export function sampleValue(sample: Sample, quantity: Quantity): number | undefined {
  if (sample === undefined) return undefined;
  switch (quantity) {
    case Quantity.TEMPERATURE:
      return member(sample, "thermometer", "temperature");
    case Quantity.HUMIDITY:
      return member(sample, "hygrometer", "humidity");
    default:
      return member(sample, "barometer", "pressure");
  }
}

function member(sample: object, group: string, name: string): number | undefined {
  const properties = sample as Record<string, unknown>;
  const inner = properties[group];
  const value = (
    typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : properties
  )[name];
  if (value === undefined) return undefined;
  return typeof value === "number" ? value : Number.NaN;
}
