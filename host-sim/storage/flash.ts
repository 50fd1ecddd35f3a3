import fs from "node:fs";
import path from "node:path";
import type { FlashStatus } from "../../firmware/ports.js";
import { bytesOf, isBufferLike } from "../chips/options.js";
import { FileLock } from "./file-lock.js";
import { fileError, makeDirectory } from "./files.js";
import { BLOCK_LENGTH, blockRange, ERASED, positionOf, wholeNumber } from "./nor.js";

export interface FlashOptions {
  /** Where the files are; made where it is missing. */
  directory: string;
  /** Name of the partition, as `journal`. */
  path: string;
  /** `"r+"` by default; `"r"` reads only, takes no lock and makes no file. */
  mode?: "r" | "r+";
  /** Size of a partition that is made, in blocks of 4,096 bytes; one that is there has the size that it has. */
  blocks: number;
  format?: "buffer";
  /** False where whoever opens keeps others away itself, and may open a partition twice. Default: true. */
  lock?: boolean;
}

/** The largest partition: positions are 32-bit integers on XS. */
const MOST_BLOCKS = 0x8000_0000 / BLOCK_LENGTH - 1;

/**
 * A partition of NOR flash in the file `<path>.flash`, as Moddable's `embedded:storage/flash` opens it: writing turns
 * ones into zeros only, erasing a block turns all of it into ones. The file has all its blocks from the start, so that
 * a disk that fills up later takes nothing from it.
 *
 * A killed process loses nothing of what it wrote: the operating system has it. A laptop that loses power may lose the
 * last seconds; the file is brought to disk when the partition is closed, not with each write.
 *
 * The errors are Moddable's: SyntaxError from what is closed or no Flash and for a missing argument, TypeError for what
 * is no byte buffer or no number, Error for the rest. Outside of the partition it is RangeError, where the ESP32 has a plain Error.
 */
export class Flash {
  #name: string;
  #file: string;
  #isReadOnly: boolean;
  #lock: FileLock | undefined;
  /** Of the file; -1 once it is closed. */
  #descriptor = -1;
  #blocks = 0;

  /** @throws Error in one line where the file is in use, cannot be opened or made, or is too short for a block */
  static open(options: FlashOptions): Flash {
    const { path: name, format } = options;
    if (name === undefined) throw new Error("no path");
    // Not String(): what does not convert is to throw.
    const mode = `${options.mode ?? "r+"}`;
    if (mode !== "r" && mode !== "r+") throw new Error(`mode "${mode}" is not supported: use "r" or "r+"`);
    checkFormat(format ?? "buffer");
    const blocks = wholeNumber("blocks", options.blocks, 1, MOST_BLOCKS);
    return new Flash(options, mode, blocks);
  }

  /**
   * What `embedded:update` asks of a partition.
   * @throws SyntaxError for what is none, or closed
   */
  static partitionOf(flash: unknown): { name: string; isReadOnly: boolean } {
    const opened = Flash.#opened(flash);
    return { name: opened.#name, isReadOnly: opened.#isReadOnly };
  }

  private constructor(options: FlashOptions, mode: "r" | "r+", blocks: number) {
    const file = path.join(options.directory, `${options.path}.flash`);
    this.#name = options.path;
    this.#file = file;
    this.#isReadOnly = mode === "r";
    try {
      if (mode === "r+") {
        this.#try("cannot be made", () => makeDirectory(path.dirname(file)));
        if (options.lock ?? true) this.#lock = new FileLock(file);
        this.#try("cannot be made", () => makeMissing(file, blocks));
      }
      this.#descriptor = this.#try("cannot be opened", () => fs.openSync(file, mode));
      const stat = fs.fstatSync(this.#descriptor);
      if (!stat.isFile()) throw new Error(`${file} is no file`);
      this.#blocks = Math.min(Math.floor(stat.size / BLOCK_LENGTH), MOST_BLOCKS);
      if (this.#blocks === 0)
        throw new Error(`${file} is shorter than a block of ${BLOCK_LENGTH} bytes: move it away`);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get format(): "buffer" {
    return "buffer";
  }

  set format(value: "buffer") {
    checkFormat(value);
  }

  /**
   * @param into a buffer to be filled, or the number of bytes to read into a new one
   * @param position of the first byte, from 0
   * @returns the number of bytes read into the buffer, or the new one
   */
  read(count: number, position: number): ArrayBuffer;
  read(into: ArrayBufferLike | ArrayBufferView, position: number): number;
  read(...args: unknown[]): ArrayBuffer | number {
    const flash = Flash.#opened(this);
    const into = args[0];
    // What is given as undefined is 0, as XS has it, and not missing.
    const position = args.length > 1 ? (args[1] ?? 0) : undefined;
    if (isBufferLike(into)) {
      const bytes = bytesOf(into);
      flash.#fill(bytes, positionOf(position, bytes.length, flash.#size));
      return bytes.length;
    }
    const bytes = new Uint8Array(wholeNumber("count", into, 0, flash.#size));
    flash.#fill(bytes, positionOf(position, bytes.length, flash.#size));
    return bytes.buffer;
  }

  /** Clears the bits that are zero in `buffer`, whatever is there. @throws Error; some of it may be written then */
  write(buffer: ArrayBufferLike | ArrayBufferView, position: number): void {
    const flash = Flash.#writable(this);
    const bytes = bytesOf(buffer);
    const at = positionOf(position, bytes.length, flash.#size);
    const cells = new Uint8Array(bytes.length);
    flash.#fill(cells, at);
    for (let i = 0; i < cells.length; i++) cells[i] &= bytes[i];
    flash.#store(cells, at);
  }

  /** Erases the blocks from number `start` up to but not including `end`, by default the one. @throws as `write` */
  eraseBlock(start: number, end?: number): void {
    const flash = Flash.#writable(this);
    const [first, last] = blockRange(start, end, flash.#blocks);
    for (let block = first; block < last; block++) flash.#store(ERASED_BLOCK, block * BLOCK_LENGTH);
  }

  status(): FlashStatus {
    const flash = Flash.#opened(this);
    return { size: flash.#size, blockLength: BLOCK_LENGTH, blocks: flash.#blocks };
  }

  /** Brings the file to disk and lets it go. Harmless when called again. */
  close(): void {
    const flash = Flash.#own(this);
    const descriptor = flash.#descriptor;
    if (descriptor >= 0) {
      flash.#descriptor = -1;
      try {
        if (!flash.#isReadOnly) fs.fsyncSync(descriptor);
      } catch {
        // Nobody is left who could do better; what the disk refuses now, the next reader finds out by its checksums.
      }
      fs.closeSync(descriptor);
    }
    flash.#lock?.release();
    flash.#lock = undefined;
  }

  get #size(): number {
    return this.#blocks * BLOCK_LENGTH;
  }

  #fill(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const count = this.#try("cannot be read", () =>
        fs.readSync(this.#descriptor, bytes, done, bytes.length - done, position + done),
      );
      if (count === 0) throw new Error(`${this.#file} cannot be read: it has become shorter`);
      done += count;
    }
  }

  #store(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += this.#try("cannot be written", () =>
        fs.writeSync(this.#descriptor, bytes, done, bytes.length - done, position + done),
      );
    }
  }

  #try<Result>(problem: string, action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw fileError(this.#file, problem, error);
    }
  }

  /** The partition that a method was called on. */
  static #own(receiver: unknown): Flash {
    if (typeof receiver === "object" && receiver !== null && #descriptor in receiver) return receiver;
    throw new SyntaxError("this is no flash partition");
  }

  static #opened(receiver: unknown): Flash {
    const flash = Flash.#own(receiver);
    if (flash.#descriptor < 0) throw new SyntaxError(`${flash.#file} is closed`);
    return flash;
  }

  static #writable(receiver: unknown): Flash {
    const flash = Flash.#opened(receiver);
    if (flash.#isReadOnly) throw new Error(`${flash.#file} was opened to be read only`);
    return flash;
  }
}

const ERASED_BLOCK = new Uint8Array(BLOCK_LENGTH).fill(ERASED);

function checkFormat(format: unknown): void {
  if (format !== "buffer") throw new RangeError(`format "${String(format)}" is not supported`);
}

/**
 * An erased file of that many blocks, where there is none or an empty one. It gets its name when it is complete: what a
 * kill leaves half done is made anew.
 */
function makeMissing(file: string, blocks: number): void {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat && (stat.size > 0 || !stat.isFile())) return;
  const unfinished = `${file}.new`;
  try {
    const descriptor = fs.openSync(unfinished, "w");
    try {
      for (let block = 0; block < blocks; block++) fs.writeFileSync(descriptor, ERASED_BLOCK);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(unfinished, file);
  } catch (error) {
    fs.rmSync(unfinished, { force: true });
    throw error;
  }
}
