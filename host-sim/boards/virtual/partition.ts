import type { Flash, FlashStatus } from "../../../firmware/ports.js";
import { BLOCK_LENGTH, blockRange, positionOf } from "../../storage/nor.js";

/** Some of a flash's blocks, as a flash of their own: what a partition table makes of them. */
export class Partition implements Flash {
  #flash: Flash;
  #first: number;
  #blocks: number;
  #onClosed: () => void;

  /**
   * @param flash all of it, opened; closed with this
   * @param first number of its first block that belongs to the partition
   */
  constructor(flash: Flash, first: number, blocks: number, onClosed = () => {}) {
    // Where it is too small for that, this throws.
    blockRange(first, first + blocks, flash.status().blocks);
    this.#flash = flash;
    this.#first = first;
    this.#blocks = blocks;
    this.#onClosed = onClosed;
  }

  read(buffer: Uint8Array, position: number): number {
    return this.#flash.read(buffer, this.#at(position, buffer.length));
  }

  write(buffer: Uint8Array, position: number): void {
    this.#flash.write(buffer, this.#at(position, buffer.length));
  }

  eraseBlock(start: number, end?: number): void {
    const [first, last] = blockRange(start, end, this.#blocks);
    this.#flash.eraseBlock(this.#first + first, this.#first + last);
  }

  status(): FlashStatus {
    const { blockLength } = this.#flash.status();
    return { size: this.#blocks * blockLength, blockLength, blocks: this.#blocks };
  }

  close(): void {
    this.#flash.close();
    this.#onClosed();
  }

  #at(position: number, length: number): number {
    return this.#first * BLOCK_LENGTH + positionOf(position, length, this.#blocks * BLOCK_LENGTH);
  }
}
