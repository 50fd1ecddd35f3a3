import fs from "node:fs";
import { FileLock } from "../../host-sim/storage/file-lock.js";
import { StoreError } from "./store-error.js";

/**
 * Keeps a second server away from a store: both would take each other's session at the broker, for ever.
 * @returns gives it back; harmless when called again
 * @throws StoreError where another has it
 */
export function lockStore(file: string): () => void {
  try {
    // By whatever name, it is one file.
    const lock = new FileLock(fs.existsSync(file) ? fs.realpathSync(file) : file);
    return () => lock.release();
  } catch (error) {
    throw new StoreError((error as Error).message, { cause: error });
  }
}
