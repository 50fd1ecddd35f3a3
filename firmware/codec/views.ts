/** Views that are kept. */
const KEPT = 8;

/**
 * Parts of one buffer: a view costs XS four slots, so one is kept for each remainder of a length by eight. A sensor's
 * values, and all that they stand in, have about as many lengths: a new one is seldom made.
 */
export class Views {
  #bytes: Uint8Array;
  #views: (Uint8Array | undefined)[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < KEPT; i++) this.#views.push(undefined);
  }

  /** The bytes from `start` up to but not including `end`. */
  of(start: number, end: number): Uint8Array {
    const place = (end - start) % KEPT;
    const kept = this.#views[place];
    if (kept !== undefined && kept.length === end - start && kept.byteOffset === start) return kept;
    const view = this.#bytes.subarray(start, end);
    this.#views[place] = view;
    return view;
  }
}
