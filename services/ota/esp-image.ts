/**
 * The file that mcconfig builds for an ESP32 (`xs_esp32.bin`): an application image of ESP-IDF. Its form is in ESP-IDF's
 * "App Image Format" and `esp_app_format.h`.
 */

import { createHash } from "node:crypto";

/** First byte of every image. */
const MAGIC = 0xe9;

/** `esp_image_header_t`: number of segments at byte 1, chip at bytes 12 and 13, whether a digest is appended at byte 23. */
const HEADER = 24;
const SEGMENTS_AT = 1;
const CHIP_AT = 12;
const HAS_DIGEST_AT = 23;

/** `esp_image_segment_header_t`: address and length, 4 bytes each. */
const SEGMENT_HEADER = 8;

/** Behind the segments: up to the next multiple of 16, the last byte of which is a checksum. */
const ALIGNMENT = 16;
const DIGEST = 32;

/** `esp_chip_id_t`. */
const CHIPS: Readonly<Record<number, string>> = {
  0: "esp32",
  2: "esp32s2",
  5: "esp32c3",
  9: "esp32s3",
  13: "esp32c6",
};

/** Bytes of an image at most: a slot of `partitions.csv` but for the last block, where the device notes how far it is. */
export const SIZE_LIMIT = 0x180000 - 4_096;

/** A user name and password in a broker's address, as XS has it among its strings; not the firmware's own example. */
const URL_WITH_PASSWORD = /mqtts?:\/\/(?!user:password@host\b)[^\0-\x20"'@]{1,256}:[^\0-\x20"'@]{0,256}@/i;

const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;

/** What this firmware calls itself, as in the User-Agent of its requests. */
const PRODUCT = /Hearth\/(\d{1,5}\.\d{1,5}\.\d{1,5})(?![\d.])/g;

/** A debug build has the name of the file that each module was compiled from. */
const DEBUG_TRACE = /[/\\]mc\.config\.js\0/;

export interface ESPImage {
  kind: string;
  version: string;
  /** It was built with `-d`. */
  isDebug: boolean;
}

/**
 * Reads what an image says of itself.
 * @returns what is wrong with it, in words that follow the name of the file
 */
export function readESPImage(bytes: Buffer): ESPImage | string {
  if (bytes.length < HEADER || bytes[0] !== MAGIC)
    return "is no application image of an ESP32: take the xs_esp32.bin that mcconfig built";
  const chip = bytes.readUInt16LE(CHIP_AT);
  const kind = CHIPS[chip];
  if (kind === undefined)
    return `is for a chip with the number ${chip}: allowed is ${Object.values(CHIPS).join(", ")}`;
  if (bytes.length > SIZE_LIMIT)
    return `has ${bytes.length} bytes, ${SIZE_LIMIT} fit into a slot: build without what is not needed, such as TLS, or without -d`;
  if (!isWhole(bytes)) return "is cut short or damaged: build it again";
  const text = bytes.toString("latin1");
  const secret = secretIn(text);
  if (secret !== undefined) return `has ${secret} in it, which everybody could read: ${HOW_TO_BUILD}`;
  const versions = [...new Set([...text.matchAll(PRODUCT)].map((match) => match[1]))];
  if (versions.length !== 1)
    return versions.length === 0
      ? "does not say its version, as Hearth/0.2.0: is it an image of this firmware?"
      : `says that it is of the versions ${versions.join(" and ")}: build it again`;
  return { kind, version: versions[0], isDebug: DEBUG_TRACE.test(text) };
}

/** What to do about an image with secrets. */
export const HOW_TO_BUILD =
  "npm run build:esp32 without settings makes one, and each device keeps those that it was flashed with";

/** All segments are there, and the digest behind them, where there is one, is theirs. */
function isWhole(bytes: Buffer): boolean {
  let end = HEADER;
  for (let i = 0; i < bytes[SEGMENTS_AT]; i++) {
    if (end + SEGMENT_HEADER > bytes.length) return false;
    end += SEGMENT_HEADER + bytes.readUInt32LE(end + 4);
  }
  end += ALIGNMENT - (end % ALIGNMENT);
  if (bytes[SEGMENTS_AT] === 0 || end > bytes.length) return false;
  if (bytes[HAS_DIGEST_AT] === 0) return true;
  const digest = createHash("sha256").update(bytes.subarray(0, end)).digest();
  return digest.equals(bytes.subarray(end, end + DIGEST));
}

function secretIn(text: string): string | undefined {
  if (URL_WITH_PASSWORD.test(text)) return "a broker's address with a password";
  if (PRIVATE_KEY.test(text)) return "a private key";
  return undefined;
}
