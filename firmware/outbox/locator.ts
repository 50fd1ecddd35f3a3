import type { BlockLog } from "./block-log.js";
import { type Cursor, Cursors } from "./cursor.js";
import { RecordKind } from "./record.js";

/**
 * Finds readings in the log by their numbers, which grow from record to record, and what the clock said of them.
 * Whoever reads on from where somebody was pays for the way from there; a place far away is found by halving.
 */
export class Locator {
  #log: BlockLog;
  #cursors = new Cursors();

  constructor(log: BlockLog) {
    this.#log = log;
  }

  /** Nothing of this block is read any more. */
  leave(block: number): void {
    this.#cursors.leave(block);
  }

  /** The first reading whose number is not below `seq`; the cursor is good until the next call. */
  locate(seq: number): Cursor | undefined {
    let cursor = this.#cursors.nearest(seq);
    if (!cursor || !this.isNear(cursor, seq)) {
      cursor = this.#cursors.oldest();
      cursor.block = this.blockOf(seq);
      cursor.slot = 0;
      cursor.boot = -1;
      if (!this.step(cursor)) return undefined;
    }
    while (cursor.seq < seq) if (!this.step(cursor)) return undefined;
    return cursor;
  }

  /** Readings with numbers from `from` up to but not including `to`. */
  count(from: number, to: number): number {
    let count = 0;
    for (let seq = from; seq < to; seq++) {
      const cursor = this.locate(seq);
      if (!cursor || cursor.seq >= to) break;
      seq = cursor.seq;
      count += 1;
    }
    return count;
  }

  /** Milliseconds since 1970 at the beginning of the boot of the reading at `cursor`; NaN where the log does not say. */
  originOf(cursor: Cursor, boot: number): number {
    if (cursor.boot !== boot) {
      cursor.origin = this.laterOrigin(cursor, boot);
      cursor.boot = boot;
    }
    return cursor.origin;
  }

  /** Whether `seq` is behind `cursor` in its block, or within a block's length. */
  private isNear({ seq: from, block }: Cursor, seq: number): boolean {
    const log = this.#log;
    if (seq - from < log.slots || block === log.head) return true;
    return log.readHeader(log.after(block)) && log.record.seq > seq;
  }

  /** The newest block that begins with a number not above `seq`; the oldest where all begin above it. */
  private blockOf(seq: number): number {
    const log = this.#log;
    let near = 0;
    let far = log.length - 1;
    while (near < far) {
      const middle = (near + far) >> 1;
      if (!log.readHeader(log.back(middle))) return this.blockAmong(near, far, seq);
      if (log.record.seq <= seq) far = middle;
      else near = middle + 1;
    }
    return log.back(near);
  }

  /** The same where a header cannot be read, one block after the other. */
  private blockAmong(near: number, far: number, seq: number): number {
    const log = this.#log;
    for (let back = near; back < far; back++) {
      const block = log.back(back);
      if (log.readHeader(block) && log.record.seq <= seq) return block;
    }
    return log.back(far);
  }

  /** Moves a cursor to the next reading. False, and it stays, where there is none. */
  private step(cursor: Cursor): boolean {
    const log = this.#log;
    const { record } = log;
    let { block, slot, boot, origin } = cursor;
    for (;;) {
      slot += 1;
      if (slot >= log.slots) {
        do {
          if (block === log.head) return false;
          block = log.after(block);
        } while (!log.belongs(block));
        slot = 0;
        continue;
      }
      if (block === log.head && slot >= log.slot) return false;
      if (!log.read(block, slot)) continue;
      if (record.kind === RecordKind.CLOCK) {
        boot = record.boot;
        origin = record.value;
      } else if (record.kind === RecordKind.READING && record.seq > cursor.seq) {
        cursor.seq = record.seq;
        cursor.block = block;
        cursor.slot = slot;
        cursor.boot = boot;
        cursor.origin = origin;
        return true;
      }
    }
  }

  /** The clock of a boot that was set after the reading at the cursor. */
  private laterOrigin({ block, slot }: Cursor, boot: number): number {
    const log = this.#log;
    const { record } = log;
    for (;;) {
      slot += 1;
      if (slot >= log.slots) {
        if (block === log.head) return Number.NaN;
        block = log.after(block);
        slot = log.belongs(block) ? 0 : log.slots;
        continue;
      }
      if (block === log.head && slot >= log.slot) return Number.NaN;
      if (!log.read(block, slot)) continue;
      if (record.kind === RecordKind.CLOCK && record.boot === boot) return record.value;
      if (record.kind === RecordKind.READING && record.boot !== boot) return Number.NaN;
    }
  }
}
