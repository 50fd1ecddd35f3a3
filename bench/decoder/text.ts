import { readUTF8 } from "../../firmware/codec/utf8.js";
import { hasWildcard } from "../../firmware/mqtt/packets.js";
import type { Dice } from "./dice.js";
import { topicText } from "./specification.js";

/** UTF-8 that is none or that MQTT forbids, section 1.5.3: of U+0000, surrogates, overlong, beyond Unicode, cut off. */
export const BAD_TEXT = [
  [0x61, 0x00],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xff],
  [0x80],
  [0x61, 0xbf],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x98],
  [0xc3, 0x28],
];
/** UTF-8 at the edges of what is allowed. */
export const GOOD_TEXT = [
  [0x61],
  [0x74, 0x2f, 0x31],
  [0x2f],
  [0x24, 0x53],
  [0xc2, 0x80],
  [0xdf, 0xbf],
  [0xe0, 0xa0, 0x80],
  [0xed, 0x9f, 0xbf],
  [0xee, 0x80, 0x80],
  [0xef, 0xbf, 0xbf],
  [0xef, 0xbb, 0xbf, 0x61],
  [0xf0, 0x90, 0x80, 0x80],
  [0xf4, 0x8f, 0xbf, 0xbf],
  [0x01],
  [0x7f],
];

const PIECES = [...GOOD_TEXT, ...BAD_TEXT, [0x23], [0x2b], [0x2f]];

/**
 * Compares what the client takes for a topic with what the specification does, on so many at random.
 * @returns what differs, in words, or `undefined`
 */
export function compareTopics(dice: Dice, count: number): string | undefined {
  for (; count > 0; count--) {
    const pieces = Array.from({ length: dice.between(1, 3) }, () =>
      dice.once(8) ? dice.bytes(dice.between(1, 4)) : dice.pick(PIECES),
    );
    const bytes = Uint8Array.from(pieces.flat());
    const text = hasWildcard(bytes, 0, bytes.length) ? undefined : readUTF8(bytes, 0, bytes.length);
    const should = topicText(bytes);
    if (text !== should)
      return `the topic ${Buffer.from(bytes).toString("hex")} is ${text} in place of ${should}`;
  }
  return undefined;
}
