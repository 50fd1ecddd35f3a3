/** Reading what a query string says. */

import { QUANTITIES } from "../../firmware/codec/reading.js";
import { Refused } from "./answer.js";

/** @throws Refused where it is no whole number of this range */
export function integerParam(
  query: URLSearchParams,
  name: string,
  minimum: number,
  maximum: number,
): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum && value <= maximum))
    throw new Refused(400, `${name} must be a whole number from ${minimum} to ${maximum}`);
  return value;
}

/** The latest time that a Date can have, ms since 1970. */
const TIME_LIMIT = 8_640_000_000_000_000;

/**
 * `from` and `to`, ms since 1970.
 * @throws Refused where they are no times, or the wrong way round
 */
export function spanParam(
  query: URLSearchParams,
  defaults: { from: number; to: number },
): { from: number; to: number } {
  const to = integerParam(query, "to", 0, TIME_LIMIT) ?? defaults.to;
  const from = integerParam(query, "from", 0, TIME_LIMIT) ?? Math.min(defaults.from, to);
  if (from > to) throw new Refused(400, "from is later than to");
  return { from, to };
}

/**
 * Index in QUANTITIES; `undefined` where none is named.
 * @throws Refused where there is no such quantity
 */
export function quantityParam(query: URLSearchParams): number | undefined {
  const name = query.get("quantity");
  if (name === null || name === "") return undefined;
  const quantity = QUANTITIES.indexOf(name);
  if (quantity < 0) throw new Refused(400, `quantity must be one of ${QUANTITIES.join(", ")}`);
  return quantity;
}
