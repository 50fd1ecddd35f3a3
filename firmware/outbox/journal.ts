/**
 * The readings that wait in flash: a log over the erase blocks of a partition, written in rotation.
 *
 * Each block begins with a header that has its generation, one more than the block before it in the ring; behind it lie
 * readings in the order of their numbers, and among them facts: up to where readings are done with, and what the clock
 * said. Nothing is ever written over. What a power cut leaves of a record fails its checksum and is passed over; a block
 * without a good header of the right generation is not there. The last record of each block is kept for the fact that
 * makes the next block's old contents superfluous, written before that is erased.
 *
 * That a reading was delivered is noted now and then only: a restart may send the last ones again, and loses none.
 * Memory does not depend on how many wait: one record, a few ranges, a few cursors.
 */

import type { Quantity, Reading } from "../codec/reading.js";
import type { Flash, FlashStatus } from "../ports.js";
import type { BootTime } from "../time.js";
import { type Cursor, Cursors } from "./cursor.js";
import { Intervals } from "./intervals.js";
import { Policy, stride } from "./policy.js";
import { JournalRecord, LAYOUT, RECORD_LENGTH, RecordKind } from "./record.js";
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

/** Fewer blocks leave nothing to wait in while one is erased. */
const BLOCKS_LEAST = 4;

/** Readings that are acknowledged before that is noted: as many may be sent twice after a power cut. */
const NOTE_PERIOD = 32;

/** Ranges of readings that were delivered before older ones. */
const RANGES = 8;

/** Milliseconds by which the clock may wander before it is noted anew. */
const CLOCK_TOLERANCE = 10;

/** Attempts to write a record, each to the next place: a part that wears out does so place by place. */
const ATTEMPTS = 3;

export class Journal implements Waiting {
  /** Drawn when the partition was formatted. */
  declare readonly epoch: number;
  /** The boot that wrote last, 0 for none. */
  declare readonly lastBoot: number;
  #options: JournalOptions;
  #flash: Flash;
  #time: BootTime | undefined;
  /** Blocks of the partition, and records of a block. */
  #blocks: number;
  #slots: number;
  #blockLength: number;
  #record = new JournalRecord();
  /** What was written is read back into here. */
  #check = new JournalRecord();
  /** The block that is written to, its generation, and its next free record. */
  #head = 0;
  #generation = 0;
  #slot = 0;
  /** Blocks that belong to the log, those before the head included. */
  #length = 0;
  #first = 0;
  #next = 1;
  #size = 0;
  #dropped = 0;
  /** Readings that are not below `#first` and were delivered. */
  #delivered = new Intervals(RANGES);
  /** Readings acknowledged and not noted; up to where it is noted. */
  #unnoted = 0;
  #noted = 0;
  /** End of the range behind `#first` that grew last. */
  #rangeEnd = 0;
  /** The clock's word that this block has, NaN for none. */
  #origin = Number.NaN;
  /** Number of a reading whose write failed: it may be there all the same; -1 for none. */
  #stray = -1;
  /** The first number of this boot, until all before it is delivered and noted. */
  #bootFirst = -1;
  /** The oldest block has readings that wait, and the policy keeps them: there is no room before one is acknowledged. */
  #isFull = false;
  #cursors = new Cursors();

  /**
   * Reads what is there, and formats what has never been a journal.
   * @throws RangeError where the partition is too small, Error where it cannot be read or formatted
   */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.#flash = options.flash;
    const { blocks, blockLength } = this.#flash.status();
    this.#blocks = blocks;
    this.#blockLength = blockLength;
    this.#slots = Math.floor(blockLength / RECORD_LENGTH);
    if (blocks < BLOCKS_LEAST || this.#slots < 8) {
      throw new RangeError(
        `a journal needs ${BLOCKS_LEAST} blocks of 256 bytes or more, not ${blocks} of ${blockLength}`,
      );
    }
    const found = this.#findHead();
    if (found) {
      this.epoch = this.#record.epoch;
      this.lastBoot = this.#recover();
      if (this.#size > 0) this.#bootFirst = this.#next;
    } else {
      this.epoch = Math.floor(options.random() * 0x1_0000_0000);
      this.lastBoot = 0;
      // One before the block to begin with; its generation is that of no block.
      this.#head = this.#back(1);
      this.#slot = this.#slots;
      this.#rotate();
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

  /** The partition's size. */
  get status(): FlashStatus {
    return this.#flash.status();
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
    if (!this.#isKept(seq) || !this.#makeRoom(2)) {
      this.#next = seq + 1;
      this.#drop(seq, 1);
      return false;
    }
    this.#noteClock();
    const record = this.#record;
    record.kind = RecordKind.READING;
    record.quantity = reading.quantity;
    record.boot = reading.boot;
    record.uptime = reading.uptime;
    record.seq = seq;
    record.value = reading.value;
    record.epoch = reading.epoch;
    const stray = this.#stray;
    this.#stray = seq;
    this.#put();
    this.#stray = -1;
    if (this.#size === 0) {
      this.#first = seq;
      this.#delivered.deleteBelow(seq);
    } else if (stray >= 0 && stray < seq) this.#deliver(stray, seq); // whoever wrote it has it elsewhere
    this.#next = seq + 1;
    this.#size += 1;
    return true;
  }

  /** The clock was set: what was journalled before must learn it, also if the power fails now. @throws as `append` */
  noteClock(): void {
    if (this.#size > 0 && this.#makeRoom(1)) this.#noteClock();
  }

  /** Notes what was acknowledged and what the clock says, at an orderly end. @throws as `append` */
  flush(): void {
    this.noteClock();
    if (this.#unnoted === 0) return;
    this.#note();
    // The place that is kept for the next block's sake serves as well.
    if (this.#unnoted > 0 && this.#slot < this.#slots) this.#noteDone();
  }

  close(): void {
    this.#flash.close();
  }

  #isKept(seq: number): boolean {
    if (this.#options.policy !== Policy.THIN) return true;
    const oldest = this.#size > 0 ? this.#locate(this.#first) : undefined;
    return oldest === undefined || seq % stride(this.#distance(oldest.block), this.#blocks) === 0;
  }

  #noteClock(): void {
    const time = this.#time as BootTime;
    const origin = time.origin();
    if (Number.isNaN(origin) || Math.abs(origin - this.#origin) <= CLOCK_TOLERANCE) return;
    const record = this.#record;
    record.kind = RecordKind.CLOCK;
    record.quantity = 0;
    record.boot = time.boot;
    record.uptime = time.uptime();
    record.seq = 0;
    record.value = origin;
    record.epoch = this.epoch;
    this.#put();
    this.#origin = origin;
  }

  /** Notes what was acknowledged, in the next block where this one is full and that one is not needed. */
  #note(): void {
    if (this.#slot < this.#slots - 1) this.#noteDone();
    else if (this.#length < this.#blocks) this.#rotate();
    else if (!this.#isTailNeeded()) {
      this.#leaveTail();
      this.#rotate();
    }
  }

  #noteDone(): void {
    const end = this.#rangeEnd;
    const start = this.#delivered.startOf(end);
    this.#unnoted = 0;
    if (start < end && this.#slot < this.#slots - 2) this.#putDone(start, end);
    if (this.first > this.#noted) this.#putDone(0, this.first);
  }

  #putDone(from: number, to: number): void {
    const record = this.#record;
    record.kind = RecordKind.DONE;
    record.quantity = 0;
    record.boot = 0;
    record.uptime = from;
    record.seq = to;
    record.value = this.#dropped;
    record.epoch = this.epoch;
    this.#put();
    if (from === 0) this.#noted = to;
  }

  /** Writes `#record` to the head's next free place. @throws Error where it does not stay there */
  #put(): void {
    const { bytes } = this.#record;
    this.#record.encode();
    for (let attempt = 0; attempt < ATTEMPTS && this.#slot < this.#slots; attempt++) {
      const at = this.#position(this.#head, this.#slot);
      // Also when the write throws: some of it may be there.
      this.#slot += 1;
      this.#flash.write(bytes, at);
      this.#flash.read(this.#check.bytes, at);
      let same = true;
      for (let i = 0; i < RECORD_LENGTH; i++) if (bytes[i] !== this.#check.bytes[i]) same = false;
      if (same) return;
    }
    throw new Error(`block ${this.#head} of the journal does not keep what is written to it`);
  }

  /** Room for `count` records in the head, the last one not counted. False where the policy gives up what is new. */
  #makeRoom(count: number): boolean {
    if (this.#slot + count <= this.#slots - 1) return true;
    if (this.#isFull || (this.#length === this.#blocks && !this.#giveUpTail())) return false;
    this.#rotate();
    return true;
  }

  /** Takes the oldest block out of the log. False where it has readings that wait and the policy keeps them. */
  #giveUpTail(): boolean {
    if (this.#isTailNeeded()) {
      if (this.#options.policy !== Policy.OLDEST) {
        this.#isFull = true;
        return false;
      }
      this.#dropTail();
    }
    this.#leaveTail();
    return true;
  }

  /** Whether the oldest block, which is the one behind the head, has readings that wait. */
  #isTailNeeded(): boolean {
    if (this.#size === 0) return false;
    return this.#locate(this.#first)?.block === this.#after(this.#head);
  }

  /** Gives up the readings of the oldest block that wait. */
  #dropTail(): void {
    const tail = this.#after(this.#head);
    const first = this.#first;
    let count = 0;
    let seq = first;
    for (let cursor = this.#locate(seq); cursor?.block === tail; cursor = this.#locate(seq)) {
      if (!this.#delivered.has(cursor.seq)) count += 1;
      seq = cursor.seq + 1;
    }
    this.#drop(first, count);
    this.#size -= count;
    this.#advance(seq);
  }

  #leaveTail(): void {
    this.#length -= 1;
    this.#cursors.leave(this.#after(this.#head));
  }

  /**
   * Begins the next block; what is in it is not needed any more. One that cannot be erased, or does not keep a header, is
   * passed over: generations go on as if it had one.
   */
  #rotate(): void {
    if (this.#length > 0) {
      this.#slot = Math.max(this.#slot, this.#slots - 1);
      if (this.#slot < this.#slots) this.#putDone(0, this.first);
    }
    const head = this.#head;
    const generation = this.#generation;
    const length = this.#length;
    for (let attempt = 1; ; attempt++) {
      this.#head = this.#after(this.#head);
      this.#generation += 1;
      this.#length = Math.min(this.#length + 1, this.#blocks);
      try {
        this.#begin();
        break;
      } catch (error) {
        this.#slot = this.#slots;
        if (attempt < ATTEMPTS && (this.#length < this.#blocks || !this.#isTailNeeded())) continue;
        this.#head = head;
        this.#generation = generation;
        this.#length = length;
        throw error;
      }
    }
    this.#noted = this.first;
    this.#unnoted = 0;
    this.#origin = Number.NaN;
    if (this.#dropped > 0 || this.#delivered.count > 0) this.#noteDone();
    if (this.#dropped > 0 && this.#slot === 1) this.#putDone(0, this.first);
  }

  /** Erases the head and writes its header. */
  #begin(): void {
    const block = this.#head;
    this.#cursors.leave(block);
    this.#flash.eraseBlock(block);
    const record = this.#record;
    record.kind = RecordKind.HEADER;
    record.quantity = LAYOUT;
    record.boot = this.#time?.boot ?? this.lastBoot;
    record.uptime = this.#generation;
    record.seq = this.#next;
    record.value = this.first;
    record.epoch = this.epoch;
    this.#slot = 0;
    this.#put();
    if (this.#slot > 1) throw new Error(`block ${block} of the journal does not keep its header`);
  }

  #drop(first: number, count: number): void {
    this.#dropped += count;
    this.#options.onDropped(first, count);
  }

  // --- reading -----------------------------------------------------------------------------------------------------

  following(seq: number): number {
    if (this.#size === 0) return this.#next;
    if (seq < this.#first) seq = this.#first;
    while (seq < this.#next) {
      const wanted = this.#delivered.after(seq);
      const cursor = this.#locate(wanted);
      if (!cursor) break;
      seq = cursor.seq;
      if (!this.#delivered.has(seq)) return seq;
    }
    return this.#next;
  }

  read(seq: number, into: Reading): boolean {
    if (!this.#isWaiting(seq)) return false;
    const cursor = this.#locate(seq);
    if (cursor?.seq !== seq) return false;
    if (!this.#readRecord(cursor.block, cursor.slot)) {
      // It was there before: the flash has lost it since.
      cursor.seq = -1;
      this.#drop(seq, 1);
      this.#deliver(seq, seq + 1);
      this.#size -= 1;
      if (seq === this.#first) this.#advance(seq + 1);
      return false;
    }
    const { quantity, value, epoch, uptime, boot } = this.#record;
    into.seq = seq;
    into.quantity = quantity as Quantity;
    into.value = value;
    into.epoch = epoch;
    into.uptime = uptime;
    into.boot = boot;
    into.time = this.#originOf(cursor, boot) + uptime;
    return true;
  }

  acknowledge(seq: number): void {
    if (!this.#isWaiting(seq) || this.#locate(seq)?.seq !== seq) return;
    this.#isFull = false;
    this.#size -= 1;
    this.#unnoted += 1;
    if (seq === this.#first) this.#advance(seq + 1);
    else {
      // Up to the next one there is: numbers that are not in here do not make a range of each.
      this.#deliver(seq, this.#locate(seq + 1)?.seq ?? this.#next);
      this.#rangeEnd = this.#delivered.after(seq);
    }
    const isPastOver = this.#bootFirst >= 0 && this.first >= this.#bootFirst;
    if (isPastOver) this.#bootFirst = -1;
    if (this.#unnoted >= NOTE_PERIOD || isPastOver) this.#note();
  }

  /** Readings from `from` up to but not including `to` are not to be sent any more. */
  #deliver(from: number, to: number): void {
    const delivered = this.#delivered;
    delivered.add(from, to);
    // What was forgotten for it waits again: it will be sent twice.
    this.#size += this.#countReadings(delivered.forgottenFrom, delivered.forgottenTo);
  }

  /** All readings below `seq` are done with. */
  #advance(seq: number): void {
    this.#first = seq;
    this.#first = this.following(seq);
    // Where nothing is found there is nothing, whatever was counted.
    if (this.#first === this.#next) this.#size = 0;
    this.#delivered.deleteBelow(this.#first);
  }

  #isWaiting(seq: number): boolean {
    return this.#size > 0 && seq >= this.#first && seq < this.#next && !this.#delivered.has(seq);
  }

  /** The first reading in flash whose number is not below `seq`. */
  #locate(seq: number): Cursor | undefined {
    let cursor = this.#cursors.nearest(seq);
    if (!cursor || !this.#isNear(cursor, seq)) {
      cursor = this.#cursors.oldest();
      cursor.block = this.#blockOf(seq);
      cursor.slot = 0;
      cursor.boot = -1;
      if (!this.#step(cursor)) return undefined;
    }
    while (cursor.seq < seq) if (!this.#step(cursor)) return undefined;
    return cursor;
  }

  /** Whether `seq` is behind `cursor` in its block, or within a block's length. */
  #isNear({ seq: from, block }: Cursor, seq: number): boolean {
    if (seq - from < this.#slots || block === this.#head) return true;
    const behind = this.#after(block);
    return this.#readHeader(behind, this.#generation - this.#distance(behind)) && this.#record.seq > seq;
  }

  /** The newest block that begins with a number not above `seq`; the oldest where all begin above it. */
  #blockOf(seq: number): number {
    let near = 0;
    let far = this.#length - 1;
    while (near < far) {
      const middle = (near + far) >> 1;
      if (!this.#readHeader(this.#back(middle), this.#generation - middle))
        return this.#blockAmong(near, far, seq);
      if (this.#record.seq <= seq) far = middle;
      else near = middle + 1;
    }
    return this.#back(near);
  }

  /** The same where a header cannot be read, one block after the other. */
  #blockAmong(near: number, far: number, seq: number): number {
    for (let back = near; back < far; back++) {
      if (this.#readHeader(this.#back(back), this.#generation - back) && this.#record.seq <= seq)
        return this.#back(back);
    }
    return this.#back(far);
  }

  /** Readings in flash with numbers from `from` up to but not including `to`. */
  #countReadings(from: number, to: number): number {
    let count = 0;
    for (let seq = from; seq < to; seq++) {
      const cursor = this.#locate(seq);
      if (!cursor || cursor.seq >= to) break;
      seq = cursor.seq;
      count += 1;
    }
    return count;
  }

  /** Moves a cursor to the next reading. False, and it stays, where there is none. */
  #step(cursor: Cursor): boolean {
    let { block, slot, boot, origin } = cursor;
    const record = this.#record;
    for (;;) {
      slot += 1;
      if (slot >= this.#slots) {
        do {
          if (block === this.#head) return false;
          block = this.#after(block);
        } while (!this.#belongs(block));
        slot = 0;
        continue;
      }
      if (block === this.#head && slot >= this.#slot) return false;
      if (!this.#readRecord(block, slot)) continue;
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

  /** Milliseconds since 1970 at the beginning of a boot, as far as the journal knows; NaN where it does not. */
  #originOf(cursor: Cursor, boot: number): number {
    if (this.#time && boot === this.#time.boot) return this.#time.origin();
    if (cursor.boot !== boot) {
      cursor.origin = this.#laterOrigin(cursor, boot);
      cursor.boot = boot;
    }
    return cursor.origin;
  }

  /** The clock of a boot that was set after the reading at `cursor`. */
  #laterOrigin({ block, slot }: Cursor, boot: number): number {
    const record = this.#record;
    for (;;) {
      slot += 1;
      if (slot >= this.#slots) {
        if (block === this.#head) return Number.NaN;
        block = this.#after(block);
        slot = this.#belongs(block) ? 0 : this.#slots;
        continue;
      }
      if (block === this.#head && slot >= this.#slot) return Number.NaN;
      if (!this.#readRecord(block, slot)) continue;
      if (record.kind === RecordKind.CLOCK && record.boot === boot) return record.value;
      if (record.kind === RecordKind.READING && record.boot !== boot) return Number.NaN;
    }
  }

  // --- recovery ----------------------------------------------------------------------------------------------------

  /** Finds the newest block; its header is in `#record` then. False where there is no journal. */
  #findHead(): boolean {
    let newest = -1;
    let foreign = 0;
    let foreignLayout = 0;
    let foreignGeneration = 0;
    let unreadable = 0;
    const record = this.#record;
    for (let block = 0; block < this.#blocks; block++) {
      if (!this.#readRecord(block, 0) || record.kind !== RecordKind.HEADER) {
        if (!record.isErased) unreadable += 1;
      } else if (record.quantity !== LAYOUT) {
        foreign += 1;
        foreignLayout = record.quantity;
        // The log begins behind the newest of what it cannot read, and gets to it last.
        if (record.uptime >= foreignGeneration) this.#head = this.#after(block);
        foreignGeneration = Math.max(foreignGeneration, record.uptime);
      } else if (newest < 0 || record.uptime > this.#generation) {
        newest = block;
        this.#generation = record.uptime;
      }
    }
    const { problems } = this.#options;
    if (foreign > 0) {
      problems.push(
        `journal: ${foreign} of ${this.#blocks} blocks have layout ${foreignLayout}, which this version cannot read: kept until their room is needed`,
      );
    }
    if (unreadable > 0)
      problems.push(`journal: ${unreadable} of ${this.#blocks} blocks cannot be read and will be used anew`);
    if (newest < 0) return false;
    this.#head = newest;
    return this.#readRecord(newest, 0);
  }

  /** Reads the log backwards, so that what is known of readings comes before them. @returns the boot that wrote last */
  #recover(): number {
    const record = this.#record;
    this.#next = record.seq;
    this.#noted = record.value;
    let { boot } = record;
    this.#slot = this.#firstFree();
    this.#length = this.#countBlocks();
    let least = Number.POSITIVE_INFINITY;
    let hasDropped = false;
    let begins = record.seq;
    let hasForgotten = false;
    for (let back = 0; back < this.#length; back++) {
      const block = this.#back(back);
      if (!this.#belongs(block)) continue;
      if (record.kind === RecordKind.HEADER) begins = record.seq;
      for (let slot = this.#slots - 1; slot > 0; slot--) {
        if (!this.#readRecord(block, slot)) continue;
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
    if (hasForgotten) this.#recount();
    this.#delivered.deleteBelow(this.#first);
    return boot;
  }

  /** Counts anew what waits: of what was passed over as delivered some was forgotten, and waits again. */
  #recount(): void {
    this.#size = 0;
    let first = -1;
    for (let seq = this.#noted; seq < this.#next; seq++) {
      const cursor = this.#locate(seq);
      if (!cursor) break;
      seq = cursor.seq;
      if (this.#delivered.has(seq)) continue;
      if (first < 0) first = seq;
      this.#size += 1;
    }
    if (first >= 0) this.#first = first;
  }

  /** Behind the last record of the head that is not as an erase leaves it. */
  #firstFree(): number {
    let slot = this.#slots;
    while (slot > 1) {
      this.#readRecord(this.#head, slot - 1);
      if (!this.#record.isErased) break;
      slot -= 1;
    }
    return slot;
  }

  #countBlocks(): number {
    let length = 1;
    for (let back = 1; back < this.#blocks; back++) {
      if (this.#readHeader(this.#back(back), this.#generation - back)) length = back + 1;
    }
    return length;
  }

  // --- places ------------------------------------------------------------------------------------------------------

  #after(block: number): number {
    return block + 1 < this.#blocks ? block + 1 : 0;
  }

  /** The block that is `count` before the head. */
  #back(count: number): number {
    return (this.#head - count + this.#blocks) % this.#blocks;
  }

  /** How many blocks the head is ahead of `block`. */
  #distance(block: number): number {
    return (this.#head - block + this.#blocks) % this.#blocks;
  }

  #position(block: number, slot: number): number {
    return block * this.#blockLength + slot * RECORD_LENGTH;
  }

  /**
   * Whether a block between the log's ends is read: not one with the header of something else. One whose header is
   * damaged is; its readings are in the order of their numbers, or passed over.
   */
  #belongs(block: number): boolean {
    const record = this.#record;
    if (!this.#readRecord(block, 0) || record.kind !== RecordKind.HEADER) {
      record.kind = 0;
      return true;
    }
    return record.quantity === LAYOUT && record.uptime === this.#generation - this.#distance(block);
  }

  #readHeader(block: number, generation: number): boolean {
    const record = this.#record;
    return (
      this.#readRecord(block, 0) &&
      record.kind === RecordKind.HEADER &&
      record.quantity === LAYOUT &&
      record.uptime === generation
    );
  }

  #readRecord(block: number, slot: number): boolean {
    this.#flash.read(this.#record.bytes, this.#position(block, slot));
    return this.#record.decode();
  }
}
