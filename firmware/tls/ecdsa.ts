/** Signatures of ECDSA out of DER (RFC 3279, 2.2.3), for arithmetic that takes everything at its word. */

import { DER, Tag } from "../codec/der.js";
import { P256_ORDER } from "../codec/p256.js";
import { KeyKind } from "./certificate.js";

/** The order of the curve (FIPS 186-4, D.1.2.4), in hexadecimal digits. */
const P384_ORDER =
  "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";

/**
 * The numbers r and s of a signature one after the other, each as long as the curve's order. Both are checked to be from
 * 1 up to but not including it: the SDK's arithmetic never ends with a 0.
 * @param kind P-256 or P-384
 * @throws Error where it is no such signature
 */
export function ecdsaNumbers(signature: Uint8Array, kind: KeyKind): Uint8Array {
  const order = kind === KeyKind.P384 ? P384_ORDER : P256_ORDER;
  const length = order.length >> 1;
  const outer = new DER(signature);
  const numbers = outer.enter(Tag.SEQUENCE);
  outer.finish();
  const r = numbers.positive();
  const s = numbers.positive();
  numbers.finish();
  if (!isBelow(r, order) || !isBelow(s, order)) throw new Error("malformed: a signature that cannot be one");
  const both = new Uint8Array(2 * length);
  both.set(r, length - r.length);
  both.set(s, 2 * length - s.length);
  return both;
}

/** Whether a number without leading zeros is below one that has as many digits as it can have. */
function isBelow(number: Uint8Array, order: string): boolean {
  const length = order.length >> 1;
  if (number.length !== length) return number.length < length;
  for (let i = 0; i < length; i++) {
    const digit = Number.parseInt(order.slice(2 * i, 2 * i + 2), 16);
    if (number[i] !== digit) return number[i] < digit;
  }
  return false;
}
