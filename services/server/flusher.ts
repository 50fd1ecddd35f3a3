/** Brings what is committed from the operating system's memory to the disk, so that a power failure costs seconds at most. */

import { statSync } from "node:fs";
import fs from "node:fs/promises";
import { StoreError } from "./store-error.js";

/** Milliseconds from a change until it is written. Each costs the disk a flush. */
const DELAY = 1_000;

export class Flusher {
  #sync: () => Promise<void>;
  #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isWanted = false;
  #closed = false;

  /** @param onError told once where the disk fails; nothing is written any more then */
  constructor(sync: () => Promise<void>, onError: (error: unknown) => void) {
    this.#sync = sync;
    this.#onError = onError;
  }

  /** Something was committed. */
  changed(): void {
    if (this.#closed) return;
    if (this.#isRunning) this.#isWanted = true;
    else this.#timer ??= setTimeout(() => void this.#run(), DELAY);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#isRunning = true;
    try {
      await this.#sync();
    } catch (error) {
      // A store that is closed has no log any more.
      if (!this.#closed) this.#onError(error);
      this.#closed = true;
    }
    this.#isRunning = false;
    if (this.#isWanted) {
      this.#isWanted = false;
      this.changed();
    }
  }
}

/**
 * Flushes SQLite's log, in another thread: SQLite itself (`synchronous=NORMAL`) does so only before it takes the log over.
 * @param store the file, which is open
 * @returns does it, and rejects with a StoreError where the file's name is another's by now: what is written would go with this process
 */
export function logFlush(store: string): () => Promise<void> {
  const { dev, ino } = statSync(store);
  return async () => {
    const found = await fs.stat(store).catch(() => undefined);
    if (found?.ino !== ino || found.dev !== dev)
      throw new StoreError(
        `${store} was deleted or replaced while the server ran: start again, and what comes is stored in what is there now`,
      );
    const log = await fs.open(`${store}-wal`, "r+");
    try {
      await log.datasync();
    } finally {
      await log.close();
    }
  };
}
