/** Base64 (RFC 4648, section 4) to bytes; XS has a decoder for it, Node 20 has not in the same form. */

/**
 * Decodes `text[start]` to `text[end]`. White space is passed over, as in PEM; the padding may be missing.
 * @returns `undefined` where it is no base64
 */
export function decodeBase64(text: string, start: number, end: number): Uint8Array | undefined {
  let digits = 0;
  let padding = 0;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (isSpace(unit)) continue;
    if (unit === 0x3d) padding += 1;
    else if (padding > 0 || digitValue(unit) < 0) return undefined;
    else digits += 1;
  }
  const rest = digits & 3;
  if (rest === 1 || (padding > 0 && rest + padding !== 4)) return undefined;
  const bytes = new Uint8Array((digits >> 2) * 3 + (rest === 0 ? 0 : rest - 1));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let i = start; i < end && at < bytes.length; i++) {
    const value = digitValue(text.charCodeAt(i));
    if (value < 0) continue;
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = bits >> count;
    }
  }
  return bytes;
}

function isSpace(unit: number): boolean {
  return unit === 0x0a || unit === 0x0d || unit === 0x20 || unit === 0x09;
}

/** The six bits of a digit, or -1. */
function digitValue(unit: number): number {
  if (unit >= 0x41 && unit <= 0x5a) return unit - 0x41;
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x61 + 26;
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30 + 52;
  if (unit === 0x2b) return 62;
  return unit === 0x2f ? 63 : -1;
}
