import { createHash, createPublicKey, verify } from "node:crypto";
import fs from "node:fs";
import { derOf } from "../../firmware/codec/pem.js";
import type { Cryptography } from "../../firmware/tls/trust.js";

/** Node's, for what a device does with Moddable's. */
export const nodeCryptography: Cryptography = {
  digest: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
  verify: ({ hash }, { info }, data, signature) => {
    const key = createPublicKey({ key: Buffer.from(info), format: "der", type: "spki" });
    return verify(`sha${hash}`, data, key, signature);
  },
};

/** The DER of a PEM file. */
export function derFile(file: string): Uint8Array {
  return derOf(fs.readFileSync(file, "utf8")) as Uint8Array;
}
