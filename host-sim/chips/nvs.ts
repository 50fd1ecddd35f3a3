import { utf8Length } from "../../firmware/codec/utf8.js";
import type { KeyValue } from "../../firmware/ports.js";

/** Characters of a key, bytes of a value. */
const KEY_LIMIT = 15;
const VALUE_LIMIT = 3_999;

/** What stands for ESP-IDF's NVS: a text of JSON, which each write replaces as a whole, so that a kill leaves the old or the new. */
export class NVS implements KeyValue {
  #values: Map<string, string>;
  #replace: (text: string) => void;

  /**
   * @param name of the text, for errors
   * @param text what was kept, `undefined` for nothing
   * @param replace keeps another text; when it throws, the old one is still there
   * @throws Error in one line where the text is not ours
   */
  constructor(name: string, text: string | undefined, replace: (text: string) => void) {
    this.#values = new Map(text === undefined ? [] : entriesOf(text, name));
    this.#replace = replace;
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
    this.#replace(`${JSON.stringify(Object.fromEntries(values), null, 2)}\n`);
    // Only what is kept can be read.
    this.#values = values;
  }
}

function entriesOf(text: string, name: string): [string, string][] {
  let contents: unknown;
  try {
    contents = JSON.parse(text);
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
