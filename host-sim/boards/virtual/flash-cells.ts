import { BLOCK_LENGTH, ERASED } from "../../storage/nor.js";

/** What the cells of all blocks are at one moment; `undefined` where a block is erased. It never changes. */
export type CellsSnapshot = readonly (Readonly<Uint8Array> | undefined)[];

/** A position is the block's number, and the byte's within it. */
const SHIFT = Math.log2(BLOCK_LENGTH);
const MASK = BLOCK_LENGTH - 1;

/** Bytes that a chip erases and programs together within a block. */
const PAGE_LENGTH = 256;

/**
 * The cells of a NOR flash. An erased block takes no memory, and one that is as it was in a snapshot is not copied, so
 * that a thousand devices fit, and a test can go back to the same state a thousand times.
 */
export class Cells {
  readonly blocks: number;
  /** As long as the highest block that was ever written asks for. */
  #cells: (Uint8Array | undefined)[] = [];
  /** 1 where a snapshot has the same bytes. */
  #shared: (1 | undefined)[] = [];

  constructor(blocks: number) {
    this.blocks = blocks;
  }

  get(position: number): number {
    return this.#cells[position >>> SHIFT]?.[position & MASK] ?? ERASED;
  }

  set(position: number, value: number): void {
    if (this.get(position) !== value) this.#writable(position >>> SHIFT)[position & MASK] = value;
  }

  read(into: Uint8Array, position: number): void {
    for (let done = 0; done < into.length; ) {
      const offset = (position + done) & MASK;
      const count = smaller(into.length - done, BLOCK_LENGTH - offset);
      const cells = this.#cells[(position + done) >>> SHIFT];
      if (cells) into.set(cells.subarray(offset, offset + count), done);
      else into.fill(ERASED, done, done + count);
      done += count;
    }
  }

  /** Turns ones into zeros, and says whether that was asked of a byte that had been programmed before. */
  program(data: Uint8Array, position: number): boolean {
    let twice = false;
    for (let done = 0; done < data.length; ) {
      const offset = (position + done) & MASK;
      const count = smaller(data.length - done, BLOCK_LENGTH - offset);
      const cells = this.#writable((position + done) >>> SHIFT);
      for (let i = 0; i < count; i++) {
        const wanted = data[done + i];
        if (wanted === ERASED) continue;
        if (cells[offset + i] !== ERASED) twice = true;
        cells[offset + i] &= wanted;
      }
      done += count;
    }
    return twice;
  }

  erase(block: number): void {
    if (block >= this.#cells.length) return;
    this.#cells[block] = undefined;
    this.#shared[block] = undefined;
  }

  /** Leaves each bit of a block as it was or 1: nothing happened, all of it, some of its pages, or some of its bits. */
  eraseInPart(block: number, random: () => number): void {
    const how = below(4, random);
    if (how === 0 || this.#cells[block] === undefined) return;
    if (how === 1) return this.erase(block);
    const cells = this.#writable(block);
    if (how === 2) {
      for (let page = 0; page < BLOCK_LENGTH; page += PAGE_LENGTH)
        if (random() < 0.5) cells.fill(ERASED, page, page + PAGE_LENGTH);
      return;
    }
    // A quarter of the bits or three quarters of them: an erase is cut early or late.
    const isEarly = random() < 0.5;
    for (let i = 0; i < BLOCK_LENGTH; i++) {
      const one = below(256, random);
      const two = below(256, random);
      cells[i] |= isEarly ? one & two : one | two;
    }
  }

  snapshot(): CellsSnapshot {
    this.#shared = new Array(this.#cells.length).fill(1);
    return this.#cells.slice();
  }

  restore(snapshot: CellsSnapshot): void {
    this.#cells = snapshot.slice() as (Uint8Array | undefined)[];
    this.#shared = new Array(this.#cells.length).fill(1);
  }

  #writable(block: number): Uint8Array {
    while (this.#cells.length <= block) {
      this.#cells.push(undefined);
      this.#shared.push(undefined);
    }
    let cells = this.#cells[block];
    if (cells === undefined) cells = new Uint8Array(BLOCK_LENGTH).fill(ERASED);
    else if (this.#shared[block] === 1) cells = cells.slice();
    this.#shared[block] = undefined;
    this.#cells[block] = cells;
    return cells;
  }
}

/** A whole number from 0 up to but not including `limit`, each as likely. */
export function below(limit: number, random: () => number): number {
  return (random() * limit) >>> 0;
}

function smaller(one: number, other: number): number {
  return one < other ? one : other;
}
