/** How a reading is known again: by epoch and number, or by what it has instead. */

/** A bare number: nothing tells it from another one, so that each counts. */
export const ARRIVAL_EPOCH = -1;

/** One with a time and no number: a quantity has one reading at one moment. */
export function momentEpoch(quantity: number): number {
  return -2 - quantity;
}

/** `5f3a09c1`; empty where it has no number. */
export function epochText(epoch: number): string {
  return epoch < 0 ? "" : epoch.toString(16).padStart(8, "0");
}
