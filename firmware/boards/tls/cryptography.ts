/** Moddable's cryptography for `firmware/tls`: numbers and keys as the SDK's classes take them. */

import { Digest } from "crypt";
import Curve from "curve";
import ECDSA from "ecdsa";
import ECPoint from "ecp";
import PKCS1_5 from "pkcs1_5";
import { KeyKind, type Method, type PublicKey } from "../../tls/certificate.js";
import type { RSAKey } from "../../tls/credentials.js";
import { ecdsaNumbers } from "../../tls/ecdsa.js";
import type { Cryptography } from "../../tls/trust.js";

const number = (bytes: Uint8Array): bigint =>
  (BigInt as unknown as { fromArrayBuffer(buffer: ArrayBuffer): bigint }).fromArrayBuffer(
    bytes.slice().buffer as ArrayBuffer,
  );

/** A public key as the SDK's signature classes take it. */
export function sdkKey({ kind, value, exponent }: PublicKey): object {
  if (kind === KeyKind.RSA) return { modulus: number(value), exponent: number(exponent) };
  const curve = new Curve(kind === KeyKind.P384 ? "secp384r1" : "secp256r1");
  return { curve, pub: ECPoint.fromOctetString(value) };
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

function digest(kind: "SHA256" | "SHA384" | "SHA512", data: Uint8Array): ArrayBuffer {
  const hash = new Digest(kind);
  hash.write(data.slice().buffer);
  return hash.close();
}

export const cryptography: Cryptography = Object.freeze<Cryptography>({
  digest: (data) => new Uint8Array(digest("SHA256", data)),

  verify(method: Method, key: PublicKey, data: Uint8Array, signature: Uint8Array): boolean {
    const hash = digest(`SHA${method.hash}`, data);
    if (method.rsa) {
      return new PKCS1_5(sdkKey(key), false, []).verify(hash, signature);
    }
    const { curve, pub } = sdkKey(key) as { curve: Curve; pub: ECPoint };
    const numbers = ecdsaNumbers(signature, key.kind);
    // A digest that is longer than the curve's order counts with its leading bits (FIPS 186-4, 6.4).
    const leading = hash.slice(0, numbers.length >> 1);
    return new ECDSA(pub, curve).verify(leading, numbers.buffer);
  },
});
