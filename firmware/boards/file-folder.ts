/**
 * The folder in which a desktop simulator keeps what an ESP32 keeps in its flash: `.hearth` in the home directory, or
 * what the configuration names: `state=<folder>`, a path below the root, and `files=<directory>`, which is the SDK's
 * own name for another root and must exist. The files module is Linux's and macOS's only.
 */

import type { Directory } from "embedded:storage/files";
import * as files from "embedded:storage/files";
import config from "mc/config";
import { errorText } from "../error-text.js";

const DEFAULT = ".hearth";

export class Folder {
  /** As it is to be told to the user. */
  readonly name: string;
  readonly directory: Directory;

  /** Opens it, and makes what is missing of it. @throws Error in one line */
  constructor() {
    const { state } = config as { state?: unknown };
    this.name = state === undefined || state === "" ? DEFAULT : String(state);
    // The SDK's types leave its only export out.
    let directory = (files as unknown as { default: Directory }).default;
    try {
      for (const path of this.name.split("/")) {
        directory.createDirectory(path);
        directory = directory.openDirectory({ path });
      }
    } catch (error) {
      throw new Error(`folder ${this.name} cannot be opened or made: ${errorText(error)}`);
    }
    this.directory = directory;
  }

  /** Bytes of a file; 0 where there is none. */
  sizeOf(name: string): number {
    const status = this.directory.status(name);
    return status.isFile() ? status.size : 0;
  }

  /**
   * Writes a file as a whole: whoever looks finds the old one or the new one, also after a kill.
   * @param chunk is written this many times, one behind the other
   * @throws Error in one line; the old one is there then
   */
  replace(name: string, chunk: Uint8Array, times = 1): void {
    const unfinished = `${name}.new`;
    try {
      const file = this.directory.openFile({ path: unfinished, mode: "w" });
      try {
        for (let i = 0; i < times; i++) file.write(chunk, i * chunk.length);
        // A full disk takes a part of a write, and the SDK does not look how much.
        if (file.status().size !== times * chunk.length) throw new Error("No space left on device");
      } finally {
        file.close();
      }
      this.directory.move(unfinished, name);
    } catch (error) {
      this.forget(unfinished);
      throw new Error(`${this.name}/${name} cannot be written: ${errorText(error)}`);
    }
  }

  /** Gives its space back; where even that fails, the next one writes over it. */
  private forget(name: string): void {
    try {
      this.directory.delete(name);
    } catch {}
  }
}
