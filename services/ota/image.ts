/** An image that is ready to be published: its file, and `image.json` beside it, which says what it is. */

import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Problem } from "./problem.js";
import { isVersion } from "./version.js";

export interface ImageFacts {
  /** What it was built for, such as `host` or `esp32c3`. */
  kind: string;
  version: string;
  /** Bytes. */
  size: number;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
  /** Name in the same directory. */
  file: string;
}

export interface Image extends ImageFacts {
  readonly bytes: Buffer;
}

export const FACTS_FILE = "image.json";

const KIND = /^[a-z][a-z0-9]{0,15}$/;

/**
 * Writes an image and what it is into a directory, which is made where it is missing.
 * @throws Problem where they cannot be written
 */
export function writeImage(directory: string, kind: string, version: string, bytes: Uint8Array): ImageFacts {
  const file = `hearth-${kind}-${version}.bin`;
  const facts = { kind, version, size: bytes.length, sha256: digestOf(bytes), file };
  try {
    fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(path.join(directory, file), bytes);
    // Last: what it says is there by then.
    fs.writeFileSync(path.join(directory, FACTS_FILE), `${JSON.stringify(facts, undefined, 2)}\n`);
  } catch (error) {
    throw new Problem(`the image cannot be written: ${(error as Error).message}`);
  }
  return facts;
}

/** @throws Problem where there is none, or its file is another than was built */
export function readImage(directory: string): Image {
  const place = path.join(directory, FACTS_FILE);
  const facts = factsOf(read(place).toString("utf8"));
  if (!facts) throw new Problem(`${place} is not what npm run ota -- build writes: build it again`);
  const file = path.join(directory, facts.file);
  const bytes = read(file);
  if (bytes.length !== facts.size || digestOf(bytes) !== facts.sha256)
    throw new Problem(`${file} is another one than ${FACTS_FILE} says: build it again`);
  return { ...facts, bytes };
}

function read(file: string): Buffer {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Problem(
      code === "ENOENT"
        ? `there is no ${file}: npm run ota -- build --version <x.y.z> --out <dir> makes it`
        : `the image cannot be read: ${message}`,
    );
  }
}

function factsOf(text: string): ImageFacts | undefined {
  let facts: Partial<Record<keyof ImageFacts, unknown>> | null;
  try {
    facts = JSON.parse(text) as typeof facts;
  } catch {
    return undefined;
  }
  const { kind, version, size, sha256, file } = facts ?? {};
  if (typeof kind !== "string" || !KIND.test(kind)) return undefined;
  if (typeof version !== "string" || !isVersion(version)) return undefined;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size <= 0) return undefined;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  if (typeof file !== "string" || path.basename(file) !== file) return undefined;
  return { kind, version, size, sha256, file };
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
