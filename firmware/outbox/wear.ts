import type { FlashStatus } from "../ports.js";
import { RECORD_LENGTH } from "./record.js";

/** Milliseconds of ten years: as long as a node is to last. */
const LIFETIME = 10 * 365.25 * 86_400_000;

/** Records of a block that hold no reading: header, clock, and the last one. */
const OVERHEAD = 3;

/** A note of what was acknowledged for each so many readings; see `Journal`. */
const READINGS_PER_NOTE = 32;

/**
 * The shortest time between two readings in milliseconds at which no block of a journal that takes all of them is erased
 * more than `endurance` times in ten years. The blocks are used in rotation, each as often as the others.
 */
export function shortestPeriod(status: FlashStatus, endurance: number): number {
  const readings = (status.blockLength / RECORD_LENGTH - OVERHEAD) / (1 + 1 / READINGS_PER_NOTE);
  return LIFETIME / (endurance * status.blocks * readings);
}
