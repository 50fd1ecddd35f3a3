import fs from "node:fs";
import path from "node:path";
import { fileError, makeDirectory } from "./files.js";

/** As ESP-IDF's NVS: names of partitions and keys. */
const KEY_LIMIT = 15;
const VALUE_LIMIT = 3_999;

/**
 * ECMA-419's key-value storage with format `"string"`, in a JSON file. Each write replaces the file as a whole, so that
 * a power cut leaves the old contents or the new.
 */
export class KeyValue {
  #file: string;
  #values: Map<string, string>;

  /**
   * @param options.directory where the files are; made where it is missing
   * @param options.path name of the domain, at most 15 characters
   * @throws Error where it cannot be read or made; a file that is not ours is left as it is
   */
  static open(options: { directory: string; path: string }): KeyValue {
    if (options.path.length > KEY_LIMIT)
      throw new RangeError(`path "${options.path}" has more than 15 characters`);
    makeDirectory(options.directory);
    return new KeyValue(path.join(options.directory, `${options.path}.json`));
  }

  private constructor(file: string) {
    this.#file = file;
    this.#values = new Map();
    if (!fs.existsSync(file)) return;
    for (const [key, value] of entriesOf(read(file), file)) this.#values.set(key, value);
  }

  read(key: string): string | undefined {
    return this.#values.get(key);
  }

  write(key: string, value: string): void {
    if (key.length > KEY_LIMIT) throw new RangeError(`key "${key}" has more than 15 characters`);
    if (Buffer.byteLength(value) > VALUE_LIMIT)
      throw new RangeError(`value of "${key}" has more than 3,999 bytes`);
    this.#save(new Map(this.#values).set(key, value));
  }

  delete(key: string): void {
    const values = new Map(this.#values);
    if (values.delete(key)) this.#save(values);
  }

  #save(values: Map<string, string>): void {
    const unfinished = `${this.#file}.new`;
    const text = `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`;
    try {
      fs.writeFileSync(unfinished, text, { mode: 0o600 });
      fs.renameSync(unfinished, this.#file);
    } catch (error) {
      fs.rmSync(unfinished, { force: true });
      throw fileError(this.#file, "cannot be written", error);
    }
    // Only what is in the file can be read.
    this.#values = values;
  }
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    throw fileError(file, "cannot be read", error);
  }
}

function entriesOf(text: string, file: string): [string, string][] {
  let contents: unknown;
  try {
    contents = JSON.parse(text);
  } catch {
    throw new Error(`${file} cannot be read as JSON: move it away`);
  }
  if (typeof contents !== "object" || contents === null || Array.isArray(contents))
    throw new Error(`${file} is no key-value file: move it away`);
  const entries = Object.entries(contents);
  for (const [key, value] of entries) {
    if (typeof value !== "string")
      throw new Error(`${file} is no key-value file, "${key}" is no text: move it away`);
  }
  return entries;
}
