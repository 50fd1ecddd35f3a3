import fs from "node:fs";
import path from "node:path";
import { NVS, type Stored } from "../chips/nvs.js";
import { bytesOf, unusable } from "../chips/options.js";
import { fileError, makeDirectory } from "./files.js";

export type StorageFormat =
  | "buffer"
  | "string"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "uint64"
  | "int64";

export type StorageValue = ArrayBuffer | string | number | bigint;

export interface DomainOptions {
  /** Name of the domain, at most 15 characters. */
  path: string;
  /** `"r+"` by default; `"r"` reads only. */
  mode?: "r" | "r+";
  /** `"buffer"` by default: what `read` gives and `write` takes. */
  format?: StorageFormat;
}

export interface KeyValueOptions extends DomainOptions {
  /** Where the files are; made where it is missing. */
  directory: string;
}

/** As it is seen with format `"string"`: the firmware's `KeyValue`. */
export type TextStorage = KeyValue & {
  read(key: string): string | undefined;
  write(key: string, value: string): void;
};

/** As ESP-IDF's NVS: names of domains. */
const NAME_LIMIT = 15;
/** Bytes of a buffer: what fits into a text, too. */
const BUFFER_LIMIT = 3_999;

/** Integer formats and how they cut what is written. */
const CUTS: Readonly<Record<string, (value: unknown) => number | bigint>> = {
  uint8: (value) => Uint8Array.of(+(value as number))[0],
  int8: (value) => Int8Array.of(+(value as number))[0],
  uint16: (value) => Uint16Array.of(+(value as number))[0],
  int16: (value) => Int16Array.of(+(value as number))[0],
  uint32: (value) => Uint32Array.of(+(value as number))[0],
  int32: (value) => Int32Array.of(+(value as number))[0],
  uint64: (value) => BigUint64Array.of(value as bigint)[0],
  int64: (value) => BigInt64Array.of(value as bigint)[0],
};

/**
 * ECMA-419's key-value storage (`embedded:storage/key-value`) on what stands for ESP-IDF's NVS. Each write replaces the
 * file as a whole, so that a power cut leaves the old contents or the new.
 *
 * The errors: SyntaxError for a missing argument and from what is closed or no storage; TypeError for what does not convert,
 * and a value of another type than the format's, where both are texts or buffers (integers of another type are as
 * missing ones, as in NVS); RangeError for what is too long; Error for the rest.
 */
export class KeyValue {
  #nvs: NVS | undefined;
  #isReadOnly: boolean;
  #format: StorageFormat;

  /**
   * In the file `<path>.json`.
   * @throws Error where it cannot be read or made; a file that is not ours is left as it is
   */
  static open(options: KeyValueOptions & { format: "string" }): TextStorage;
  static open(options: KeyValueOptions): KeyValue;
  static open(options: KeyValueOptions): KeyValue {
    const name = domainName(options);
    makeDirectory(options.directory);
    return new KeyValue(fileNVS(path.join(options.directory, `${name}.json`)), options);
  }

  /** @throws Error for a wrong mode, RangeError for a wrong format */
  constructor(nvs: NVS, options: DomainOptions) {
    const mode = `${options.mode ?? "r+"}`;
    if (mode !== "r" && mode !== "r+") throw new Error(`mode "${mode}" is not supported: use "r" or "r+"`);
    this.#isReadOnly = mode === "r";
    this.#format = checkFormat(options.format ?? "buffer");
    this.#nvs = nvs;
  }

  get format(): StorageFormat {
    return KeyValue.#opened(this).#format;
  }

  set format(value: StorageFormat) {
    const format = checkFormat(value);
    KeyValue.#opened(this).#format = format;
  }

  /** @returns with format `"buffer"` and a buffer to fill, the number of bytes; `undefined` where there is nothing */
  read(...args: [key: string, buffer?: ArrayBufferLike | ArrayBufferView]): StorageValue | undefined {
    const key = keyOf(args);
    const { format, nvs } = KeyValue.#of(this);
    const stored = nvs.get(key);
    if (stored === undefined) return undefined;
    if (format === "string") {
      if (typeof stored !== "string") throw new TypeError(`"${key}" is no string`);
      return stored;
    }
    const value = typeof stored === "string" ? undefined : stored[format];
    if (format !== "buffer") {
      if (value === undefined) return undefined;
      return typeof value === "string" ? BigInt(value) : value;
    }
    if (value === undefined) throw new TypeError(`"${key}" is no buffer`);
    const bytes = Uint8Array.from(Buffer.from(String(value), "hex"));
    if (args.length < 2) return bytes.buffer;
    const into = bytesOf(args[1]);
    if (into.length < bytes.length)
      throw new RangeError(`"${key}" has ${bytes.length} bytes, and the buffer ${into.length}`);
    into.set(bytes);
    return bytes.length;
  }

  write(...args: [key: string, value: StorageValue | ArrayBufferView]): void {
    const key = keyOf(args);
    const { format, nvs, isReadOnly } = KeyValue.#of(this);
    if (isReadOnly) throw new Error("the storage was opened to be read only");
    if (args.length < 2) throw new SyntaxError("the value is missing");
    const [, value] = args;
    if (format === "string") nvs.write(key, `${value as string}`);
    else nvs.put(key, { [format]: format === "buffer" ? hexOf(key, value) : numberOf(format, value) });
  }

  /** Harmless where there is none. */
  delete(...args: [key: string]): void {
    const key = keyOf(args);
    const { nvs, isReadOnly } = KeyValue.#of(this);
    if (isReadOnly) throw new Error("the storage was opened to be read only");
    nvs.delete(key);
  }

  /** The keys. */
  [Symbol.iterator](): IterableIterator<string> {
    return KeyValue.#of(this).nvs.keys()[Symbol.iterator]();
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#nvs in this)) throw unusable("storage");
    this.#nvs = undefined;
  }

  static #opened(receiver: unknown): KeyValue {
    if (typeof receiver === "object" && receiver !== null && #nvs in receiver && receiver.#nvs)
      return receiver;
    throw unusable("storage");
  }

  static #of(receiver: unknown): { format: StorageFormat; nvs: NVS; isReadOnly: boolean } {
    const storage = KeyValue.#opened(receiver);
    return { format: storage.#format, nvs: storage.#nvs as NVS, isReadOnly: storage.#isReadOnly };
  }
}

/** @throws Error for none, TypeError for what is no text, RangeError for one that is too long */
export function domainName(options: { path?: unknown }): string {
  if (options.path === undefined) throw new Error("path is missing");
  // Not String(): what does not convert is to throw.
  const name = `${options.path as string}`;
  if (name === "" || /[/\\\0]/.test(name)) throw new Error(`path "${name}" is no name of a domain`);
  if (name.length > NAME_LIMIT) throw new RangeError(`path "${name}" has more than 15 characters`);
  return name;
}

/** What is kept in a file. @throws Error where it cannot be read, or is not ours */
export function fileNVS(file: string): NVS {
  return new NVS(file, fs.existsSync(file) ? read(file) : undefined, (text) => replace(file, text));
}

function checkFormat(format: unknown): StorageFormat {
  const name = `${format as string}`;
  if (name !== "buffer" && name !== "string" && !Object.hasOwn(CUTS, name))
    throw new RangeError(`format "${name}" is not supported`);
  return name as StorageFormat;
}

function keyOf(args: readonly unknown[]): string {
  if (args.length === 0) throw new SyntaxError("the key is missing");
  return `${args[0] as string}`;
}

function hexOf(key: string, value: unknown): string {
  const bytes = bytesOf(value);
  if (bytes.length > BUFFER_LIMIT) throw new RangeError(`value of "${key}" has more than 3,999 bytes`);
  return Buffer.from(bytes).toString("hex");
}

/** As JSON has it. */
function numberOf(format: string, value: unknown): Exclude<Stored, string>[string] {
  const cut = CUTS[format](value);
  return typeof cut === "bigint" ? String(cut) : cut;
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
