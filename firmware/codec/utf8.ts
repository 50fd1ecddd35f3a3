/**
 * UTF-8 to and from caller-owned bytes. An XS application has no `TextEncoder` unless it asks for one, and
 * MQTT asks for more than the encoding: [MQTT-1.5.3-1] no surrogates, [MQTT-1.5.3-2] no U+0000.
 *
 * A unit of a text is 16 bits in Node, with a pair of surrogates beyond U+FFFF, and a whole code point on XS.
 */

/** Bytes that `text` takes as UTF-8. */
export function utf8Length(text: string): number {
  const count = text.length;
  let length = count;
  for (let i = 0; i < count; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit > 0xffff) length += 3;
    else {
      length += 2;
      // Four bytes for the pair of a surrogate: two units are counted already, two more are needed.
      if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text, i + 1)) i += 1;
    }
  }
  return length;
}

/**
 * Writes `text` at `into[at]`. The caller made room with `utf8Length`. An unpaired surrogate becomes U+FFFD.
 * @returns the index behind the last byte written
 */
export function writeUTF8(into: Uint8Array, at: number, text: string): number {
  const count = text.length;
  for (let i = 0; i < count; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      into[at++] = unit;
      continue;
    }
    if (unit < 0x800) {
      into[at++] = 0xc0 | (unit >> 6);
      into[at++] = 0x80 | (unit & 0x3f);
      continue;
    }
    if (unit >= 0xd800 && unit < 0xe000) {
      if (unit < 0xdc00 && isLowSurrogate(text, i + 1)) {
        i += 1;
        unit = 0x10000 + ((unit & 0x3ff) << 10) + (text.charCodeAt(i) & 0x3ff);
      } else unit = 0xfffd;
    }
    if (unit > 0xffff) {
      into[at++] = 0xf0 | (unit >> 18);
      into[at++] = 0x80 | ((unit >> 12) & 0x3f);
      into[at++] = 0x80 | ((unit >> 6) & 0x3f);
      into[at++] = 0x80 | (unit & 0x3f);
      continue;
    }
    into[at++] = 0xe0 | (unit >> 12);
    into[at++] = 0x80 | ((unit >> 6) & 0x3f);
    into[at++] = 0x80 | (unit & 0x3f);
  }
  return at;
}

function isLowSurrogate(text: string, at: number): boolean {
  if (at >= text.length) return false;
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000;
}

/**
 * The text in `bytes[from]` up to but not including `bytes[to]`, or `undefined` where it is not well-formed
 * (truncated, overlong, a surrogate, beyond U+10FFFF) or contains U+0000.
 */
export function readUTF8(bytes: Uint8Array, from: number, to: number): string | undefined {
  let text = "";
  for (let at = from; at < to; ) {
    const lead = bytes[at++];
    if (lead === 0) return undefined;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
    let more: number;
    let least: number;
    let point: number;
    if (lead >= 0xc2 && lead < 0xe0) {
      more = 1;
      least = 0x80;
      point = lead & 0x1f;
    } else if (lead >= 0xe0 && lead < 0xf0) {
      more = 2;
      least = 0x800;
      point = lead & 0x0f;
    } else if (lead >= 0xf0 && lead < 0xf5) {
      more = 3;
      least = 0x10000;
      point = lead & 0x07;
    } else return undefined;
    if (at + more > to) return undefined;
    while (more-- > 0) {
      const next = bytes[at++];
      if ((next & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (next & 0x3f);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}
