/**
 * Certificates and keys as settings have them: PEM (RFC 7468), or the base64 between its lines alone, which fits into
 * one line. Several one after the other are allowed where a setting allows several.
 */

import { decodeBase64 } from "./base64.js";
import { DER, Tag } from "./der.js";

export const enum Content {
  CERTIFICATES,
  /** PrivateKeyInfo, RFC 5208: "BEGIN PRIVATE KEY". */
  PKCS8,
  /** RSAPrivateKey, RFC 8017: "BEGIN RSA PRIVATE KEY". */
  PKCS1,
  /** ECPrivateKey, RFC 5915: "BEGIN EC PRIVATE KEY". */
  SEC1,
  ENCRYPTED_KEY,
  PUBLIC_KEY,
  /** Base64 of something else, or cut short. */
  UNKNOWN,
}

const BEGIN = "-----BEGIN ";
const END = "-----END ";

/**
 * The DER of a text.
 * @returns `undefined` where it is neither PEM nor base64
 */
export function derOf(text: string): Uint8Array | undefined {
  let at = text.indexOf(BEGIN);
  if (at < 0) {
    const bytes = decodeBase64(text, 0, text.length);
    return bytes && bytes.length > 0 ? bytes : undefined;
  }
  const blocks: Uint8Array[] = [];
  let length = 0;
  for (; at >= 0; at = text.indexOf(BEGIN, at)) {
    const label = text.indexOf("-----", at + BEGIN.length);
    const end = text.indexOf(END, at);
    if (label < 0 || end < label) return undefined;
    const name = text.slice(at + BEGIN.length, label);
    const bytes = decodeBase64(text, label + 5, end);
    if (!bytes || bytes.length === 0) return undefined;
    // What `openssl ecparam -genkey` puts in front of a key says nothing that the key does not.
    if (name !== "EC PARAMETERS") {
      blocks.push(bytes);
      length += bytes.length;
    }
    at = end;
  }
  const all = new Uint8Array(length);
  let to = 0;
  for (let i = 0; i < blocks.length; i++) {
    all.set(blocks[i], to);
    to += blocks[i].length;
  }
  return all;
}

/** What some DER is, by its outermost elements. */
export function contentOf(der: Uint8Array): Content {
  try {
    const all = new DER(der);
    let result: Content | undefined;
    while (!all.done) {
      const one = outerContent(all.enter(Tag.SEQUENCE));
      // Several are allowed of certificates alone.
      if (result !== undefined && (one !== result || one !== Content.CERTIFICATES)) return Content.UNKNOWN;
      result = one;
    }
    return result ?? Content.UNKNOWN;
  } catch {
    return Content.UNKNOWN;
  }
}

function outerContent(level: DER): Content {
  const first = level.tag;
  level.skip();
  const second = level.tag;
  while (!level.done) level.skip();
  if (first === Tag.SEQUENCE) {
    if (second === Tag.SEQUENCE) return Content.CERTIFICATES;
    if (second === Tag.OCTET_STRING) return Content.ENCRYPTED_KEY;
    if (second === Tag.BIT_STRING) return Content.PUBLIC_KEY;
  } else if (first === Tag.INTEGER) {
    if (second === Tag.SEQUENCE) return Content.PKCS8;
    if (second === Tag.INTEGER) return Content.PKCS1;
    if (second === Tag.OCTET_STRING) return Content.SEC1;
  }
  return Content.UNKNOWN;
}

/** The elements of some DER one by one: the certificates of a setting. The bytes are shared. */
export function elementsOf(der: Uint8Array): Uint8Array[] {
  const all = new DER(der);
  const elements: Uint8Array[] = [];
  while (!all.done) elements.push(all.whole(Tag.SEQUENCE));
  return elements;
}
