/** ECDSA (FIPS 186-5) by the SDK's arithmetic, which takes everything at its word. */

import Curve from "curve";
import ECDSA from "ecdsa";
import ECPoint from "ecp";

export type CurveName = "secp256r1" | "secp384r1";

/** A public key as the SDK's classes take it. */
export interface CurveKey {
  readonly curve: Curve;
  readonly pub: ECPoint;
}

/** @param point 0x04, x, y; that it is on the curve is not checked */
export function curveKey(name: CurveName, point: Uint8Array): CurveKey {
  return { curve: new Curve(name), pub: ECPoint.fromOctetString(point) };
}

/**
 * @param numbers r and s, as long as the curve's order each, from 1 up to but not including it: with a 0 it never ends
 */
export function verify({ curve, pub }: CurveKey, hash: ArrayBuffer, numbers: Uint8Array): boolean {
  // A digest that is longer than the curve's order counts with its leading bits (FIPS 186-5, 6.4.2).
  const leading = hash.slice(0, numbers.length >> 1);
  // A copy, since the SDK's class takes whole buffers.
  return new ECDSA(pub, curve).verify(leading, numbers.slice().buffer);
}
