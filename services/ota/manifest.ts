/** What is published at `<base>/update`: a line of JSON, and its signature. */

import { createHash, type KeyObject, sign } from "node:crypto";
import { parseHTTPAddress } from "../../firmware/codec/http-url.js";
import { MESSAGE_LIMIT } from "../../firmware/links/inbox.js";
import { URL_LIMIT } from "../../firmware/update/manifest.js";
import { Problem } from "./problem.js";

export interface Manifest {
  /** What the image was built for, such as `esp32c3`. */
  kind: string;
  version: string;
  /** Bytes of the image. */
  size: number;
  /** Of the image, 64 lower-case hexadecimal digits. */
  sha256: string;
  /** Where the image is. */
  url: string;
  /** ms since 1970. A device takes no manifest that was issued before the last one it took. */
  issued: number;
  /** ms since 1970. */
  expires: number;
  /** What a device must run at least. */
  minimum?: string;
  /** Devices with a newer version may go back to this one. */
  rollback?: true;
}

export interface SignedManifest {
  /** The message's bytes. */
  readonly payload: string;
  /** The first 8 hexadecimal digits of the first line's SHA-256: what devices call it by. */
  readonly id: string;
}

/** @throws Problem where it is longer than a device takes */
export function signManifest(manifest: Manifest, key: KeyObject): SignedManifest {
  const { kind, version, size, sha256, url, issued, expires, minimum, rollback } = manifest;
  const line = JSON.stringify({
    ...{ kind, version, size, sha256, url, issued, expires },
    ...(minimum !== undefined && { minimum }),
    ...(rollback && { rollback }),
  });
  // FIPS 186-5 leaves the form open; IEEE P1363's has a fixed length.
  const signature = sign("sha256", Buffer.from(line), { key, dsaEncoding: "ieee-p1363" }).toString("hex");
  const payload = `${line}\n${signature}`;
  const length = Buffer.byteLength(payload);
  if (length > MESSAGE_LIMIT)
    throw new Problem(
      `the manifest has ${length} bytes, a device takes ${MESSAGE_LIMIT}: give a shorter --url`,
    );
  return { payload, id: createHash("sha256").update(line).digest("hex").slice(0, 8) };
}

/** What is wrong with the address of an image, in words that follow it. */
export function urlProblem(text: string): string | undefined {
  if (Buffer.byteLength(text) > URL_LIMIT) return `it is longer than ${URL_LIMIT} bytes`;
  if (/^https?:\/\/[^/?#]*@/.test(text))
    return "it must have no user and password: everybody at the broker can read it";
  return parseHTTPAddress(text)
    ? undefined
    : "allowed is http[s]://host[:port]/path in visible ASCII characters without #, others as %XX";
}
