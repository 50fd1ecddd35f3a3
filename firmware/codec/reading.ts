/**
 * A reading and its text forms. The contract is the README's: `{"temperature":21.44,"time":1795175351184,
 * "seq":1234,"epoch":"5f3a09c1"}`.
 */

/** What is measured. The number is the index in `QUANTITIES`. */
export const enum Quantity {
  /** Degrees Celsius. */
  TEMPERATURE,
  /** Relative humidity, 0 to 100 percent. */
  HUMIDITY,
  /** Pascal. */
  PRESSURE,
}

/** Topic level and JSON key of each quantity. */
export const QUANTITIES: readonly string[] = Object.freeze(["temperature", "humidity", "pressure"]);

export const QUANTITY_COUNT = 3;

/** One value that was measured and is to be delivered. */
export interface Reading {
  quantity: Quantity;
  value: number;
  /** Grows by one with each reading of this epoch. */
  seq: number;
  /** When it was taken: milliseconds since 1970, NaN while the clock was not set. */
  time: number;
  /** When it was taken: milliseconds since the start of this boot. */
  uptime: number;
}

/** What all readings of one run have in common. */
export interface Origin {
  /** Eight hexadecimal digits; (device, epoch, seq) is unique. */
  readonly epoch: string;
  /** Restarts counted, 0 where nothing can count them. */
  readonly boot: number;
}

/**
 * The reading as a JSON object.
 * @param late it waited through an outage
 * @param device where the message must say itself which device it is from
 */
export function readingJSON(reading: Reading, origin: Origin, late: boolean, device?: string): string {
  const { time } = reading;
  return (
    "{" +
    (device === undefined ? "" : `"device":${JSON.stringify(device)},`) +
    `"${QUANTITIES[reading.quantity]}":${reading.value},` +
    (Number.isNaN(time) ? `"uptime":${reading.uptime},"boot":${origin.boot}` : `"time":${time}`) +
    `,"seq":${reading.seq},"epoch":"${origin.epoch}"` +
    (late ? ',"late":true}' : "}")
  );
}
