import fs from "node:fs";
import path from "node:path";
import { unusable } from "../chips/options.js";
import { File, type FileMode } from "./file.js";
import { FileStatus, fileError } from "./files.js";

export interface DirectoryStatusOptions {
  /** False looks at a link itself and not at where it leads. */
  resolveTarget?: boolean;
}

const MODES: readonly FileMode[] = ["r", "r+", "w", "w+"];

/**
 * ECMA-419's Directory class (`embedded:storage/files`) on a directory of the operating system, out of which no path leads:
 * paths are relative, without `.`, `..` or an empty part. As Moddable's for the desktop.
 *
 * The errors: SyntaxError for a missing argument and from what is closed or no Directory, TypeError for what is no path,
 * Error in one line for the rest.
 */
export class Directory {
  /** Of the operating system; `undefined` once it is closed. */
  #root: string | undefined;

  /** @param root of the operating system, which exists */
  constructor(root: string) {
    this.#root = root;
  }

  /** @throws Error where there is no such file and the mode does not make one, or it is no file */
  openFile(options: { path: string; mode?: FileMode }): File {
    const mode = `${options.mode ?? "r"}` as FileMode;
    if (!MODES.includes(mode)) throw new Error(`mode "${mode}" is not supported: use "r", "r+", "w" or "w+"`);
    const file = Directory.#locate(this, options.path);
    const status = fs.statSync(file, { throwIfNoEntry: false });
    if (status && !status.isFile()) throw new Error(`${file} is no file`);
    return new File(file, mode);
  }

  /** @throws Error where it is none */
  openDirectory(options: { path: string }): Directory {
    const directory = Directory.#locate(this, options.path);
    if (!fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory())
      throw new Error(`${directory} is no directory`);
    return new Directory(directory);
  }

  /** A file, a link or an empty directory. @returns false where there is none */
  delete(...args: [path: string]): boolean {
    const file = Directory.#locate(this, ...given(args, 1));
    const status = fs.lstatSync(file, { throwIfNoEntry: false });
    if (!status) return false;
    attempt(file, "cannot be deleted", () =>
      status.isDirectory() ? fs.rmdirSync(file) : fs.unlinkSync(file),
    );
    return true;
  }

  /** @param to where in this directory, or in `toDirectory` */
  move(...args: [from: string, to: string, toDirectory?: Directory]): void {
    const [from, to, toDirectory = this] = given(args, 2);
    const source = Directory.#locate(this, from);
    const target = Directory.#locate(toDirectory, to);
    attempt(source, "cannot be moved", () => fs.renameSync(source, target));
  }

  /** Of what is not there, neither `isFile()` nor another is true. */
  status(name: string, options?: DirectoryStatusOptions): FileStatus {
    if (name === undefined) throw new Error("path is missing");
    const file = Directory.#locate(this, name);
    const resolves = options?.resolveTarget ?? true;
    const status = attempt(file, "cannot be looked at", () =>
      resolves ? fs.statSync(file, { throwIfNoEntry: false }) : fs.lstatSync(file, { throwIfNoEntry: false }),
    );
    return new FileStatus(status);
  }

  /** @returns false where it is there already */
  createDirectory(...args: [path: string]): boolean {
    const directory = Directory.#locate(this, ...given(args, 1));
    if (fs.statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return false;
    attempt(directory, "cannot be made", () => fs.mkdirSync(directory));
    return true;
  }

  /** A symbolic link at `path` to `target`, which is a path of this directory, too. */
  createLink(...args: [path: string, target: string]): void {
    const [name, target] = given(args, 2);
    const link = Directory.#locate(this, name);
    Directory.#locate(this, target);
    attempt(link, "cannot be made", () => fs.symlinkSync(target, link));
  }

  /** Where a link leads. @throws Error where it is none */
  readLink(...args: [path: string]): string {
    const link = Directory.#locate(this, ...given(args, 1));
    return attempt(link, "is no link that can be read", () => fs.readlinkSync(link));
  }

  /** The names of what is in this directory, or in one below it. */
  scan(name = ""): IterableIterator<string> {
    const directory = Directory.#locate(this, name);
    return new Scan(attempt(directory, "cannot be read", () => fs.readdirSync(directory)));
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.scan();
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#root in this)) throw unusable("directory");
    this.#root = undefined;
  }

  static #locate(receiver: unknown, name: unknown): string {
    if (typeof receiver !== "object" || receiver === null || !(#root in receiver) || !receiver.#root)
      throw unusable("directory");
    // Not String(): what does not convert is to throw.
    const text = `${name as string}`;
    if (text === "") return receiver.#root;
    const parts = text.endsWith("/") ? text.slice(0, -1).split("/") : text.split("/");
    if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0")))
      throw new Error(
        `path "${text}" is none: it begins in the directory, and has no ".", ".." or empty part`,
      );
    return path.join(receiver.#root, ...parts);
  }
}

/** What is left of a directory's names. */
class Scan implements IterableIterator<string> {
  #names: string[];

  constructor(names: string[]) {
    this.#names = names;
  }

  next(): IteratorResult<string> {
    const name = Scan.#of(this).shift();
    return name === undefined ? { done: true, value: undefined } : { done: false, value: name };
  }

  return(): IteratorResult<string> {
    Scan.#of(this).length = 0;
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  static #of(receiver: unknown): string[] {
    if (typeof receiver === "object" && receiver !== null && #names in receiver) return receiver.#names;
    throw unusable("scan of a directory");
  }
}

/** @throws SyntaxError where fewer arguments are given */
function given<Args extends unknown[]>(args: Args, count: number): Args {
  if (args.length < count) throw new SyntaxError("an argument is missing");
  return args;
}

function attempt<Result>(file: string, problem: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw fileError(file, problem, error);
  }
}
