/**
 * The image of the simulated device, as it lies in a slot of its flash and as an update brings it: one line of ASCII,
 * `HEARTH-IMAGE host <version> <bytes of the code> <SHA-256 of the code>`, and the code, a script that defines `firmware`.
 */

import { createHash } from "node:crypto";
import vm from "node:vm";
import type { Firmware } from "./firmware-image.js";

/** The kind of device that these images are for. */
export const HOST = "host";

/** Bytes of the longest first line, its end included. */
export const LONGEST_HEADER = 128;

const VERSION = /(?:0|[1-9]\d{0,4})(?:\.(?:0|[1-9]\d{0,4})){2}/;
const HEADER = new RegExp(`^HEARTH-IMAGE ${HOST} (${VERSION.source}) (\\d{1,10}) ([0-9a-f]{64})$`);

/** What the first line says. */
export interface ImageHeader {
  readonly version: string;
  /** Bytes of the first line with its end; the code is behind it. */
  readonly offset: number;
  /** Bytes of the code. */
  readonly length: number;
  /** SHA-256 of the code, in lower-case hexadecimal digits. */
  readonly digest: string;
}

export interface Image extends ImageHeader {
  readonly code: string;
}

/**
 * @param version as `0.2.0`
 * @param code a script that defines `firmware`; it is taken as it is, sound or not
 * @throws RangeError for a version that is none
 */
export function makeImage(version: string, code: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(code);
  const header = `HEARTH-IMAGE ${HOST} ${version} ${bytes.length} ${sha256(bytes)}`;
  if (!HEADER.test(header))
    throw new RangeError(`version "${version}" is none: allowed is x.y.z, such as 0.2.0`);
  return Uint8Array.from(Buffer.concat([Buffer.from(`${header}\n`), bytes]));
}

/**
 * @param bytes the beginning of an image, of at least `LONGEST_HEADER` bytes or all of it
 * @throws Error in one line where it is none
 */
export function parseHeader(bytes: Uint8Array): ImageHeader {
  const end = bytes.subarray(0, LONGEST_HEADER).indexOf(0x0a);
  const match = end < 0 ? undefined : HEADER.exec(Buffer.from(bytes.subarray(0, end)).toString("latin1"));
  if (!match) throw new Error("no image of the simulated device: its first line is none");
  const [, version, length, digest] = match;
  return { version, offset: end + 1, length: Number(length), digest };
}

/**
 * @param bytes an image; what follows it, as in a slot, does not matter
 * @throws Error in one line where it is none, or not what its first line says
 */
export function parseImage(bytes: Uint8Array): Image {
  const header = parseHeader(bytes);
  const { offset, length, digest } = header;
  if (bytes.length < offset + length)
    throw new Error(`the image is cut off: ${bytes.length} of ${offset + length} bytes`);
  const code = bytes.subarray(offset, offset + length);
  if (sha256(code) !== digest) throw new Error("the image is damaged: its digest is another");
  return { ...header, code: Buffer.from(code).toString("utf8") };
}

/**
 * Runs an image's code, which has all that Node has: whoever signed it is trusted. It may throw anything, and may never
 * return.
 * @throws Error as `parseImage`, and where the code exports no firmware
 */
export function evaluateImage(bytes: Uint8Array): Firmware {
  const { version, code } = parseImage(bytes);
  const run = vm.compileFunction(`${code}\nreturn firmware;`, [], { filename: `firmware-${version}.js` });
  const firmware = run() as Partial<Firmware> | undefined;
  if (typeof firmware?.boot !== "function")
    throw new Error("the image's code is no firmware: it has no boot");
  return firmware as Firmware;
}

/** In lower-case hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const evaluated = new Map<string, Firmware>();

/**
 * As `evaluateImage`, once for each image: the firmware's modules hold no state, so that many devices can share them.
 * What throws is run again each time.
 */
export function sharedFirmware(image: Uint8Array): Firmware {
  const { version, digest } = parseHeader(image);
  const name = `${version} ${digest}`;
  const firmware = evaluated.get(name) ?? evaluateImage(image);
  evaluated.set(name, firmware);
  return firmware;
}
