/** SHA-2 (FIPS 180-4) by the SDK's `crypt`. */

import { Digest as SDKDigest } from "crypt";
import type { Digest } from "../../ports.js";

export type Hash = "SHA256" | "SHA384" | "SHA512";

/** The SDK takes a part of a buffer, which its types leave out. */
const view = (data: Uint8Array) => data as unknown as ArrayBuffer;

/** The digest of what is in memory as a whole. */
export function hash(kind: Hash, data: Uint8Array): ArrayBuffer {
  const digest = new SDKDigest(kind);
  digest.write(view(data));
  return digest.close();
}

/** In pieces. What is abandoned, the collector frees. */
export class SHA256 implements Digest {
  #digest = new SDKDigest("SHA256");

  write(data: Uint8Array): void {
    this.#digest.write(view(data));
  }

  close(): Uint8Array {
    return new Uint8Array(this.#digest.close());
  }
}
