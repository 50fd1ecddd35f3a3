/** What the settings say of whom to trust, and of who the node is, as bytes. */

import { DER, Tag } from "../codec/der.js";
import { Content, contentOf, derOf, elementsOf } from "../codec/pem.js";
import { parsePin } from "../codec/pin.js";
import type { Settings } from "../config.js";

export interface Credentials {
  /** SHA-256 of the broker's key. */
  readonly pin: Uint8Array | undefined;
  /** DER of the authorities' certificates, one after the other. */
  readonly authorities: Uint8Array | undefined;
  /** The node's certificate, and those of authorities up to one that the broker knows; none without a key. */
  readonly chain: readonly Uint8Array[];
  /** DER of its private key. */
  readonly key: Uint8Array | undefined;
}

/** @throws Error where one half of what belongs together is missing */
export function credentialsOf({
  pin,
  ca,
  cert,
  key,
}: Pick<Settings, "pin" | "ca" | "cert" | "key">): Credentials {
  if (cert === "" && key !== "")
    throw new Error('setting "key" is there without "cert": set both, or neither');
  if (cert !== "" && key === "")
    throw new Error('setting "cert" is there without "key": set both, or neither');
  return {
    pin: pin === "" ? undefined : parsePin(pin),
    authorities: ca === "" ? undefined : derOf(ca),
    chain: cert === "" ? [] : elementsOf(derOf(cert) as Uint8Array),
    key: key === "" ? undefined : derOf(key),
  };
}

/** A private RSA key's numbers (RFC 8017, A.1.2): modulus, exponents, primes, exponents of the primes, coefficient. */
export type RSAKey = readonly Uint8Array[];

const RSA_NUMBERS = 8;

/** DER of rsaEncryption. */
const RSA_ENCRYPTION: readonly number[] = Object.freeze([
  0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
]);

/** @throws Error where it is no RSA key, which is all that Moddable's TLS can sign with */
export function parseRSAKey(der: Uint8Array): RSAKey {
  let key = der;
  switch (contentOf(der)) {
    case Content.PKCS1:
      break;
    case Content.PKCS8: {
      const fields = new DER(der).enter(Tag.SEQUENCE);
      fields.take(Tag.INTEGER);
      const algorithm = fields.enter(Tag.SEQUENCE).contents(Tag.OID);
      key = fields.contents(Tag.OCTET_STRING);
      if (
        RSA_ENCRYPTION.every((byte, i) => algorithm[i] === byte) &&
        algorithm.length === RSA_ENCRYPTION.length
      )
        break;
      throw new Error(NOT_RSA);
    }
    default:
      throw new Error(NOT_RSA);
  }
  const fields = new DER(key).enter(Tag.SEQUENCE);
  fields.take(Tag.INTEGER); // version
  const numbers: Uint8Array[] = [];
  for (let i = 0; i < RSA_NUMBERS; i++) numbers.push(fields.positive());
  return numbers;
}

const NOT_RSA = 'setting "key" is not an RSA key: on this board it has to be one';
