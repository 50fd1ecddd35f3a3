import fs from "node:fs";
import path from "node:path";
import { NVS } from "../chips/nvs.js";
import { fileError, makeDirectory } from "./files.js";

/** As ESP-IDF's NVS: names of partitions. */
const NAME_LIMIT = 15;

/**
 * ECMA-419's key-value storage with format `"string"`, in a JSON file. Each write replaces the file as a whole, so that
 * a power cut leaves the old contents or the new.
 */
export class KeyValue extends NVS {
  /**
   * @param options.directory where the files are; made where it is missing
   * @param options.path name of the domain, at most 15 characters
   * @throws Error where it cannot be read or made; a file that is not ours is left as it is
   */
  static open(options: { directory: string; path: string }): KeyValue {
    if (options.path.length > NAME_LIMIT)
      throw new RangeError(`path "${options.path}" has more than 15 characters`);
    makeDirectory(options.directory);
    return new KeyValue(path.join(options.directory, `${options.path}.json`));
  }

  private constructor(file: string) {
    super(file, fs.existsSync(file) ? read(file) : undefined, (text) => replace(file, text));
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    throw fileError(file, "cannot be read", error);
  }
}

function replace(file: string, text: string): void {
  const unfinished = `${file}.new`;
  try {
    fs.writeFileSync(unfinished, text, { mode: 0o600 });
    fs.renameSync(unfinished, file);
  } catch (error) {
    fs.rmSync(unfinished, { force: true });
    throw fileError(file, "cannot be written", error);
  }
}
