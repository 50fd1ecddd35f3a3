import { utf8Length } from "../../firmware/codec/utf8.js";
import type { KeyValue } from "../../firmware/ports.js";

/** Characters of a key, bytes of a value: a text's or a buffer's. */
const KEY_LIMIT = 15;
const VALUE_LIMIT = 3_999;

/** A text, or what has a type of its own: a number, a 64-bit one in decimal digits, a buffer in hexadecimal ones. */
export type Stored = string | { readonly [type: string]: number | string };

/** What stands for ESP-IDF's NVS: a text of JSON, which each write replaces as a whole, so that a kill leaves the old or the new. */
export class NVS implements KeyValue {
  #values: Map<string, Stored>;
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

  /** The text of a key, `undefined` where there is none. */
  read(key: string): string | undefined {
    const value = this.#values.get(key);
    return typeof value === "string" ? value : undefined;
  }

  write(key: string, value: string): void {
    if (utf8Length(value) > VALUE_LIMIT) throw new RangeError(`value of "${key}" has more than 3,999 bytes`);
    this.put(key, value);
  }

  delete(key: string): void {
    const values = new Map(this.#values);
    if (values.delete(key)) this.#save(values);
  }

  /** What is under a key, whatever its type. */
  get(key: string): Stored | undefined {
    return this.#values.get(key);
  }

  /** Puts what is no text under a key, or a text that is short enough. */
  put(key: string, value: Stored): void {
    if (key.length > KEY_LIMIT) throw new RangeError(`key "${key}" has more than 15 characters`);
    this.#save(new Map(this.#values).set(key, value));
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  #save(values: Map<string, Stored>): void {
    this.#replace(`${JSON.stringify(Object.fromEntries(values), null, 2)}\n`);
    // Only what is kept can be read.
    this.#values = values;
  }
}

function entriesOf(text: string, name: string): [string, Stored][] {
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
    if (typeof value !== "string" && !isTyped(value))
      throw new Error(`${name} is no key-value file, "${key}" is no text: move it away`);
  }
  return entries;
}

function isTyped(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const parts = Object.values(value);
  return parts.length === 1 && (typeof parts[0] === "number" || typeof parts[0] === "string");
}
