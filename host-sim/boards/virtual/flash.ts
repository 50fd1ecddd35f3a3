import type { Flash, FlashStatus } from "../../../firmware/ports.js";
import { BLOCK_LENGTH, blockRange, positionOf } from "../../storage/nor.js";
import { below, Cells, type CellsSnapshot } from "./flash-cells.js";

/** The power went while the flash was at work, or is off. */
export class PowerCut extends Error {}

/** All of a flash at one moment: its cells, its wear and its counts. */
export interface FlashSnapshot {
  readonly cells: CellsSnapshot;
  readonly erases: readonly number[];
  readonly writes: number;
  readonly operations: number;
  readonly programmedTwice: number;
}

/**
 * A partition of NOR flash in memory, which fails as a test says. It is what a board has as its `journal`. The same
 * calls and the same random numbers leave the same bytes.
 */
export class VirtualFlash {
  /** Erases that a block stands, for whoever asks; nothing here wears out by itself. */
  declare readonly endurance?: number;
  /** While set, a write throws and changes nothing: worn out, or protected. The power stays. */
  failWrites = false;
  /** The same of erasing. */
  failErases = false;
  /** The same of reading. */
  failReads = false;
  /** Called when the power goes within a write or an erase, which then throws all the same. */
  declare onCut?: () => void;
  #cells: Cells;
  /** As long as the highest block that was ever erased asks for. */
  #erases: number[] = [];
  #writes = 0;
  #operations = 0;
  #programmedTwice = 0;
  /** Counts the times that the power came; what was opened before has lost it. */
  #powered = 1;
  #isPowered = true;
  /** Operations until the cut, which is within the one that makes it 0; 0 is never. */
  #untilCut = 0;
  #random: () => number = Math.random;

  /** @param blocks size in blocks of 4,096 bytes; by default that of the ESP32's partition */
  constructor(blocks = 224, endurance?: number) {
    this.#cells = new Cells(blocks);
    if (endurance !== undefined) this.endurance = endurance;
  }

  /** Writes and erases that were begun; one that failed by `failWrites` or `failErases` was not. */
  get operations(): number {
    return this.#operations;
  }

  get writes(): number {
    return this.#writes;
  }

  /**
   * Writes that were to program a byte which was not erased (0xff in either place does not count). Who never means to
   * clear bits of what is there has none.
   */
  get programmedTwice(): number {
    return this.#programmedTwice;
  }

  /** How often a block was erased. */
  erases(block: number): number {
    return this.#erases[block] ?? 0;
  }

  /** As a board does. @throws PowerCut while the power is off */
  open(): Flash {
    if (!this.#isPowered) throw new PowerCut("the power is off");
    return new Handle(this, this.#powered);
  }

  /** The power comes (back): everything that was opened before has lost it for good, and this is new. */
  reopen(): Flash {
    this.#isPowered = true;
    this.#powered += 1;
    return this.open();
  }

  /**
   * The power goes within the n-th write or erase from now: that one does a part of its work, or none or all, and throws
   * PowerCut; from then on all that is open throws and changes nothing.
   * @param operation 1 is the next one; 0 takes the cut back
   * @param random draws how much of the work is done, from 0 up to but not including 1
   */
  cutAt(operation: number, random: () => number): void {
    if (!Number.isInteger(operation) || operation < 0) throw new RangeError(`operation is ${operation}`);
    this.#untilCut = operation;
    this.#random = random;
  }

  /** Turns this many bits over, each drawn from the bytes from `start` up to but not including `end`. */
  flipBits(count: number, random: () => number, start = 0, end = this.#cells.blocks * BLOCK_LENGTH): void {
    for (let i = 0; i < count; i++) {
      const position = start + below(end - start, random);
      this.#cells.set(position, this.#cells.get(position) ^ (1 << below(8, random)));
    }
  }

  /** Anything may stand in these bytes now. */
  scramble(random: () => number, start: number, end: number): void {
    for (let position = start; position < end; position++) this.#cells.set(position, below(256, random));
  }

  snapshot(): FlashSnapshot {
    return {
      cells: this.#cells.snapshot(),
      erases: this.#erases.slice(),
      writes: this.#writes,
      operations: this.#operations,
      programmedTwice: this.#programmedTwice,
    };
  }

  /** Goes back to what a snapshot holds, and takes a cut back that has not come yet. Power that is off stays off. */
  restore(snapshot: FlashSnapshot): void {
    this.#cells.restore(snapshot.cells);
    this.#erases = snapshot.erases.slice();
    this.#writes = snapshot.writes;
    this.#operations = snapshot.operations;
    this.#programmedTwice = snapshot.programmedTwice;
    this.#untilCut = 0;
  }

  /** For what is open: whether the power has been there ever since it was opened. */
  isPowered(since: number): boolean {
    return this.#isPowered && this.#powered === since;
  }

  /** For what is open. */
  status(): FlashStatus {
    const { blocks } = this.#cells;
    return { size: blocks * BLOCK_LENGTH, blockLength: BLOCK_LENGTH, blocks };
  }

  /** For what is open. */
  read(into: Uint8Array, position: number): number {
    const at = positionOf(position, into.length, this.status().size);
    if (this.failReads) throw new Error("read failed");
    this.#cells.read(into, at);
    return into.length;
  }

  /** For what is open. */
  write(data: Uint8Array, position: number): void {
    const at = positionOf(position, data.length, this.status().size);
    if (this.failWrites) throw new Error("write failed");
    const isCut = this.#begin();
    this.#writes += 1;
    const random = this.#random;
    const whole = isCut ? below(data.length + 1, random) : data.length;
    if (this.#cells.program(data.subarray(0, whole), at)) this.#programmedTwice += 1;
    if (!isCut) return;
    // Of the byte under way some bits are cleared, if it was begun.
    if (whole < data.length && random() < 0.5)
      this.#cells.program(Uint8Array.of(data[whole] | below(256, random)), at + whole);
    this.#cut();
  }

  /** For what is open. */
  eraseBlock(start: number, end?: number): void {
    const [first, last] = blockRange(start, end, this.#cells.blocks);
    if (this.failErases) throw new Error("erase failed");
    const isCut = this.#begin();
    const random = this.#random;
    const whole = isCut ? first + below(last - first, random) : last;
    for (let block = first; block < whole; block++) {
      this.#wear(block);
      this.#cells.erase(block);
    }
    if (!isCut) return;
    // It wears the block as a whole one does.
    this.#wear(whole);
    this.#cells.eraseInPart(whole, random);
    this.#cut();
  }

  #wear(block: number): void {
    while (this.#erases.length <= block) this.#erases.push(0);
    this.#erases[block] += 1;
  }

  /** Counts an operation. @returns whether the power goes within it */
  #begin(): boolean {
    this.#operations += 1;
    if (this.#untilCut === 0) return false;
    this.#untilCut -= 1;
    return this.#untilCut === 0;
  }

  #cut(): never {
    this.#isPowered = false;
    this.onCut?.();
    throw new PowerCut("the power went");
  }
}

/** The partition, as it is open since the power came for the n-th time. */
class Handle implements Flash {
  #flash: VirtualFlash;
  #since: number;
  #isClosed = false;

  constructor(flash: VirtualFlash, since: number) {
    this.#flash = flash;
    this.#since = since;
  }

  read(buffer: Uint8Array, position: number): number {
    return this.#opened().read(buffer, position);
  }

  write(buffer: Uint8Array, position: number): void {
    this.#opened().write(buffer, position);
  }

  eraseBlock(start: number, end?: number): void {
    this.#opened().eraseBlock(start, end);
  }

  status(): FlashStatus {
    return this.#opened().status();
  }

  close(): void {
    this.#isClosed = true;
  }

  #opened(): VirtualFlash {
    if (this.#isClosed) throw new SyntaxError("the flash is closed");
    if (!this.#flash.isPowered(this.#since)) throw new PowerCut("the power is off");
    return this.#flash;
  }
}
