/**
 * Values that say which of its sensor's values they are: each sensor of the bench counts, and what it measures is the
 * count. So the world knows a reading again whatever number the node has given it.
 */
export interface Code {
  /** Counts from 0 up to but not including this one can be told apart. */
  readonly cycle: number;
  /** What the sensor measures at a count, taken modulo `cycle`. */
  value(count: number): number;
  /** The count modulo `cycle`, or -1 where the value is none of the sensor's. */
  count(value: number): number;
}

/** Millionths of a degree Celsius of the first reading of a sensor that is not bound to a part's steps. */
const FIRST_MICRODEGREE = 20_000_000;

/** A line of text or a class of the bench's own: a millionth of a degree for each count. */
export const MICRODEGREES: Code = {
  cycle: 800_000_000,
  value: (count) => microdegrees(count) / 1_000_000,
  count: (value) => within(Math.round(value * 1_000_000) - FIRST_MICRODEGREE, 800_000_000),
};

/** As a whole number, for text. */
export function microdegrees(count: number): number {
  return FIRST_MICRODEGREE + (count % MICRODEGREES.cycle);
}

/** The TMP117's register: 1/128 °C a step, from -54.6875 °C. */
export const TMP117_CODE: Code = {
  cycle: 26_000,
  value: (count) => ((count % 26_000) - 7_000) / 128,
  count: (value) => within(value * 128 + 7_000, 26_000),
};

/** The SHT3x's temperature, 16 bits from -45 to 130 °C, within what the part can measure. */
export const SHT3X_TEMPERATURE: Code = {
  cycle: 61_000,
  value: (count) => -45 + (175 * (1_900 + (count % 61_000))) / 65_535,
  count: (value) => within(Math.round(((value + 45) / 175) * 65_535) - 1_900, 61_000),
};

/** The SHT3x's relative humidity, 16 bits from 0 to 100 %. */
export const SHT3X_HUMIDITY: Code = {
  cycle: 65_000,
  value: (count) => (100 * (count % 65_000)) / 65_535,
  count: (value) => within(Math.round((value / 100) * 65_535), 65_000),
};

function within(count: number, cycle: number): number {
  return Number.isInteger(count) && count >= 0 && count < cycle ? count : -1;
}
