import { createHash, createPublicKey, verify } from "node:crypto";
import type { Digest, Slots, UpdateBoard } from "../../firmware/ports.js";
import { HOST } from "./image.js";

/** What a simulated device has that can be updated: its slots, and Node's cryptography. */
export function updateBoard(slots: Slots): UpdateBoard {
  return { kind: HOST, slots, digest: sha256Digest, verify: verifySignature };
}

function sha256Digest(): Digest {
  const hash = createHash("sha256");
  return {
    write: (data) => {
      hash.update(data);
    },
    close: () => Uint8Array.from(hash.digest()),
  };
}

/** As `UpdateBoard.verify`; false also for a key that is no point of the curve. */
function verifySignature(point: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    const coordinate = (start: number) =>
      Buffer.from(point.subarray(start, start + 32)).toString("base64url");
    const jwk = { kty: "EC", crv: "P-256", x: coordinate(1), y: coordinate(33) };
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    return false;
  }
}
