/** Versions of the firmware, as devices compare them. */

import { parseVersion } from "../../firmware/codec/version-number.js";

/** What a version is, for an error's line. */
export const VERSION_FORM = "x.y.z, each a whole number from 0 to 65535, such as 0.2.0";

export function isVersion(text: string): boolean {
  return parseVersion(text) !== undefined;
}

/** Below zero where `a` is older than `b`. @throws Error where one is no version */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [parseVersion(a), parseVersion(b)];
  if (one === undefined || other === undefined)
    throw new Error(`"${one === undefined ? a : b}" is no version`);
  return one - other;
}
