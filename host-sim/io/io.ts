/**
 * What all ECMA-419 IO classes have in common (ECMA-419, clause 9, "IO Class Pattern"): options are checked in the
 * constructor, callbacks are called with the instance as `this`, `target` is the application's, `close` is harmless
 * when repeated, and a closed instance takes nothing else.
 */

type Callback = (this: unknown, ...values: unknown[]) => void;

/** The callback option `name`, or `undefined` where there is none. Throws TypeError on what is no function. */
export function callbackOption(options: object, name: string): Callback | undefined {
  const value = (options as Record<string, unknown>)[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "function") throw new TypeError(`${name} is not a function`);
  return value as Callback;
}

/** The integer option `name`. Throws TypeError where it is no number, RangeError outside of the range. */
export function integerOption(
  options: object,
  name: string,
  minimum: number,
  maximum: number,
  missing?: number,
): number {
  const value = (options as Record<string, unknown>)[name] ?? missing;
  if (typeof value !== "number") throw new TypeError(`${name} is not a number`);
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new RangeError(`${name} is ${value}; ${minimum} to ${maximum} is allowed`);
  }
  return value;
}

/**
 * The bytes of a byte buffer, not copied: ArrayBuffer, SharedArrayBuffer, or a view with elements of one byte.
 * @throws TypeError for everything else
 */
export function bytesOf(data: unknown): Uint8Array {
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) {
    const width = (data as Uint8Array).BYTES_PER_ELEMENT;
    if (width === undefined || width === 1)
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  throw new TypeError("not a byte buffer");
}

/** Whether `value` is an object that may be a byte buffer, as against a number. */
export function isBufferLike(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/**
 * Bytes that have arrived and wait to be read, in the two formats that streams have: `"number"`, a byte at a time,
 * and `"buffer"`.
 */
export class ReadQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  byte(): number | undefined {
    if (this.#length === 0) return undefined;
    const one = new Uint8Array(1);
    this.fill(one);
    return one[0];
  }

  /** Fills all of `into`, which is no longer than what waits. */
  fill(into: Uint8Array): void {
    let at = 0;
    while (at < into.length) {
      const chunk = this.#chunks[0];
      const count = Math.min(chunk.length, into.length - at);
      into.set(chunk.subarray(0, count), at);
      at += count;
      if (count === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(count);
    }
    this.#length -= into.length;
  }
}
