/** The temperature that an air conditioner follows, out of a reading's message: pure. */

import { readUTF8 } from "../codec/utf8.js";
import type { Message } from "../links/inbox.js";

/** Degrees Celsius that a room can have; what is outside of it is a fault of the sensor, and nothing to act on. */
const MINIMUM = -50;
const MAXIMUM = 80;

/**
 * The temperature in a message, as it is now; NaN where there is none. A reading that waited through an outage says how it
 * was. A retained one may be of a sensor that has been dead for weeks: it counts where its time says that it is new.
 *
 * @param now milliseconds since 1970, `undefined` while the clock is not set
 * @param hold milliseconds for which a retained reading is new; 0 is for ever
 */
export function temperatureOf(message: Message, now: number | undefined, hold: number): number {
  const { payload, retain } = message;
  const text = readUTF8(payload, 0, payload.length);
  if (text === undefined || text.trim() === "") return Number.NaN;
  const isStored = retain !== false;
  if (!text.startsWith("{")) return isStored && hold > 0 ? Number.NaN : inRange(Number(text));
  let reading: { temperature?: unknown; time?: unknown; late?: unknown };
  try {
    // A reading of ours is flat; deeper, it is no reading, and the parser recurses.
    if (text.indexOf("[") >= 0 || text.indexOf("{", 1) >= 0) return Number.NaN;
    reading = JSON.parse(text);
  } catch {
    return Number.NaN;
  }
  const { temperature, time, late } = reading;
  if (late === true || typeof temperature !== "number") return Number.NaN;
  if (isStored && hold > 0) {
    if (now === undefined || typeof time !== "number" || !(Math.abs(now - time) < hold)) return Number.NaN;
  }
  return inRange(temperature);
}

function inRange(value: number): number {
  return value >= MINIMUM && value <= MAXIMUM ? value : Number.NaN;
}
