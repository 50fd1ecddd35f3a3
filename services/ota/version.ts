/** Versions of the firmware: `x.y.z`, each from 0 to 65535. */

const FORM = /^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/;
const LIMIT = 65_535;

/** What a version is, for an error's line. */
export const VERSION_FORM = "x.y.z, each a whole number from 0 to 65535, such as 0.2.0";

/** @returns the three numbers, `undefined` where it is no version */
export function parseVersion(text: string): readonly [number, number, number] | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [x, y, z] = match.slice(1).map(Number);
  return Math.max(x, y, z) > LIMIT ? undefined : [x, y, z];
}

export function isVersion(text: string): boolean {
  return parseVersion(text) !== undefined;
}

/** Below zero where `a` is older than `b`. Both must be versions. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [parseVersion(a), parseVersion(b)];
  if (!one || !other) throw new Error(`"${one ? b : a}" is no version`);
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}
