import fs from "node:fs";
import { bytesOf, integerOf, isBufferLike, toInteger, unusable } from "../chips/options.js";
import { FileStatus, fileError } from "./files.js";

/** `w` and `w+` make a file, or empty it; `r` cannot write, and `w` cannot read. */
export type FileMode = "r" | "r+" | "w" | "w+";

/** ECMA-419's File class, which `Directory.openFile` makes. Errors as there. */
export class File {
  #file: string;
  /** -1 once it is closed. */
  #descriptor = -1;

  /** @param file of the operating system */
  constructor(file: string, mode: FileMode) {
    this.#file = file;
    this.#descriptor = this.#try("cannot be opened", () => fs.openSync(file, mode));
  }

  /**
   * @param what a buffer to be filled, or the number of bytes to read into a new one
   * @param position of the first byte, from 0
   * @returns the number of bytes read into the buffer, fewer at the end of the file; or the new one, shorter there
   */
  read(...args: [what: ArrayBufferLike | ArrayBufferView, position: number]): number;
  read(...args: [what: number, position: number]): ArrayBuffer;
  read(...args: [what: unknown, position: unknown]): number | ArrayBuffer {
    const file = File.#opened(this);
    checkCount(args, 2);
    const [what, position] = args;
    const at = integerOf(position, "position", 0, Number.MAX_SAFE_INTEGER);
    if (isBufferLike(what)) return file.#fill(bytesOf(what), at);
    const bytes = new Uint8Array(integerOf(what, "count", 0, 0x7fff_ffff));
    const count = file.#fill(bytes, at);
    return bytes.buffer.slice(0, count);
  }

  /** All of `buffer`; what is between the end of the file and `position` is 0. */
  write(...args: [buffer: ArrayBufferLike | ArrayBufferView, position: number]): void {
    const file = File.#opened(this);
    checkCount(args, 2);
    const bytes = bytesOf(args[0]);
    const at = integerOf(args[1], "position", 0, Number.MAX_SAFE_INTEGER);
    for (let done = 0; done < bytes.length; ) {
      done += file.#try("cannot be written", () =>
        fs.writeSync(file.#descriptor, bytes, done, bytes.length - done, at + done),
      );
    }
  }

  status(): FileStatus {
    const file = File.#opened(this);
    return new FileStatus(file.#try("cannot be looked at", () => fs.fstatSync(file.#descriptor)));
  }

  /** Cuts the file, or fills it up with 0. */
  setSize(...args: [length: number]): void {
    const file = File.#opened(this);
    checkCount(args, 1);
    file.#try("cannot be written", () => fs.ftruncateSync(file.#descriptor, toInteger(args[0])));
  }

  /** Brings to disk what was written. */
  flush(): void {
    const file = File.#opened(this);
    file.#try("cannot be written", () => fs.fsyncSync(file.#descriptor));
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#descriptor in this)) throw unusable("file");
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    if (descriptor >= 0) fs.closeSync(descriptor);
  }

  #fill(bytes: Uint8Array, position: number): number {
    return this.#try("cannot be read", () => fs.readSync(this.#descriptor, bytes, 0, bytes.length, position));
  }

  #try<Result>(problem: string, action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw fileError(this.#file, problem, error);
    }
  }

  static #opened(receiver: unknown): File {
    if (
      typeof receiver === "object" &&
      receiver !== null &&
      #descriptor in receiver &&
      receiver.#descriptor >= 0
    )
      return receiver;
    throw unusable("file");
  }
}

function checkCount(args: readonly unknown[], count: number): void {
  if (args.length < count) throw new SyntaxError("an argument is missing");
}
