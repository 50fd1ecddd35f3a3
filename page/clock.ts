/** The server's time: ages and the graph's end are right also where this machine's clock is not. */

import { SECOND } from "./format.js";

/** Milliseconds: HTTP dates are in whole seconds, so less is no difference. */
const TOLERANCE = 3 * SECOND;

let ahead = 0;

/** @param date of an answer that has just come */
export function setByServer(date: string | null): void {
  const time = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(time)) return;
  const difference = time + SECOND / 2 - Date.now();
  ahead = Math.abs(difference) > TOLERANCE ? difference : 0;
}

/** Milliseconds since 1970. */
export function now(): number {
  return Date.now() + ahead;
}
