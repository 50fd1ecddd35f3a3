/**
 * The signed manifest of an update, as it is retained at `<base>/update`: a line of JSON and, below it, the signature of
 * that line's bytes, 128 hexadecimal digits. What is signed is what is there, so nothing has to be written the same way twice.
 */

import { parseHex } from "../codec/hex.js";
import { parseHTTPAddress } from "../codec/http-url.js";
import { parseSignature } from "../codec/p256.js";
import { parseVersion } from "../codec/version-number.js";

export interface Manifest {
  /** What the image was built for, such as `esp32c3`; at most 32 visible characters. */
  readonly kind: string;
  readonly version: string;
  /** Bytes of the image. */
  readonly size: number;
  /** SHA-256 of the image, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Where the image is: `http://` or `https://`, at most 255 characters. */
  readonly url: string;
  /** When it was signed, in milliseconds since 1970: a later manifest has a larger one. */
  readonly issued: number;
  /** From this moment on no device begins with it; milliseconds since 1970. */
  readonly expires: number;
  /** The version that a device must run at least. */
  readonly minimum: string | undefined;
  /** It may go back to an older version. */
  readonly rollback: boolean;
}

/** A payload in its two parts. */
export interface Envelope {
  /** What is signed: a view of the payload. */
  readonly line: Uint8Array;
  /** r and s; `undefined` where what is there can be no signature. */
  readonly signature: Uint8Array | undefined;
}

const LF = 0x0a;

/** Characters of an image's address. */
export const URL_LIMIT = 255;

/** Bytes of a SHA-256. */
const DIGEST_LENGTH = 32;

/** Characters of a kind. */
const KIND_LIMIT = 32;

/** No other name in a manifest is looked at: XS keeps each name that it ever saw. */
const NAMES: readonly string[] = Object.freeze([
  "kind",
  "version",
  "size",
  "sha256",
  "url",
  "issued",
  "expires",
  "minimum",
  "rollback",
]);

/** Splits a payload at its first line's end; one without has no signature. */
export function openEnvelope(payload: Uint8Array): Envelope {
  const end = payload.indexOf(LF);
  if (end < 0) return { line: payload, signature: undefined };
  const hex = asciiOf(payload.subarray(end + 1));
  return { line: payload.subarray(0, end), signature: hex === undefined ? undefined : parseSignature(hex) };
}

/**
 * Reads a line whose signature was right.
 * @throws Error with the first thing that is wrong with it
 */
export function parseManifest(line: Uint8Array): Manifest {
  let fields: Record<string, unknown> | undefined;
  try {
    // A list in second place is XS's own, and Node passes it over.
    fields = JSON.parse(asciiOf(line) ?? "", NAMES as unknown as undefined);
  } catch {
    // It is no JSON.
  }
  if (typeof fields !== "object" || fields === null) throw new Error("the manifest is no JSON object");
  const { kind, version, size, sha256, url, issued, expires, minimum, rollback } = fields;
  check("kind", typeof kind === "string" && isWord(kind));
  check("version", isVersion(version));
  check("size", isWhole(size) && (size as number) > 0);
  check("sha256", typeof sha256 === "string" && parseHex(sha256)?.length === DIGEST_LENGTH);
  check("url", typeof url === "string" && url.length <= URL_LIMIT && parseHTTPAddress(url) !== undefined);
  check("issued", isWhole(issued));
  check("expires", isWhole(expires));
  check("minimum", minimum === undefined || isVersion(minimum));
  check("rollback", rollback === undefined || typeof rollback === "boolean");
  return {
    kind: kind as string,
    version: version as string,
    size: size as number,
    sha256: sha256 as string,
    url: url as string,
    issued: issued as number,
    expires: expires as number,
    minimum: minimum as string | undefined,
    rollback: rollback === true,
  };
}

function check(name: string, isRight: boolean): void {
  if (!isRight) throw new Error(`the manifest's ${name} is missing or wrong`);
}

/** Visible ASCII: it stands in the reasons that people read. */
function isWord(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit <= 0x20 || unit >= 0x7f) return false;
  }
  return text !== "" && text.length <= KIND_LIMIT;
}

function isVersion(value: unknown): boolean {
  return typeof value === "string" && parseVersion(value) !== undefined;
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Text of bytes that are printable ASCII; `undefined` where others are among them. */
function asciiOf(bytes: Uint8Array): string | undefined {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] < 0x20 || bytes[i] > 0x7e) return undefined;
    text += String.fromCharCode(bytes[i]);
  }
  return text;
}
