/** Strings that survive a restart, in a file of JSON, for a simulator that has no NVS. */

import { readUTF8, utf8Length, writeUTF8 } from "../codec/utf8.js";
import type { KeyValue } from "../ports.js";
import { Folder } from "./file-folder.js";

/** As ESP-IDF's NVS: characters of a key, bytes of a value. */
const KEY_LIMIT = 15;
const VALUE_LIMIT = 3_999;

const FILE = "hearth.json";

/**
 * Opens the storage; it is empty where there is none.
 * @throws Error in one line where the folder or the file cannot be read; a file that is not ours is left as it is
 */
export function openKeyValue(): KeyValue {
  return new FileKeyValue(new Folder());
}

/** Each write replaces the file as a whole, so that a kill leaves the old values or the new ones. */
class FileKeyValue implements KeyValue {
  #folder: Folder;
  #values: Map<string, string>;

  constructor(folder: Folder) {
    this.#folder = folder;
    this.#values = new Map();
    const size = folder.sizeOf(FILE);
    if (size === 0) return;
    const file = folder.directory.openFile({ path: FILE });
    const bytes = new Uint8Array(file.read(size, 0));
    file.close();
    const text = readUTF8(bytes, 0, bytes.length);
    for (const [key, value] of entriesOf(text, `${folder.name}/${FILE}`)) this.#values.set(key, value);
  }

  read(key: string): string | undefined {
    return this.#values.get(key);
  }

  write(key: string, value: string): void {
    if (key.length > KEY_LIMIT) throw new RangeError(`key "${key}" has more than 15 characters`);
    if (utf8Length(value) > VALUE_LIMIT) throw new RangeError(`value of "${key}" has more than 3,999 bytes`);
    this.#save(new Map(this.#values).set(key, value));
  }

  delete(key: string): void {
    const values = new Map(this.#values);
    if (values.delete(key)) this.#save(values);
  }

  #save(values: Map<string, string>): void {
    const text = `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`;
    const bytes = new Uint8Array(utf8Length(text));
    writeUTF8(bytes, 0, text);
    this.#folder.replace(FILE, bytes);
    // Only what is in the file can be read.
    this.#values = values;
  }
}

function entriesOf(text: string | undefined, name: string): [string, string][] {
  let contents: unknown;
  try {
    contents = JSON.parse(text ?? "");
  } catch {
    throw new Error(`${name} cannot be read as JSON: move it away`);
  }
  if (typeof contents !== "object" || contents === null || Array.isArray(contents))
    throw new Error(`${name} is no key-value file: move it away`);
  const entries = Object.entries(contents);
  for (const [key, value] of entries) {
    if (typeof value !== "string")
      throw new Error(`${name} is no key-value file, "${key}" is no text: move it away`);
  }
  return entries;
}
