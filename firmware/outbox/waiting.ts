import type { Reading } from "../codec/reading.js";

/** Readings that wait for delivery, by their sequence number, which grows from each to the next. */
export interface Waiting {
  /** Sequence number of the oldest; `next` when none waits. */
  readonly first: number;
  /** Larger than every number in here. */
  readonly next: number;
  /** How many wait. */
  readonly size: number;
  /** Grows when readings that were passed over wait: their acknowledgements were forgotten, or they could not be read. */
  readonly forgotten: number;
  /** The smallest number that waits and is not below `seq`; `next` where there is none, or none can be read just now. */
  following(seq: number): number;
  /** Fills `into`. False where reading `seq` does not wait here (any more). */
  read(seq: number, into: Reading): boolean;
  /** Reading `seq` has been delivered. Harmless for one that does not wait. */
  acknowledge(seq: number): void;
}
