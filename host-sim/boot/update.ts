import { bytesOf, checkFormat, checkFormatOption, unusable } from "../chips/options.js";
import { Flash } from "../storage/flash.js";
import { BLOCK_LENGTH } from "../storage/nor.js";
import type { ChipSlots } from "./slots.js";

export interface UpdateOptions {
  /** The slot that does not run, opened to be written. */
  partition: Flash;
  /** `"a"`, the default, takes the image from its beginning on; `"w"` takes its parts in any order. */
  mode?: "a" | "w";
  /** Bytes of the image, where they are known: with `"w"`, so much is erased at once. */
  byteLength?: number;
  format?: "buffer";
}

/**
 * ECMA-419's update (`embedded:update`): writes an image into the slot that does not run and, when it is complete and an
 * image that can run, has it run from the next reset on. It always begins anew, as Moddable's on the ESP32.
 *
 * The errors: SyntaxError for a missing argument, from what is closed or no Update, and for what is no flash partition;
 * TypeError for what does not convert; RangeError for what is out of range; Error for the rest.
 */
export class Update {
  #slots: ChipSlots;
  #flash: Flash | undefined;
  #size: number;
  #appends: boolean;
  #isComplete = false;
  /** Bytes that have been written. */
  #written = 0;
  /** Blocks that have been erased. */
  #erased = new Set<number>();

  /** @param slots those of the device that `partition` is one of */
  static open(options: UpdateOptions, slots: ChipSlots): Update {
    return new Update(options, slots);
  }

  private constructor(options: UpdateOptions, slots: ChipSlots) {
    const { partition, mode: wanted = "a", byteLength } = options;
    if (partition === undefined) throw new Error("partition is missing");
    const { name, isReadOnly } = Flash.partitionOf(partition);
    if (isReadOnly) throw new Error(`${name} was opened to be read only`);
    // Not String(): what does not convert is to throw.
    const mode = `${wanted}`;
    if (mode !== "a" && mode !== "w") throw new RangeError(`mode "${mode}" is not supported: use "a" or "w"`);
    checkFormatOption(options, "buffer");
    const { size } = partition.status();
    const length = byteLength === undefined ? size : +byteLength;
    if (!(length >= 0 && length <= size))
      throw new RangeError(`byteLength ${length}: 0 to ${size} is allowed`);
    if (name !== "nextota" && name !== slots.next)
      throw new Error(`${name} is no slot that can be updated: ${slots.next} is`);
    if (slots.isPending) throw new Error("what runs has not been confirmed");
    this.#slots = slots;
    this.#flash = partition;
    this.#size = size;
    this.#appends = mode === "a";
    if (!this.#appends) this.#erase(0, length);
  }

  get format(): "buffer" {
    return "buffer";
  }

  set format(value: "buffer") {
    checkFormat(value, "buffer");
  }

  /** @param position with mode `"w"`: of the first byte in the image */
  write(...args: [buffer: ArrayBufferLike | ArrayBufferView, position?: number]): void {
    const update = Update.#opened(this);
    if (update.#isComplete) throw new Error("the update is complete");
    if (args.length < (update.#appends ? 1 : 2)) throw new SyntaxError("an argument is missing");
    const [buffer, position] = args;
    if (update.#appends && args.length > 1) throw new Error('a position is for mode "w"');
    const at = update.#appends ? update.#written : +(position as number);
    if (!(at >= 0 && at <= update.#size)) throw new RangeError(`position ${at}: 0 to ${update.#size}`);
    const bytes = bytesOf(buffer);
    if (at + bytes.length > update.#size)
      throw new Error(`the image is longer than the slot's ${update.#size} bytes`);
    update.#erase(at, bytes.length);
    (update.#flash as Flash).write(bytes, at);
    update.#written += bytes.length;
  }

  /** Checks the image, and has it run from the next reset on. @throws Error where it is none that can run */
  complete(): void {
    const update = Update.#opened(this);
    if (update.#isComplete) throw new Error("the update is complete already");
    update.#isComplete = true;
    if (update.#written === 0) throw new Error("nothing was written");
    update.#slots.activate();
  }

  /** Without `complete` before it, what was written is of no use. The partition stays open. */
  close(): void {
    if (typeof this !== "object" || this === null || !(#flash in this)) throw unusable("update");
    this.#flash = undefined;
  }

  #erase(position: number, length: number): void {
    const end = Math.ceil((position + length) / BLOCK_LENGTH);
    for (let block = Math.floor(position / BLOCK_LENGTH); block < end; block++) {
      if (this.#erased.has(block)) continue;
      (this.#flash as Flash).eraseBlock(block);
      this.#erased.add(block);
    }
  }

  static #opened(receiver: unknown): Update {
    if (typeof receiver === "object" && receiver !== null && #flash in receiver && receiver.#flash)
      return receiver;
    throw unusable("update");
  }
}
