/** How many of some devices: a number, or a share of them. */

export type Share = { readonly percent: number } | { readonly count: number };

/**
 * Parses `10%` or `3`.
 * @returns `undefined` where it is neither
 */
export function parseShare(text: string): Share | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,3})?) ?(%?)$/.exec(text.trim());
  if (!match) return undefined;
  const value = Number(match[1]);
  if (match[2] === "%") return value <= 100 ? { percent: value } : undefined;
  return Number.isInteger(value) ? { count: value } : undefined;
}

/** Whole devices, rounded down: never more than was allowed. */
export function shareOf(share: Share, devices: number): number {
  if ("count" in share) return Math.min(share.count, devices);
  // Thousandths of a per cent are whole numbers; 0.07 * 100 is not.
  return Math.floor((Math.round(share.percent * 1_000) * devices) / 100_000);
}
