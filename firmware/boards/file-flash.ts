/** A partition of NOR flash in a file, for a simulator that runs where there is none. */

import type { File } from "embedded:storage/files";
import { errorText } from "../error-text.js";
import type { Flash, FlashStatus } from "../ports.js";
import { Folder } from "./file-folder.js";

const BLOCK_LENGTH = 4_096;
const ERASED = 0xff;

/** As large as the ESP32's partition: 896 KB. */
const JOURNAL_BLOCKS = 224;

/** As large as one of the ESP32's slots: 1.5 MB. */
const SLOT_BLOCKS = 384;

/**
 * Opens the partition in which readings wait, and makes it where it is missing.
 * @throws Error in one line
 */
export function openJournal(): Flash {
  return new FileFlash(new Folder(), "journal.flash", JOURNAL_BLOCKS);
}

/**
 * Opens the slot that an update is written to, and makes it where it is missing.
 * @throws Error in one line
 */
export function openSlot(): Flash {
  return new FileFlash(new Folder(), "slot.flash", SLOT_BLOCKS);
}

/**
 * As the ESP32's `embedded:storage/flash`: a write turns ones into zeros only, erasing a block turns all of it into
 * ones. What was written survives a kill; a computer that loses power may lose the last seconds. Nothing keeps a second
 * simulator away from the same folder: give that one another.
 */
class FileFlash implements Flash {
  #name: string;
  #file: File;
  #blocks: number;
  #erased = new Uint8Array(BLOCK_LENGTH).fill(ERASED);

  /** @param blocks size of a file that is made; one that is there has the size that it has */
  constructor(folder: Folder, name: string, blocks: number) {
    this.#name = `${folder.name}/${name}`;
    if (folder.sizeOf(name) === 0) folder.replace(name, this.#erased, blocks);
    this.#blocks = Math.floor(folder.sizeOf(name) / BLOCK_LENGTH);
    if (this.#blocks === 0)
      throw new Error(`${this.#name} is shorter than a block of ${BLOCK_LENGTH} bytes: move it away`);
    try {
      this.#file = folder.directory.openFile({ path: name, mode: "r+" });
    } catch (error) {
      throw new Error(`${this.#name} cannot be opened: ${errorText(error)}`);
    }
  }

  read(buffer: Uint8Array, position: number): number {
    this.check(position, buffer.length);
    this.fill(buffer, position);
    return buffer.length;
  }

  write(buffer: Uint8Array, position: number): void {
    this.check(position, buffer.length);
    const cells = new Uint8Array(buffer.length);
    this.fill(cells, position);
    for (let i = 0; i < cells.length; i++) cells[i] &= buffer[i];
    this.store(cells, position);
  }

  eraseBlock(start: number, end = start + 1): void {
    if (!(start >= 0 && start < end && end <= this.#blocks))
      throw new RangeError(`blocks ${start} to ${end} of ${this.#blocks}`);
    for (let block = start; block < end; block++) this.store(this.#erased, block * BLOCK_LENGTH);
  }

  status(): FlashStatus {
    return { size: this.#blocks * BLOCK_LENGTH, blockLength: BLOCK_LENGTH, blocks: this.#blocks };
  }

  close(): void {
    this.#file.close();
  }

  private check(position: number, length: number): void {
    if (!(position >= 0 && position + length <= this.#blocks * BLOCK_LENGTH))
      throw new RangeError(`${length} bytes at ${position} are not within the partition`);
  }

  private fill(bytes: Uint8Array, position: number): void {
    let count: number;
    try {
      count = this.#file.read(bytes, position);
    } catch (error) {
      throw new Error(`${this.#name} cannot be read: ${errorText(error)}`);
    }
    if (count !== bytes.length) throw new Error(`${this.#name} cannot be read: it has become shorter`);
  }

  private store(bytes: Uint8Array, position: number): void {
    try {
      this.#file.write(bytes, position);
    } catch (error) {
      throw new Error(`${this.#name} cannot be written: ${errorText(error)}`);
    }
    // A full disk takes a part of a write, and the SDK does not look how much.
    const written = new Uint8Array(bytes.length);
    this.fill(written, position);
    for (let i = 0; i < bytes.length; i++) {
      if (written[i] !== bytes[i])
        throw new Error(`${this.#name} cannot be written: No space left on device`);
    }
  }
}
