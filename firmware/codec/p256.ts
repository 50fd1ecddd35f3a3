/** Keys and signatures of ECDSA on P-256 as text, for arithmetic that takes everything at its word. */

import { hexOf, parseHex } from "./hex.js";
import { derOf } from "./pem.js";

/** The order of the curve (FIPS 186-4, D.1.2.3), in hexadecimal digits. */
export const P256_ORDER = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/** Digits of one number. */
const DIGITS = 64;
const ZERO = "0".repeat(DIGITS);

/** What a SubjectPublicKeyInfo (RFC 5480, section 2) has before an uncompressed point on P-256, and the point's 0x04. */
const INFO = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
const INFO_LENGTH = 91;
const POINT_LENGTH = 65;

/**
 * A signature: 128 lower-case hexadecimal digits, r and then s (IEEE P1363). Both are checked to be from 1 up to but not
 * including the curve's order: the SDK's arithmetic never ends with a 0.
 * @returns the 64 bytes; `undefined` where it is no such signature
 */
export function parseSignature(hex: string): Uint8Array | undefined {
  if (hex.length !== 2 * DIGITS) return undefined;
  return isInRange(hex.slice(0, DIGITS)) && isInRange(hex.slice(DIGITS)) ? parseHex(hex) : undefined;
}

/** Numbers of the same count of digits are in the order of their text. */
function isInRange(number: string): boolean {
  return number > ZERO && number < P256_ORDER;
}

/**
 * A public key: PEM ("BEGIN PUBLIC KEY") or the base64 of its DER. Whether the point is on the curve is not checked: that
 * takes arithmetic, and whoever sets a point that is not on it is refused every signature.
 * @returns the uncompressed point: 0x04, x, y; `undefined` where it is no public key on P-256
 */
export function parsePublicKey(text: string): Uint8Array | undefined {
  const der = derOf(text);
  if (der?.length !== INFO_LENGTH || hexOf(der.subarray(0, INFO.length >> 1)) !== INFO) return undefined;
  return der.slice(INFO_LENGTH - POINT_LENGTH);
}
