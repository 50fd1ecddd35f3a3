/** The key that signs updates: P-256, as the devices check it. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Problem } from "./problem.js";

const PRIVATE_FILE = "update.key";
const PUBLIC_FILE = "update.pub";

/** OpenSSL's name of P-256. */
const CURVE = "prime256v1";

export interface KeyFiles {
  /** PKCS #8 in PEM, for its owner alone. */
  readonly privateFile: string;
  /** SubjectPublicKeyInfo in PEM. */
  readonly publicFile: string;
}

/**
 * Makes a pair of keys in a directory, which is made where it is missing.
 * @throws Problem where there is one already, which stays, or where it cannot be written
 */
export function makeKeys(directory: string): KeyFiles {
  const files = {
    privateFile: path.join(directory, PRIVATE_FILE),
    publicFile: path.join(directory, PUBLIC_FILE),
  };
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: CURVE,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  try {
    fs.mkdirSync(directory, { recursive: true });
    for (const file of Object.values(files)) if (fs.existsSync(file)) throw isThere(file);
    // "wx": a key that somebody makes at this moment is not overwritten either.
    fs.writeFileSync(files.privateFile, privateKey, { flag: "wx", mode: 0o600 });
    fs.writeFileSync(files.publicFile, publicKey, { flag: "wx", mode: 0o644 });
  } catch (error) {
    if (error instanceof Problem) throw error;
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && fs.existsSync(files.privateFile))
      throw isThere(files.privateFile);
    throw new Problem(`no key can be made in ${directory}: ${(error as Error).message}`);
  }
  return files;
}

function isThere(file: string): Problem {
  return new Problem(`${file} is there already and stays as it is: use that key, or give another directory`);
}

export interface SigningKey {
  readonly key: KeyObject;
  /** Others on this machine may read its file. */
  readonly isExposed: boolean;
}

/** @throws Problem where there is no private key for P-256 in the file */
export function readSigningKey(file: string): SigningKey {
  let text: string;
  let mode: number;
  try {
    text = fs.readFileSync(file, "utf8");
    mode = fs.statSync(file).mode;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Problem(
      code === "ENOENT"
        ? `there is no ${file}: npm run ota -- keygen --out <dir> makes a key`
        : `the key cannot be read: ${message}`,
    );
  }
  const key = keyOf(file, text);
  // Windows has no such modes, and says 666 of everything.
  return { key, isExposed: process.platform !== "win32" && (mode & 0o077) !== 0 };
}

function keyOf(file: string, text: string): KeyObject {
  if (/-----BEGIN PUBLIC KEY-----/.test(text))
    throw new Problem(`${file} is a public key: what signs is the private one beside it, ${PRIVATE_FILE}`);
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: .*ENCRYPTED/m.test(text))
    throw new Problem(
      `${file} is encrypted: openssl pkey -in <file> -out <other file> takes its password off`,
    );
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    throw new Problem(`${file} holds no private key in PEM: npm run ota -- keygen --out <dir> makes one`);
  }
  if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== CURVE)
    throw new Problem(
      `${file} is a key of another kind than ECDSA on P-256: npm run ota -- keygen --out <dir> makes one`,
    );
  return key;
}

/** What a device must be given to take updates of this key: base64 of the public key's DER. */
export function publicText(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64");
}
