import type { Figure } from "./figures.js";

/** By so much a figure may exceed what is recorded. */
const TOLERANCE = 0.1;

/** Whether a figure is beyond its limit, or beyond what is recorded by more than a tenth. */
export function isExceeded(
  { name, value, limit }: Pick<Figure, "name" | "value" | "limit">,
  recorded: Readonly<Record<string, number>>,
): boolean {
  if (limit !== undefined && value > limit) return true;
  const former = recorded[name];
  return former !== undefined && value > former * (1 + TOLERANCE);
}

/** What is to be recorded now: what has fallen, and what was not there. Names that are gone are left out. */
export function lowered(
  figures: readonly Pick<Figure, "name" | "value">[],
  recorded: Readonly<Record<string, number>>,
): Record<string, number> {
  const result: Record<string, number> = {};
  for (const { name, value } of figures) result[name] = Math.min(value, recorded[name] ?? value);
  return result;
}
