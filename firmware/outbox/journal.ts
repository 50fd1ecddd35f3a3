/**
 * The readings that wait in flash: records in a log over the erase blocks of a partition.
 *
 * Behind each block's header lie readings in the order of their numbers, and among them facts: up to where readings are
 * done with, and what the clock said. The last record of each block is kept for the fact that makes the next block's old
 * contents superfluous, written before that is erased.
 *
 * That a reading was delivered is noted now and then only: a restart may send the last ones again, and loses none.
 * Memory does not depend on how many wait: one record, a few ranges, a few cursors.
 */

import { blankReading, copyReading, type Quantity, type Reading } from "../codec/reading.js";
import type { Flash, FlashStatus } from "../ports.js";
import type { BootTime } from "../time.js";
import { BlockLog } from "./block-log.js";
import type { Cursor } from "./cursor.js";
import { Intervals } from "./intervals.js";
import { Locator } from "./locator.js";
import { Policy, stride } from "./policy.js";
import { RecordKind } from "./record.js";
import type { Waiting } from "./waiting.js";

export interface JournalOptions {
  /** The journal's from now on. */
  flash: Flash;
  /** From 0 up to but not including 1; draws the epoch where there is none. */
  random: () => number;
  policy: Policy;
  /** `count` readings, the first of them `first`, were given up for want of room. */
  onDropped: (first: number, count: number) => void;
  /** Gets a line for what was found and cannot be read. */
  problems: string[];
}

/** Readings that are acknowledged before that is noted: as many may be sent twice after a power cut. */
const NOTE_PERIOD = 32;

/** Ranges of readings that were delivered before older ones. */
const RANGES = 8;

/** Milliseconds by which the clock may wander before it is noted anew. */
const CLOCK_TOLERANCE = 10;

export class Journal implements Waiting {
  /** Drawn when the partition was formatted. */
  declare readonly epoch: number;
  /** The boot that wrote last, 0 for none. */
  declare readonly lastBoot: number;
  #options: JournalOptions;
  #log: BlockLog;
  #locator: Locator;
  #time: BootTime | undefined;
  #first = 0;
  #next = 1;
  #size = 0;
  #dropped = 0;
  #forgotten = 0;
  /** Readings that are not below `#first` and were delivered. */
  #delivered = new Intervals(RANGES);
  /** Readings acknowledged and not noted; up to where it is noted. */
  #unnoted = 0;
  #noted = 0;
  /** The clock's word that this block has, NaN for none. */
  #origin = Number.NaN;
  /** Number of the first reading since the last good one whose write failed: it may be there all the same; -1 for none. */
  #stray = -1;
  /** The first number of this boot, until all before it is delivered and noted. */
  #bootFirst = -1;
  /** The oldest block has readings that wait, and the policy keeps them: there is no room before one is acknowledged. */
  #refuses = false;
  #isTailFree = () => !this.isTailNeeded();
  /** The reading that was written last, with number -1 for none: as a rule it is the one that is sent, and need not be read. */
  #newest = blankReading();

  /**
   * Reads what is there, and formats what has never been a journal.
   * @throws RangeError where the partition is too small, Error where it cannot be read or formatted
   */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.#newest.seq = -1;
    const { flash, random, problems } = options;
    this.#log = new BlockLog(flash, (block) => this.#locator.leave(block));
    this.#locator = new Locator(this.#log);
    if (this.#log.open(problems)) {
      this.epoch = this.#log.record.epoch;
      this.lastBoot = this.recover();
      if (this.#size > 0) this.#bootFirst = this.#next;
    } else {
      this.epoch = Math.floor(random() * 0x1_0000_0000);
      this.lastBoot = 0;
      this.rotate();
    }
  }

  /** From now on readings are of this boot. */
  begin(time: BootTime): void {
    this.#time = time;
  }

  get first(): number {
    return this.#size === 0 ? this.#next : this.#first;
  }

  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#size;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  /** The partition's size. */
  get status(): FlashStatus {
    return this.#log.status;
  }

  /** Readings that were given up since the partition was formatted. */
  get dropped(): number {
    return this.#dropped;
  }

  // --- writing -----------------------------------------------------------------------------------------------------

  /**
   * Writes a reading. When this returns true, it survives a power cut.
   * @returns false where the policy gave the reading up
   * @throws Error where the flash fails: the reading is not stored then
   */
  append(reading: Reading): boolean {
    const { seq } = reading;
    if (seq < this.#next) throw new RangeError(`reading ${seq} where ${this.#next} comes next`);
    if ((this.#options.policy === Policy.THIN && !this.isKept(seq)) || !this.makeRoom(2)) {
      this.pass(seq + 1);
      this.drop(seq, 1);
      return false;
    }
    this.noteOrigin((this.#time as BootTime).origin());
    const { record } = this.#log;
    record.kind = RecordKind.READING;
    record.quantity = reading.quantity;
    record.boot = reading.boot;
    record.uptime = reading.uptime;
    record.seq = seq;
    record.value = reading.value;
    record.epoch = reading.epoch;
    const stray = this.#stray;
    if (stray < 0) this.#stray = seq;
    this.#log.put();
    this.#stray = -1;
    if (this.#size === 0) {
      this.#first = seq;
      this.#delivered.deleteBelow(seq);
    } else {
      this.pass(seq);
      if (stray >= 0 && stray < seq) this.deliver(stray, seq); // whoever wrote it has it elsewhere
    }
    this.#next = seq + 1;
    this.#size += 1;
    copyReading(reading, this.#newest);
    return true;
  }

  /** The clock was set: what was journalled before must learn it, also if the power fails now. @throws as `append` */
  noteClock(): void {
    if (this.#size > 0 && this.makeRoom(1)) this.noteOrigin((this.#time as BootTime).origin());
  }

  /** Notes what was acknowledged and what the clock says, at an orderly end. @throws as `append` */
  flush(): void {
    this.noteClock();
    if (this.#unnoted === 0) return;
    this.note();
    // The place that is kept for the next block's sake serves as well.
    if (this.#unnoted > 0 && this.#log.free > 0) this.noteDone();
  }

  close(): void {
    this.#log.close();
  }

  /** Whether the policy of thinning out keeps a reading. */
  private isKept(seq: number): boolean {
    const oldest = this.#size > 0 ? this.#locator.locate(this.#first) : undefined;
    const log = this.#log;
    return oldest === undefined || seq % stride(log.distance(oldest.block), log.blocks) === 0;
  }

  /** @param origin what the clock says of this boot's beginning, NaN where it says nothing */
  private noteOrigin(origin: number): void {
    const change = origin - this.#origin;
    if (change <= CLOCK_TOLERANCE && change >= -CLOCK_TOLERANCE) return;
    if (Number.isNaN(origin)) return;
    const time = this.#time as BootTime;
    const { record } = this.#log;
    record.kind = RecordKind.CLOCK;
    record.quantity = 0;
    record.boot = time.boot;
    record.uptime = time.uptime();
    record.seq = 0;
    record.value = origin;
    record.epoch = this.epoch;
    this.#log.put();
    this.#origin = origin;
  }

  /** Notes what was acknowledged, in the next block where this one is full and that one is not needed. */
  private note(): void {
    const log = this.#log;
    if (log.free > 1) this.noteDone();
    else if (!log.isFull) this.rotate();
    else if (!this.isTailNeeded()) {
      log.leaveTail();
      this.rotate();
    }
  }

  private noteDone(): void {
    const delivered = this.#delivered;
    this.#unnoted = 0;
    for (let i = 0; i < delivered.count && this.#log.free > 2; i++)
      this.putDone(delivered.from(i), delivered.to(i));
    if (this.first > this.#noted) this.putDone(0, this.first);
  }

  private putDone(from: number, to: number): void {
    const { record } = this.#log;
    record.kind = RecordKind.DONE;
    record.quantity = 0;
    record.boot = 0;
    record.uptime = from;
    record.seq = to;
    record.value = this.#dropped;
    record.epoch = this.epoch;
    this.#log.put();
    if (from === 0) this.#noted = to;
  }

  /** Room for `count` records in the head, the last one not counted. False where the policy gives up what is new. */
  private makeRoom(count: number): boolean {
    const log = this.#log;
    if (count < log.free) return true;
    if (this.#refuses || (log.isFull && !this.giveUpTail())) return false;
    this.rotate();
    return true;
  }

  /** Takes the oldest block out of the log. False where it has readings that wait and the policy keeps them. */
  private giveUpTail(): boolean {
    if (this.isTailNeeded()) {
      if (this.#options.policy !== Policy.OLDEST) {
        this.#refuses = true;
        return false;
      }
      this.dropTail();
    }
    this.#log.leaveTail();
    return true;
  }

  /** Whether the oldest block, which is the one behind the head, has readings that wait. */
  private isTailNeeded(): boolean {
    if (this.#size === 0) return false;
    const log = this.#log;
    return this.#locator.locate(this.#first)?.block === log.after(log.head);
  }

  /** Gives up the readings of the oldest block that wait. */
  private dropTail(): void {
    const locator = this.#locator;
    const tail = this.#log.after(this.#log.head);
    const first = this.#first;
    let count = 0;
    let seq = first;
    for (let cursor = locator.locate(seq); cursor?.block === tail; cursor = locator.locate(seq)) {
      if (!this.#delivered.has(cursor.seq)) count += 1;
      seq = cursor.seq + 1;
    }
    this.drop(first, count);
    this.#size -= count;
    this.advance(seq);
  }

  /** Begins the next block; what is in it is not needed any more. */
  private rotate(): void {
    const log = this.#log;
    if (log.length > 0) {
      log.slot = Math.max(log.slot, log.slots - 1);
      if (log.free > 0) this.putDone(0, this.first);
    }
    const { record } = log;
    record.boot = this.#time?.boot ?? this.lastBoot;
    record.epoch = this.epoch;
    record.seq = this.#next;
    record.value = this.first;
    log.turn(this.#isTailFree);
    this.#noted = this.first;
    this.#unnoted = 0;
    this.#origin = Number.NaN;
    if (this.#dropped > 0 || this.#delivered.count > 0) this.noteDone();
    if (this.#dropped > 0 && log.slot === 1) this.putDone(0, this.first);
  }

  private drop(first: number, count: number): void {
    this.#dropped += count;
    this.#options.onDropped(first, count);
  }

  // --- reading -----------------------------------------------------------------------------------------------------

  following(seq: number): number {
    if (this.#size === 0) return this.#next;
    if (seq === this.#newest.seq && this.#delivered.after(seq) === seq) return seq;
    // Where flash failed, less may wait than was counted, and the first be done with.
    const isFirst = seq <= this.#first;
    if (isFirst) seq = this.#first;
    while (seq < this.#next) {
      const wanted = this.#delivered.after(seq);
      const cursor = this.#locator.locate(wanted);
      if (!cursor) break;
      seq = cursor.seq;
      if (this.#delivered.has(seq)) continue;
      if (isFirst) this.#first = seq;
      return seq;
    }
    if (isFirst) this.#size = 0;
    return this.#next;
  }

  read(seq: number, into: Reading): boolean {
    if (!this.isWaiting(seq)) return false;
    const newest = this.#newest;
    if (seq === newest.seq) {
      copyReading(newest, into);
      into.time = (this.#time as BootTime).origin() + newest.uptime;
      return true;
    }
    const cursor = this.#locator.locate(seq);
    if (cursor?.seq !== seq) return false;
    const log = this.#log;
    if (!log.read(cursor.block, cursor.slot)) {
      // It was there before: the flash has lost it since.
      cursor.seq = -1;
      this.drop(seq, 1);
      this.deliver(seq, seq + 1);
      this.#size -= 1;
      if (seq === this.#first) this.advance(seq + 1);
      return false;
    }
    const { quantity, value, epoch, uptime, boot } = log.record;
    into.seq = seq;
    into.quantity = quantity as Quantity;
    into.value = value;
    into.epoch = epoch;
    into.uptime = uptime;
    into.boot = boot;
    into.time = this.originOf(cursor, boot) + uptime;
    return true;
  }

  /** Milliseconds since 1970 at the beginning of a boot, as far as the journal knows; NaN where it does not. */
  private originOf(cursor: Cursor, boot: number): number {
    if (this.#time && boot === this.#time.boot) return this.#time.origin();
    return this.#locator.originOf(cursor, boot);
  }

  acknowledge(seq: number): void {
    if (!this.isWaiting(seq)) return;
    if (seq !== this.#newest.seq && this.#locator.locate(seq)?.seq !== seq) return;
    // Up to the next one there is: numbers that are not in here do not make a range of each. Nothing is changed where the
    // flash cannot be read.
    const end = seq === this.#first ? seq + 1 : (this.#locator.locate(seq + 1)?.seq ?? this.#next);
    this.#refuses = false;
    this.#size -= 1;
    this.#unnoted += 1;
    if (seq === this.#first) this.advance(seq + 1);
    else this.deliver(seq, end);
    const isPastOver = this.#bootFirst >= 0 && this.first >= this.#bootFirst;
    if (isPastOver) this.#bootFirst = -1;
    if (this.#unnoted >= NOTE_PERIOD || isPastOver) this.note();
  }

  /** Readings from `from` up to but not including `to` are not to be sent any more. */
  private deliver(from: number, to: number): void {
    const delivered = this.#delivered;
    delivered.add(from, to);
    // What was forgotten for it waits again: it will be sent twice.
    const { forgottenFrom, forgottenTo } = delivered;
    // Too many are put right when nothing is found any more; too few would leave some behind.
    let count = forgottenTo - forgottenFrom;
    try {
      count = this.#locator.count(forgottenFrom, forgottenTo);
    } catch {
      // The flash cannot be read just now, as whoever reads on will tell.
    }
    this.#size += count;
    this.#forgotten += count;
  }

  /** The numbers up to but not including `next` are not in here: they do not divide what was delivered. */
  private pass(next: number): void {
    const former = this.#next;
    this.#next = next;
    if (this.#delivered.startOf(former) < former) this.#delivered.add(former, next);
  }

  /** All readings below `seq` are done with. */
  private advance(seq: number): void {
    this.#first = seq;
    this.#first = this.following(seq);
    // Where nothing is found there is nothing, whatever was counted.
    if (this.#first === this.#next) this.#size = 0;
    this.#delivered.deleteBelow(this.#first);
  }

  private isWaiting(seq: number): boolean {
    return this.#size > 0 && seq >= this.#first && seq < this.#next && !this.#delivered.has(seq);
  }

  // --- recovery ----------------------------------------------------------------------------------------------------

  /** Reads the log backwards, so that what is known of readings comes before them. @returns the boot that wrote last */
  private recover(): number {
    const log = this.#log;
    const { record } = log;
    this.#next = record.seq;
    this.#noted = record.value;
    let { boot } = record;
    let least = Number.POSITIVE_INFINITY;
    let hasDropped = false;
    let begins = record.seq;
    let hasForgotten = false;
    for (let back = 0; back < log.length; back++) {
      const block = log.back(back);
      if (!log.belongs(block)) continue;
      if (record.kind === RecordKind.HEADER) begins = record.seq;
      for (let slot = log.slots - 1; slot > 0; slot--) {
        if (!log.read(block, slot)) continue;
        const { kind, seq, uptime } = record;
        if (kind === RecordKind.DONE) {
          this.#next = Math.max(this.#next, seq);
          if (uptime === 0) this.#noted = Math.max(this.#noted, seq);
          else this.#delivered.add(uptime, seq);
          if (this.#delivered.forgottenTo > 0) hasForgotten = true;
          if (!hasDropped) this.#dropped = record.value;
          hasDropped = true;
        } else if (kind === RecordKind.CLOCK) {
          if (back === 0) boot = Math.max(boot, record.boot);
        } else if (kind === RecordKind.READING && seq < least) {
          if (back === 0) boot = Math.max(boot, record.boot);
          least = seq;
          this.#next = Math.max(this.#next, seq + 1);
          if (seq < this.#noted || this.#delivered.has(seq)) continue;
          this.#first = seq;
          this.#size += 1;
        }
      }
      if (begins <= this.#noted && hasDropped) break;
    }
    if (hasForgotten) this.recount();
    this.#delivered.deleteBelow(this.#first);
    return boot;
  }

  /** Counts anew what waits: of what was passed over as delivered some was forgotten, and waits again. */
  private recount(): void {
    this.#size = 0;
    let first = -1;
    for (let seq = this.#noted; seq < this.#next; seq++) {
      const cursor = this.#locator.locate(seq);
      if (!cursor) break;
      seq = cursor.seq;
      if (this.#delivered.has(seq)) continue;
      if (first < 0) first = seq;
      this.#size += 1;
    }
    if (first >= 0) this.#first = first;
  }
}
