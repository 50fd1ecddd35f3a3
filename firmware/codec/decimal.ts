/**
 * Numbers as decimal digits in caller-owned bytes, without a string in between, which would cost XS two slots for each of
 * its characters. They are written from their end, as division gives them.
 */

const ZERO = 48;
const POINT = 46;
const MINUS = 45;

/** Digits behind the point that are looked for, and 10 to the power of that. */
const PLACES = 7;
const SCALE = 10_000_000;

/** Doubles below 2^29 lie closer together than the last place: the nearest number of so many places is the shortest. */
const EXACT_BELOW = 536_870_912;

/** `String` counts smaller ones in powers of ten. */
const PLAIN_FROM = 1e-6;

/** Bytes of the longest number, such as `-1.2345678901234567e-308`. */
export const DECIMAL_LIMIT = 24;

/**
 * Writes what `String(value)` says, so that it ends before `into[end]`. Up to seven decimals, which is what sensors give,
 * it allocates nothing.
 * @returns the index of the first byte written
 */
export function writeDecimal(into: Uint8Array, end: number, value: number): number {
  const magnitude = value < 0 ? -value : value;
  const whole = magnitude | 0;
  let fraction = ((magnitude - whole) * SCALE + 0.5) | 0;
  // Digits that give this number back are the shortest ones, but for zeros at their end.
  if (!(magnitude < EXACT_BELOW) || (whole * SCALE + fraction) / SCALE !== magnitude)
    return writeText(into, end, String(value));
  if (fraction !== 0) {
    if (magnitude < PLAIN_FROM) return writeText(into, end, String(value));
    let places = PLACES;
    let tenth = (fraction / 10) | 0;
    while (tenth * 10 === fraction) {
      fraction = tenth;
      tenth = (fraction / 10) | 0;
      places -= 1;
    }
    end = writeDigits(into, end, places, fraction);
    into[--end] = POINT;
  }
  let rest = whole;
  do {
    const tenth = (rest / 10) | 0;
    into[--end] = ZERO + rest - tenth * 10;
    rest = tenth;
  } while (rest > 0);
  if (value < 0) into[--end] = MINUS;
  return end;
}

/**
 * Writes so many digits of a whole number, with zeros in front, so that they end before `into[end]`.
 * @param value 0 to 2^53; digits beyond the count are left out
 * @returns the index of the first digit
 */
export function writeDigits(into: Uint8Array, end: number, count: number, value: number): number {
  const start = end - count;
  // Beyond 31 bits, division is not as simple.
  while (end > start && value > 0x7fff_ffff) {
    const tenth = Math.floor(value / 10);
    into[--end] = ZERO + (value - tenth * 10);
    value = tenth;
  }
  while (end > start) {
    const tenth = (value / 10) | 0;
    into[--end] = ZERO + value - tenth * 10;
    value = tenth;
  }
  return start;
}

function writeText(into: Uint8Array, end: number, text: string): number {
  const start = end - text.length;
  for (let i = 0; i < text.length; i++) into[start + i] = text.charCodeAt(i);
  return start;
}
