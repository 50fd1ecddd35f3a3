/** What is given up when there is no more room for readings that wait. */
export const enum Policy {
  /** The oldest that wait. */
  OLDEST,
  /** Those to come. */
  NEWEST,
  /** More and more of those to come, so that a long outage is covered from its beginning to its end. */
  THIN,
}

export const POLICIES: readonly string[] = Object.freeze(["oldest", "newest", "thin"]);

/**
 * Of how many new readings one is kept under `THIN`: of two from half full on, of four from three quarters on, of eight
 * from seven eighths on, and so forth. Each halving of what is left lasts as long as the one before.
 *
 * @param used places taken, of `capacity`
 */
export function stride(used: number, capacity: number): number {
  let result = 1;
  for (let left = capacity / 2; capacity - used <= left && left >= 1; left /= 2) result *= 2;
  return result;
}
