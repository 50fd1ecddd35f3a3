/** Versions of the firmware: `x.y.z` (Semantic Versioning 2.0.0, clause 2; no pre-releases), each from 0 to 65,535. */

const LIMIT = 65_535;

/** One number that is larger for a later version; `undefined` where it is no version. */
export function parseVersion(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 3) return undefined;
  let number = 0;
  for (let i = 0; i < 3; i++) {
    const part = parts[i];
    const value = Number(part);
    // The text that the number gives back is the only one it may have: no "01", " 1" or "1e3".
    if (!(value >= 0 && value <= LIMIT) || String(value) !== part || value !== Math.floor(value))
      return undefined;
    number = number * (LIMIT + 1) + value;
  }
  return number;
}
