/** What an update is checked with, on every board of Moddable's. */

import type { UpdateBoard } from "../../ports.js";
import { hash, SHA256 } from "./digest.js";
import { curveKey, verify } from "./ecdsa.js";

export const updateChecks: Pick<UpdateBoard, "digest" | "verify"> = Object.freeze({
  digest: () => new SHA256(),
  verify: (key: Uint8Array, data: Uint8Array, signature: Uint8Array) =>
    verify(curveKey("secp256r1", key), hash("SHA256", data), signature),
});
