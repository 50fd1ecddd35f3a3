/** Moddable's cryptography for `firmware/tls`: numbers and keys as the SDK's classes take them. */

import PKCS1_5 from "pkcs1_5";
import { KeyKind, type Method, type PublicKey } from "../../tls/certificate.js";
import type { RSAKey } from "../../tls/credentials.js";
import { ecdsaNumbers } from "../../tls/ecdsa.js";
import type { Cryptography } from "../../tls/trust.js";
import { hash } from "../crypto/digest.js";
import { type CurveKey, curveKey, verify } from "../crypto/ecdsa.js";

const number = (bytes: Uint8Array): bigint =>
  (BigInt as unknown as { fromArrayBuffer(buffer: ArrayBuffer): bigint }).fromArrayBuffer(
    bytes.slice().buffer as ArrayBuffer,
  );

/** A public key as the SDK's signature classes take it. */
export function sdkKey({ kind, value, exponent }: PublicKey): object {
  if (kind === KeyKind.RSA) return { modulus: number(value), exponent: number(exponent) };
  return curveKey(kind === KeyKind.P384 ? "secp384r1" : "secp256r1", value);
}

/** A private RSA key as the SDK's `PKCS1_5` takes it. */
export function sdkPrivateKey(key: RSAKey): object {
  return {
    modulus: number(key[0]),
    exponent: number(key[1]),
    privExponent: number(key[2]),
    prim1: number(key[3]),
    prim2: number(key[4]),
    exponent1: number(key[5]),
    exponent2: number(key[6]),
    coefficient: number(key[7]),
  };
}

export const cryptography: Cryptography = Object.freeze<Cryptography>({
  digest: (data) => new Uint8Array(hash("SHA256", data)),

  verify(method: Method, key: PublicKey, data: Uint8Array, signature: Uint8Array): boolean {
    const digest = hash(`SHA${method.hash}`, data);
    if (method.rsa) {
      return new PKCS1_5(sdkKey(key), false, []).verify(digest, signature);
    }
    return verify(sdkKey(key) as CurveKey, digest, ecdsaNumbers(signature, key.kind));
  },
});
