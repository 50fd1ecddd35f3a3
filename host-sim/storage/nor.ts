/** What every NOR flash has in common, whatever its cells are made of. */

/** Bytes that are erased together, as on the ESP32. */
export const BLOCK_LENGTH = 4_096;

/** A byte of an erased block. */
export const ERASED = 0xff;

/**
 * A place and a number as XS takes them: anything that converts to a number, cut to a whole one.
 * @throws SyntaxError for none, TypeError for what does not convert, RangeError outside of `minimum` to `maximum`
 */
export function wholeNumber(name: string, value: unknown, minimum: number, maximum: number): number {
  if (value === undefined) throw new SyntaxError(`${name} is missing`);
  const number = Math.trunc(+(value as number));
  if (number >= minimum && number <= maximum) return number;
  throw new RangeError(`${name} is ${number}; ${minimum} to ${maximum} is allowed`);
}

/** Where `length` bytes begin in a partition of `size` bytes. @throws as `wholeNumber` */
export function positionOf(position: unknown, length: number, size: number): number {
  if (length > size) throw new RangeError(`${length} bytes are more than the partition's ${size}`);
  return wholeNumber("position", position, 0, size - length);
}

/** The blocks that an erase names: the first, and the one behind the last. @throws as `wholeNumber` */
export function blockRange(start: unknown, end: unknown, blocks: number): [start: number, end: number] {
  const first = wholeNumber("start", start, 0, blocks - 1);
  return [first, end === undefined ? first + 1 : wholeNumber("end", end, first + 1, blocks)];
}
