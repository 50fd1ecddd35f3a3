/**
 * What all ECMA-419 IO classes have in common (ECMA-419, clause 9, "IO Class Pattern"): options are checked in the
 * constructor, callbacks are called with the instance as `this`, `target` is the application's, `close` is harmless
 * when repeated, and a closed instance takes nothing else.
 *
 * The classes of errors are those of Moddable's classes on the ESP32: SyntaxError for no argument at all, a closed instance
 * or the method of another class; Error for what is missing, no function or in use; TypeError for what does not convert;
 * RangeError for what is out of range.
 */

export type Callback = (this: unknown, ...values: unknown[]) => void;

/**
 * A constructor's options. What is no object has no properties, and so lacks what is required.
 * @throws SyntaxError where there are none, TypeError for `null`
 */
export function optionsOf(options: unknown): Readonly<Record<string, unknown>> {
  if (options === undefined) throw new SyntaxError("no options");
  if (options === null) throw new TypeError("the options are null");
  return Object(options) as Record<string, unknown>;
}

/** The callback option `name`, or `undefined` where there is none. @throws Error for what is no function */
export function callbackOption(options: object, name: string): Callback | undefined {
  const value = (options as Record<string, unknown>)[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "function") throw new Error(`${name} is not a function`);
  return value as Callback;
}

/** A whole number as XS takes it: what converts to a number, cut; what is none is 0. @throws TypeError */
export function toInteger(value: unknown): number {
  // Unlike Number(), the plus refuses a BigInt.
  const number = Math.trunc(+(value as number));
  return Number.isNaN(number) ? 0 : number;
}

/** @throws Error where there is none, TypeError where it does not convert, RangeError outside of the range */
export function integerOf(value: unknown, name: string, minimum: number, maximum: number): number {
  if (value === undefined) throw new Error(`${name} is missing`);
  const number = toInteger(value);
  if (number >= minimum && number <= maximum) return number;
  throw new RangeError(`${name} is ${number}; ${minimum} to ${maximum} is allowed`);
}

/** The integer option `name`, which is required unless `missing` stands in for it. @throws as `integerOf` */
export function integerOption(
  options: object,
  name: string,
  minimum: number,
  maximum: number,
  missing?: number,
): number {
  const value = (options as Record<string, unknown>)[name];
  if (value === undefined && missing !== undefined && !(name in options)) return missing;
  return integerOf(value, name, minimum, maximum);
}

/** Checks the option `format` of a class that has one alone. @throws RangeError for another */
export function checkFormatOption(options: object, only: string): void {
  const { format } = options as { format?: unknown };
  if (format !== undefined && format !== null && format !== "") checkFormat(format, only);
}

/** @throws RangeError for a format other than the one that there is */
export function checkFormat(format: unknown, only: string): void {
  if (format !== only) throw new RangeError(`format "${String(format)}" is not supported: "${only}" is`);
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

/** Whether `value` is to be taken as a byte buffer, as against a number. */
export function isBufferLike(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** For a method that was called on what is not of its class, or is closed. */
export function unusable(what: string): SyntaxError {
  return new SyntaxError(`this is no ${what}, or it is closed`);
}
