import fs from "node:fs";
import path from "node:path";

/** With its parents. Node's own `recursive` never returns where a parent cannot be made, as below /proc. */
export function makeDirectory(directory: string): void {
  const missing: string[] = [];
  let at = path.resolve(directory);
  while (!fs.existsSync(at)) {
    missing.push(at);
    at = path.dirname(at);
  }
  for (const parent of missing.reverse()) fs.mkdirSync(parent);
}

/**
 * One line for the user: which file, what it cannot be, and why.
 * @param problem such as "cannot be written"
 * @param error what Node threw, "ENOSPC: no space left on device, write"
 */
export function fileError(file: string, problem: string, error: unknown): Error {
  const { message } = error as Error;
  const [, code, reason] = /^([A-Z0-9]+): (.+?)(?:, \w+.*)?$/.exec(message) ?? [];
  return new Error(`${file} ${problem}: ${code === undefined ? message : `${reason} (${code})`}`, {
    cause: error,
  });
}

/** ECMA-419's Status of a file or directory; of nothing, where there is none. */
export class FileStatus {
  /** Bytes. */
  readonly size: number;
  /** As POSIX has it: kind and rights; 0 where there is nothing. */
  readonly mode: number;

  constructor(status: fs.Stats | undefined) {
    this.size = status?.size ?? 0;
    this.mode = status?.mode ?? 0;
  }

  isFile(): boolean {
    return this.#kind() === fs.constants.S_IFREG;
  }

  isDirectory(): boolean {
    return this.#kind() === fs.constants.S_IFDIR;
  }

  isSymbolicLink(): boolean {
    return this.#kind() === fs.constants.S_IFLNK;
  }

  #kind(): number {
    return this.mode & fs.constants.S_IFMT;
  }
}
