import type { Reading } from "./codec/reading.js";
import type { LinkState } from "./links/link-state.js";

/**
 * What a node tells whoever watches it: the trace of a device, the lines of `npm start`, a test. Every method is
 * optional and is called after the fact; what it does cannot change what the node does.
 */
export interface Monitor {
  /** The link to the broker has changed. `sessionPresent` where the new state follows CONNACK. */
  link?(state: LinkState): void;
  /** The link is lost, or an attempt has failed. `retryIn` is in milliseconds. */
  lost?(reason: string, retryIn: number): void;
  /** A reading was taken, and waits for delivery or was given up. The object is reused: copy what you keep. */
  recorded?(reading: Reading): void;
  /** `count` readings that waited, the first of them `first`, were given up for want of room. */
  dropped?(first: number, count: number): void;
  /** The broker has acknowledged this reading. The object is reused: copy what you keep. */
  delivered?(reading: Reading, late: boolean): void;
  /** The raw TCP server has answered a message; `receipt` is the first of its answer, as text. */
  receipt?(receipt: string): void;
  /**
   * A time server has said that it is `now`, in milliseconds since 1970. `change` is by how many milliseconds that moves
   * the clock; `undefined` where the clock was not set.
   */
  time?(now: number, change: number | undefined): void;
  /** A command was done, or refused for this reason. */
  commanded?(what: string, refusal: string | undefined): void;
  /** An air conditioner does something else than before; one of `ACTIONS`. */
  acting?(action: string): void;
  /** Something to know that is not wrong: one line. */
  note?(text: string): void;
  /** Something is wrong that the node works around: one line. */
  warning?(text: string): void;
}

/** Counted since the start; published as diagnostics. */
export class Counters {
  /** Values that were NaN or outside the part's range. */
  rejected = 0;
  /** Lines from a serial port that were no reading, or too long. */
  malformed = 0;
  /** Samples that failed: no acknowledgement on the bus, a bad checksum, a port that is gone. */
  sensorErrors = 0;
  /** Connections to the broker after the first. */
  reconnects = 0;
  /** Connections that the broker soon ended, several in a row: two devices may have one client id. */
  evictions = 0;
  /** Messages to the raw TCP server that got no receipt. */
  unconfirmed = 0;
  /** Readings that the raw TCP server never got for want of room. */
  serverDropped = 0;
}
