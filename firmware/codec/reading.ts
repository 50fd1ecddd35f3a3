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
  /** 32 bits; (device, epoch, seq) is unique. */
  epoch: number;
  /** When it was taken: milliseconds since 1970, NaN while that is not known. */
  time: number;
  /** When it was taken: milliseconds since the start of its boot. */
  uptime: number;
  /** Restarts counted, 0 where nothing can count them. */
  boot: number;
}

/** A reading to be filled again and again. */
export function blankReading(): Reading {
  return { quantity: 0, value: 0, seq: 0, epoch: 0, time: 0, uptime: 0, boot: 0 };
}

export function copyReading(from: Reading, into: Reading): void {
  into.quantity = from.quantity;
  into.value = from.value;
  into.seq = from.seq;
  into.epoch = from.epoch;
  into.time = from.time;
  into.uptime = from.uptime;
  into.boot = from.boot;
}

/**
 * The reading as a JSON object.
 * @param late it waited through an outage
 * @param device where the message must say itself which device it is from
 */
export function readingJSON(reading: Reading, late: boolean, device?: string): string {
  const { time } = reading;
  return (
    "{" +
    (device === undefined ? "" : `"device":${JSON.stringify(device)},`) +
    `"${QUANTITIES[reading.quantity]}":${reading.value},` +
    (Number.isNaN(time) ? `"uptime":${reading.uptime},"boot":${reading.boot}` : `"time":${time}`) +
    `,"seq":${reading.seq},"epoch":"${reading.epoch.toString(16).padStart(8, "0")}"` +
    (late ? ',"late":true}' : "}")
  );
}
