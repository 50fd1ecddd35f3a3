/** A pin as a setting has it: the SHA-256 of a public key (its SubjectPublicKeyInfo in DER), as RFC 7858 and curl have it. */

import { decodeBase64 } from "./base64.js";
import { parseHex } from "./hex.js";

/** Bytes of a SHA-256. */
const LENGTH = 32;

const CURL_PREFIX = "sha256//";

/**
 * The digest of a pin: 64 hexadecimal digits, also with colons between their pairs, or base64, also with curl's
 * `sha256//` in front.
 * @returns `undefined` where it is neither
 */
export function parsePin(text: string): Uint8Array | undefined {
  const digits = text.indexOf(":") < 0 ? text : text.split(":").join("");
  if (digits.length === 2 * LENGTH) return parseHex(digits.toLowerCase());
  const start = text.startsWith(CURL_PREFIX) ? CURL_PREFIX.length : 0;
  const bytes = decodeBase64(text, start, text.length);
  return bytes?.length === LENGTH ? bytes : undefined;
}
