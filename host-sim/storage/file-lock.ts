import fs from "node:fs";
import path from "node:path";
import { fileError } from "./files.js";
import { processMark } from "./process-mark.js";

/** How often two processes that start at once step back for each other. */
const ATTEMPTS = 50;

/**
 * Keeps a second user away from a file. It guards against processes of this machine that see each other's numbers, not
 * against another machine or container on the same network share.
 *
 * Each user puts down an entry of its own, `<file>.<pid>-<mark>-<random>.lock`, and only then looks for others: of two
 * users at least one sees the other, so that never both have the lock. What a killed process has left is known by its
 * number and the moment of its start, and its name is nobody else's: it can be swept away without a race.
 */
export class FileLock {
  #entry: string;

  /** @throws Error in one line where another has it, or where no entry can be made */
  constructor(file: string) {
    const random = Math.floor(Math.random() * 36 ** 8).toString(36);
    this.#entry = `${file}.${process.pid}-${processMark(process.pid) ?? ""}-${random}.lock`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        fs.writeFileSync(this.#entry, "", { flag: "wx" });
        const rivals = others(file, this.#entry);
        if (rivals.length === 0) {
          // A length says "held": it takes no space, of which the disk may have none.
          fs.truncateSync(this.#entry, 1);
          return;
        }
        this.release();
        const holder = rivals.find(({ held }) => held);
        if (holder) throw new InUse(file, holder);
      } catch (error) {
        this.release();
        throw error instanceof InUse ? error : fileError(file, "cannot be locked", error);
      }
      pause(5 + Math.random() * 20);
    }
    throw new Error(`${file} is being opened by too many processes at once: try again`);
  }

  /** Harmless when called again. */
  release(): void {
    remove(this.#entry);
  }

  /**
   * Sweeps away what a thread of this process has left that was ended in the middle of its work: all locks of the process
   * in a directory.
   * @param spare those that are held all the same
   */
  static sweep(directory: string, spare: readonly FileLock[]): void {
    const own = `.${process.pid}-`;
    const names = fs.existsSync(directory) ? fs.readdirSync(directory) : [];
    for (const name of names) {
      const entry = path.join(directory, name);
      if (!name.endsWith(".lock") || !name.includes(own)) continue;
      if (!spare.some((lock) => lock.#entry === entry)) remove(entry);
    }
  }
}

interface Rival {
  readonly pid: number;
  readonly mark: string;
  readonly entry: string;
  /** It has the lock, and does not only try. */
  readonly held: boolean;
}

class InUse extends Error {
  constructor(file: string, { pid, mark, entry }: Rival) {
    if (pid === process.pid) super(`${file} is open in this process already: close it first`);
    else {
      const doubt = mark === "" ? ` (if that is some other program, delete ${entry})` : "";
      super(
        `${file} is in use by process ${pid}: end that one first, or give this one another directory${doubt}`,
      );
    }
  }
}

/** The entries of living processes. */
function others(file: string, own: string): Rival[] {
  const directory = path.dirname(file);
  const prefix = `${path.basename(file)}.`;
  const rivals: Rival[] = [];
  for (const name of fs.readdirSync(directory)) {
    const entry = path.join(directory, name);
    const match = name.startsWith(prefix) && /^(\d+)-(\w*)-\w+\.lock$/.exec(name.slice(prefix.length));
    if (!match || name === path.basename(own)) continue;
    const [, pid, mark] = match;
    const now = processMark(Number(pid));
    const isSame = now !== undefined && (now === "" || mark === "" || now === mark);
    if (isSame) rivals.push({ pid: Number(pid), mark, entry, held: lengthOf(entry) > 0 });
    else remove(entry);
  }
  // An entry that went while we looked at it is nobody's any more.
  return rivals.filter((rival) => lengthOf(rival.entry) >= 0);
}

function lengthOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? -1;
}

function remove(entry: string): void {
  try {
    fs.unlinkSync(entry);
  } catch {
    // Gone already, or not ours to remove: then it is swept away later, or known as dead again.
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
