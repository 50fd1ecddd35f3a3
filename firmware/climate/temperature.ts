/** The temperature that an air conditioner follows, out of a reading's message: pure. */

import { readUTF8 } from "../codec/utf8.js";
import type { Message } from "../links/inbox.js";

/** Degrees Celsius that a room can have; what is outside of it is a fault of the sensor, and nothing to act on. */
const MINIMUM = -50;
const MAXIMUM = 80;

/** Names that a message is read for: the parser of XS makes no others when it is given a list, and keeps a table of all. */
const NAMES: readonly string[] = Object.freeze(["temperature", "time", "late"]);

/** A temperature that was heard of. */
export interface Heard {
  /** Degrees Celsius. */
  readonly temperature: number;
  /** Milliseconds since it was measured, as far as that is known; 0 where age does not matter. */
  readonly age: number;
}

/**
 * The temperature in a message; `undefined` where there is none to act on. A reading that waited through an outage says how
 * it was. A retained one may be of a sensor that has been dead for weeks, and so may one that the broker kept for us while
 * we were away: where its time says that it is too old it does not count, and a retained one has to say that it is not.
 *
 * @param now milliseconds since 1970, `undefined` while the clock is not set
 * @param hold milliseconds for which a temperature counts; 0 is for ever
 */
export function temperatureOf(message: Message, now: number | undefined, hold: number): Heard | undefined {
  const { payload, retain } = message;
  const text = readUTF8(payload, 0, payload.length);
  if (text === undefined || text.trim() === "") return undefined;
  const isStored = retain !== false;
  if (!text.startsWith("{")) return isStored && hold > 0 ? undefined : heard(Number(text), 0);
  let reading: { temperature?: unknown; time?: unknown; late?: unknown };
  try {
    // A reading of ours is flat; deeper, it is no reading, and the parser recurses.
    if (text.indexOf("[") >= 0 || text.indexOf("{", 1) >= 0) return undefined;
    reading = JSON.parse(text, NAMES as unknown as undefined);
  } catch {
    return undefined;
  }
  const { temperature, time, late } = reading;
  if (late === true || typeof temperature !== "number") return undefined;
  if (hold === 0) return heard(temperature, 0);
  const age = now !== undefined && typeof time === "number" ? now - time : Number.NaN;
  if (age >= hold || (isStored && !(age > -hold))) return undefined;
  // A clock that is ahead of ours makes nothing younger than new.
  return heard(temperature, age > 0 ? age : 0);
}

function heard(temperature: number, age: number): Heard | undefined {
  return temperature >= MINIMUM && temperature <= MAXIMUM ? { temperature, age } : undefined;
}
