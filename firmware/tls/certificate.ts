/** X.509 certificates (RFC 5280) out of DER, with what a client has to know of them. Strict: what is odd throws. */

import { DER, Tag } from "../codec/der.js";
import { hexOf } from "../codec/hex.js";

export const enum KeyKind {
  RSA,
  P256,
  P384,
  /** One that Moddable's cryptography does not know. */
  OTHER,
}

/** A public key. All bytes are the certificate's. */
export interface PublicKey {
  readonly kind: KeyKind;
  /** The whole SubjectPublicKeyInfo, which a pin is the digest of. */
  readonly info: Uint8Array;
  /** RSA: the modulus. P-256 and P-384: the point, uncompressed. */
  readonly value: Uint8Array;
  /** RSA: the public exponent; empty otherwise. */
  readonly exponent: Uint8Array;
}

/** What a certificate was signed with: bits of the SHA-2, and the kind of key. */
export interface Method {
  readonly hash: 256 | 384 | 512;
  readonly rsa: boolean;
}

export interface Certificate {
  readonly der: Uint8Array;
  /** What the signature is of. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** `undefined` for one that is outdated, as SHA-1, or unknown. */
  readonly method: Method | undefined;
  /** Names as DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key: PublicKey;
  /** Host names of subjectAltName, in lower case. */
  readonly names: readonly string[];
  /** IP addresses of subjectAltName, 4 or 16 bytes. */
  readonly addresses: readonly Uint8Array[];
  /** It may vouch for others: CA:TRUE, and keyCertSign where there is a key usage. */
  readonly isAuthority: boolean;
  /** Authorities that may stand between it and the server's certificate. */
  readonly pathLength: number;
  /** It may be a TLS server's: no extended key usage, or serverAuth among it. */
  readonly isForServers: boolean;
  /** It demands something that this reader does not know. */
  readonly hasUnknownDemand: boolean;
}

/** @throws Error where it is no certificate */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = new DER(der);
  const all = outer.enter(Tag.SEQUENCE);
  outer.finish();
  const signed = all.whole(Tag.SEQUENCE);
  const algorithm = all.whole(Tag.SEQUENCE);
  const signature = all.bits();
  all.finish();

  const outerSigned = new DER(signed);
  const fields = outerSigned.enter(Tag.SEQUENCE);
  if (fields.tag === VERSION) fields.skip();
  fields.take(Tag.INTEGER); // serial number
  if (!equal(fields.whole(Tag.SEQUENCE), algorithm)) throw new Error("malformed: two signature algorithms");
  const issuer = fields.whole(Tag.SEQUENCE);
  const validity = fields.enter(Tag.SEQUENCE);
  const notBefore = parseTime(validity);
  const notAfter = parseTime(validity);
  const subject = fields.whole(Tag.SEQUENCE);
  const key = parseKey(fields.whole(Tag.SEQUENCE));
  if (fields.tag === ISSUER_ID) fields.skip();
  if (fields.tag === SUBJECT_ID) fields.skip();
  const extensions = new Extensions();
  if (fields.tag === EXTENSIONS) {
    const wrapped = fields.enter(EXTENSIONS);
    const list = wrapped.enter(Tag.SEQUENCE);
    wrapped.finish();
    while (!list.done) extensions.add(list.enter(Tag.SEQUENCE));
  }
  fields.finish();

  const { names, addresses, isForServers, hasUnknownDemand, pathLength } = extensions;
  return {
    der,
    signed,
    signature,
    method: methodOf(algorithm),
    issuer,
    subject,
    notBefore,
    notAfter,
    key,
    names,
    addresses,
    isAuthority: extensions.isAuthority && extensions.signsCertificates,
    pathLength,
    isForServers,
    hasUnknownDemand,
  };
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Context-specific tags of a TBSCertificate. */
const VERSION = 0xa0;
const ISSUER_ID = 0x81;
const SUBJECT_ID = 0x82;
const EXTENSIONS = 0xa3;

/** Object identifiers, as the hexadecimal digits of their DER. */
const RSA_ENCRYPTION = "2a864886f70d010101";
const EC_PUBLIC_KEY = "2a8648ce3d0201";
const P256 = "2a8648ce3d030107";
const P384 = "2b81040022";
const SUBJECT_ALT_NAME = "551d11";
const BASIC_CONSTRAINTS = "551d13";
const KEY_USAGE = "551d0f";
const EXTENDED_KEY_USAGE = "551d25";
const SERVER_AUTH = "2b06010505070301";
const ANY_USAGE = "551d2500";

function methodOf(algorithm: Uint8Array): Method | undefined {
  const oid = hexOf(new DER(algorithm).enter(Tag.SEQUENCE).contents(Tag.OID));
  switch (oid) {
    case "2a864886f70d01010b":
      return { hash: 256, rsa: true };
    case "2a864886f70d01010c":
      return { hash: 384, rsa: true };
    case "2a864886f70d01010d":
      return { hash: 512, rsa: true };
    case "2a8648ce3d040302":
      return { hash: 256, rsa: false };
    case "2a8648ce3d040303":
      return { hash: 384, rsa: false };
    case "2a8648ce3d040304":
      return { hash: 512, rsa: false };
    default:
      return undefined;
  }
}

function parseKey(info: Uint8Array): PublicKey {
  const fields = new DER(info).enter(Tag.SEQUENCE);
  const algorithm = fields.enter(Tag.SEQUENCE);
  const value = fields.bits();
  fields.finish();
  const oid = hexOf(algorithm.contents(Tag.OID));
  if (oid === RSA_ENCRYPTION) {
    const outer = new DER(value);
    const numbers = outer.enter(Tag.SEQUENCE);
    outer.finish();
    const modulus = numbers.positive();
    const exponent = numbers.positive();
    numbers.finish();
    return { kind: KeyKind.RSA, info, value: modulus, exponent };
  }
  let kind = KeyKind.OTHER;
  if (oid === EC_PUBLIC_KEY && algorithm.tag === Tag.OID) {
    const curve = hexOf(algorithm.contents(Tag.OID));
    if (value[0] === UNCOMPRESSED) {
      if (curve === P256 && value.length === 65) kind = KeyKind.P256;
      else if (curve === P384 && value.length === 97) kind = KeyKind.P384;
    }
  }
  return { kind, info, value, exponent: value.subarray(0, 0) };
}

const UNCOMPRESSED = 4;

/** UTCTime `YYMMDDHHMMSSZ`, whose years are 1950 to 2049, or GeneralizedTime `YYYYMMDDHHMMSSZ`; RFC 5280, 4.1.2.5. */
function parseTime(fields: DER): number {
  const isShort = fields.tag === Tag.UTC_TIME;
  const digits = fields.contents(isShort ? Tag.UTC_TIME : Tag.GENERALIZED_TIME);
  const yearDigits = isShort ? 2 : 4;
  if (digits.length !== yearDigits + 11 || digits[digits.length - 1] !== 0x5a) {
    throw new Error("malformed: a bad date");
  }
  const number = (at: number, count: number) => {
    let value = 0;
    for (let i = at; i < at + count; i++) {
      const digit = digits[i] - 0x30;
      if (!(digit >= 0 && digit <= 9)) throw new Error("malformed: a bad date");
      value = value * 10 + digit;
    }
    return value;
  };
  let year = number(0, yearDigits);
  if (isShort) year += year < 50 ? 2000 : 1900;
  const at = yearDigits;
  return Date.UTC(
    year,
    number(at, 2) - 1,
    number(at + 2, 2),
    number(at + 4, 2),
    number(at + 6, 2),
    number(at + 8, 2),
  );
}

class Extensions {
  readonly names: string[] = [];
  readonly addresses: Uint8Array[] = [];
  isAuthority = false;
  signsCertificates = true;
  pathLength = 0xffff;
  isForServers = true;
  hasUnknownDemand = false;

  /** Extension ::= SEQUENCE { id, critical DEFAULT FALSE, value as an OCTET STRING } */
  add(extension: DER): void {
    const id = hexOf(extension.contents(Tag.OID));
    const isCritical = extension.tag === Tag.BOOLEAN && extension.contents(Tag.BOOLEAN)[0] !== 0;
    const value = new DER(extension.contents(Tag.OCTET_STRING));
    extension.finish();
    switch (id) {
      case SUBJECT_ALT_NAME:
        this.addNames(value.enter(Tag.SEQUENCE));
        break;
      case BASIC_CONSTRAINTS: {
        const fields = value.enter(Tag.SEQUENCE);
        this.isAuthority = fields.tag === Tag.BOOLEAN && fields.contents(Tag.BOOLEAN)[0] !== 0;
        if (fields.tag === Tag.INTEGER) this.pathLength = smallNumber(fields.contents(Tag.INTEGER));
        fields.finish();
        break;
      }
      case KEY_USAGE: {
        const bits = value.contents(Tag.BIT_STRING);
        this.signsCertificates = bits.length > 1 && (bits[1] & KEY_CERT_SIGN) !== 0;
        break;
      }
      case EXTENDED_KEY_USAGE: {
        const usages = value.enter(Tag.SEQUENCE);
        this.isForServers = false;
        while (!usages.done) {
          const usage = hexOf(usages.contents(Tag.OID));
          if (usage === SERVER_AUTH || usage === ANY_USAGE) this.isForServers = true;
        }
        break;
      }
      default:
        if (isCritical) this.hasUnknownDemand = true;
        return;
    }
    value.finish();
  }

  private addNames(list: DER): void {
    while (!list.done) {
      const { tag } = list;
      const contents = list.contents(tag);
      if (tag === DNS_NAME) {
        let name = "";
        for (let i = 0; i < contents.length; i++) {
          // A name with a NUL in it was made to be read in two ways.
          if (contents[i] <= 0x20 || contents[i] >= 0x7f) throw new Error("malformed: a bad host name");
          name += String.fromCharCode(contents[i]);
        }
        this.names.push(name.toLowerCase());
      } else if (tag === IP_ADDRESS) this.addresses.push(contents);
    }
  }
}

/** Bit 5 of KeyUsage, in its first byte. */
const KEY_CERT_SIGN = 0x04;

/** GeneralName's choices. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

function smallNumber(contents: Uint8Array): number {
  if (contents.length !== 1 || contents[0] >= 0x80) throw new Error("malformed: a bad path length");
  return contents[0];
}
