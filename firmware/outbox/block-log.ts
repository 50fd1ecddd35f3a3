/**
 * A log of records over the erase blocks of a flash partition, written in rotation.
 *
 * Each block begins with a header that has its generation, one more than the block before it in the ring. Nothing is ever
 * written over. What a power cut leaves of a record fails its checksum and is passed over; a block without a good header
 * of the right generation is not there. A block that cannot be erased, or does not keep a header, is passed over too:
 * generations go on as if it had one.
 */

import type { Flash, FlashStatus } from "../ports.js";
import { JournalRecord, LAYOUT, RECORD_LENGTH, RecordKind } from "./record.js";

/** Fewer blocks leave nothing to wait in while one is erased. */
const BLOCKS_LEAST = 4;

/** Attempts to write a record, each to the next place, or to begin a block: a part that wears out does so place by place. */
const ATTEMPTS = 3;

export class BlockLog {
  /** Blocks of the partition, and records of a block, its header included. */
  readonly blocks: number;
  readonly slots: number;
  /** The block that is written to, its generation, and its next free record. */
  head = 0;
  generation = 0;
  slot = 0;
  /** Blocks that belong to the log, the head and those before it. */
  length = 0;
  /** What was read last, and what is written next. */
  readonly record = new JournalRecord();
  #flash: Flash;
  #blockLength: number;
  /** What was written is read back into here. */
  #check = new JournalRecord();
  #onErase: (block: number) => void;

  /**
   * @param flash the log's from now on
   * @param onErase called with a block whose records are not to be read any more
   * @throws RangeError where the partition is too small
   */
  constructor(flash: Flash, onErase: (block: number) => void) {
    const { blocks, blockLength } = flash.status();
    this.#flash = flash;
    this.#onErase = onErase;
    this.blocks = blocks;
    this.#blockLength = blockLength;
    this.slots = Math.floor(blockLength / RECORD_LENGTH);
    if (blocks < BLOCKS_LEAST || this.slots < 8) {
      throw new RangeError(
        `a journal needs ${BLOCKS_LEAST} blocks of 256 bytes or more, not ${blocks} of ${blockLength}`,
      );
    }
    // Nothing yet: the block before the one to begin with is full, and its generation is that of no block.
    this.head = blocks - 1;
    this.slot = this.slots;
  }

  get status(): FlashStatus {
    return this.#flash.status();
  }

  /** Records that the head has room for. */
  get free(): number {
    return this.slots - this.slot;
  }

  /** The partition is full: the next block is the oldest of the log. */
  get isFull(): boolean {
    return this.length === this.blocks;
  }

  close(): void {
    this.#flash.close();
  }

  // --- opening -----------------------------------------------------------------------------------------------------

  /**
   * Finds the newest block and all that belongs to the log; the newest block's header is in `record` then.
   * @param problems gets a line for what was found and cannot be read
   * @returns false where there is no log
   * @throws Error where the flash cannot be read
   */
  open(problems: string[]): boolean {
    const newest = this.newest(problems);
    if (newest < 0) return false;
    this.head = newest;
    this.slot = this.firstFree();
    this.length = this.countBlocks();
    return this.read(newest, 0);
  }

  private newest(problems: string[]): number {
    let newest = -1;
    let foreign = 0;
    let foreignLayout = 0;
    let foreignGeneration = 0;
    let unreadable = 0;
    const { record } = this;
    for (let block = 0; block < this.blocks; block++) {
      if (!this.read(block, 0) || record.kind !== RecordKind.HEADER) {
        if (!record.isErased) unreadable += 1;
      } else if (record.quantity !== LAYOUT) {
        foreign += 1;
        foreignLayout = record.quantity;
        // The log begins behind the newest of what it cannot read, and gets to it last.
        if (record.uptime >= foreignGeneration) this.head = block;
        foreignGeneration = Math.max(foreignGeneration, record.uptime);
      } else if (newest < 0 || record.uptime > this.generation) {
        newest = block;
        this.generation = record.uptime;
      }
    }
    if (foreign > 0) {
      problems.push(
        `journal: ${foreign} of ${this.blocks} blocks have layout ${foreignLayout}, which this version cannot read: kept until their room is needed`,
      );
    }
    if (unreadable > 0)
      problems.push(`journal: ${unreadable} of ${this.blocks} blocks cannot be read and will be used anew`);
    return newest;
  }

  /** Behind the last record of the head that is not as an erase leaves it. */
  private firstFree(): number {
    let slot = this.slots;
    while (slot > 1) {
      this.read(this.head, slot - 1);
      if (!this.record.isErased) break;
      slot -= 1;
    }
    return slot;
  }

  private countBlocks(): number {
    let length = 1;
    for (let back = 1; back < this.blocks; back++) if (this.readHeader(this.back(back))) length = back + 1;
    return length;
  }

  // --- reading -----------------------------------------------------------------------------------------------------

  /** Reads a record into `record`. False where there is none. @throws Error where the flash cannot be read */
  read(block: number, slot: number): boolean {
    this.#flash.read(this.record.bytes, this.position(block, slot));
    return this.record.decode();
  }

  /** Reads a block's header into `record`. False where it has none of this log. */
  readHeader(block: number): boolean {
    return this.belongs(block) && this.record.kind === RecordKind.HEADER;
  }

  /**
   * Whether a block between the log's ends is read: not one with the header of something else. One whose header is
   * damaged is; its readings are in the order of their numbers, or passed over. `record` has the header then, or kind 0.
   */
  belongs(block: number): boolean {
    const { record } = this;
    if (!this.read(block, 0) || record.kind !== RecordKind.HEADER) {
      record.kind = 0;
      return true;
    }
    return record.quantity === LAYOUT && record.uptime === this.generation - this.distance(block);
  }

  // --- writing -----------------------------------------------------------------------------------------------------

  /** Writes `record` to the head's next free place. @throws Error where it does not stay there */
  put(): void {
    const { record } = this;
    const { bytes } = record;
    record.encode();
    for (let attempt = 0; attempt < ATTEMPTS && this.slot < this.slots; attempt++) {
      const at = this.position(this.head, this.slot);
      // Also when the write throws: some of it may be there.
      this.slot += 1;
      this.#flash.write(bytes, at);
      this.#flash.read(this.#check.bytes, at);
      if (record.equals(this.#check)) return;
    }
    throw new Error(`block ${this.head} of the journal does not keep what is written to it`);
  }

  /**
   * Begins the next block; what is in it is not needed any more. `record` has what the header says besides its generation:
   * boot, epoch, next number, and the first that is not done with.
   * @param mayTakeAnother whether the block behind the head is not needed either, should it be the oldest of the log
   * @throws Error where none can be begun: all is as before then, and the head is full
   */
  turn(mayTakeAnother: () => boolean): void {
    const { head, generation, length, record } = this;
    const { boot, epoch, seq, value } = record;
    for (let attempt = 1; ; attempt++) {
      this.head = this.after(this.head);
      this.generation += 1;
      this.length = Math.min(this.length + 1, this.blocks);
      try {
        record.boot = boot;
        record.epoch = epoch;
        record.seq = seq;
        record.value = value;
        this.begin();
        return;
      } catch (error) {
        this.slot = this.slots;
        if (attempt < ATTEMPTS && (!this.isFull || mayTakeAnother())) continue;
        this.head = head;
        this.generation = generation;
        this.length = length;
        throw error;
      }
    }
  }

  /** Erases the head and writes its header. */
  private begin(): void {
    const { head, record } = this;
    this.#onErase(head);
    this.#flash.eraseBlock(head);
    record.kind = RecordKind.HEADER;
    record.quantity = LAYOUT;
    record.uptime = this.generation;
    this.slot = 0;
    this.put();
    if (this.slot > 1) throw new Error(`block ${head} of the journal does not keep its header`);
  }

  /** Takes the oldest block of a full log out of it. */
  leaveTail(): void {
    this.length -= 1;
    this.#onErase(this.after(this.head));
  }

  // --- places ------------------------------------------------------------------------------------------------------

  /** The block that comes behind this one in the ring. */
  after(block: number): number {
    return block + 1 < this.blocks ? block + 1 : 0;
  }

  /** The block that is `count` before the head. */
  back(count: number): number {
    return (this.head - count + this.blocks) % this.blocks;
  }

  /** How many blocks the head is ahead of `block`. */
  distance(block: number): number {
    return (this.head - block + this.blocks) % this.blocks;
  }

  private position(block: number, slot: number): number {
    return block * this.#blockLength + slot * RECORD_LENGTH;
  }
}
