/** A place in the journal that is on a reading's record, and what was met on the way there. */
export interface Cursor {
  /** Sequence number of the reading; -1 where the cursor is nowhere. */
  seq: number;
  block: number;
  slot: number;
  /** The boot that `origin` is of, -1 for none. */
  boot: number;
  /** Milliseconds since 1970 at that boot's uptime 0; NaN where its clock was never set. */
  origin: number;
  /** Grows with each use of any cursor. */
  used: number;
}

/** Whoever sends, resends and acknowledges is at another place each, in either lane. */
const CURSORS = 6;

/**
 * The places in the journal from which somebody reads on. Nobody asks for one: the nearest below what is wanted is
 * taken, and where that is far, the one that was not used for the longest time.
 */
export class Cursors {
  #cursors: Cursor[] = [];
  #uses = 0;

  /** The one nearest to `seq` and not behind it, `undefined` where all are. */
  nearest(seq: number): Cursor | undefined {
    let best: Cursor | undefined;
    for (let i = 0; i < this.#cursors.length; i++) {
      const cursor = this.#cursors[i];
      if (cursor.seq >= 0 && cursor.seq <= seq && (!best || cursor.seq > best.seq)) best = cursor;
    }
    if (best) best.used = ++this.#uses;
    return best;
  }

  /** One to be set anew. */
  oldest(): Cursor {
    const cursors = this.#cursors;
    // One more, as long as there may be: few are needed where nothing waits for long.
    if (cursors.length < CURSORS)
      cursors.push({ seq: -1, block: 0, slot: 0, boot: -1, origin: Number.NaN, used: 0 });
    let oldest = cursors[cursors.length - 1];
    for (let i = 0; i < cursors.length; i++) if (cursors[i].used < oldest.used) oldest = cursors[i];
    oldest.used = ++this.#uses;
    oldest.seq = -1;
    return oldest;
  }

  /** Nothing of this block is there any more. */
  leave(block: number): void {
    for (let i = 0; i < this.#cursors.length; i++)
      if (this.#cursors[i].block === block) this.#cursors[i].seq = -1;
  }
}
