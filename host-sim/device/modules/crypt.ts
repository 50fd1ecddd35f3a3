import { createHash, type Hash } from "node:crypto";
import { bytesOf } from "../../chips/options.js";

/** Moddable's module `crypt`, of which the digests are here. */
export class Digest {
  #hash: Hash;

  /** @param type as "SHA256"; @throws Error for one that Node has not */
  constructor(type: string) {
    this.#hash = createHash(type.toLowerCase());
  }

  write(data: ArrayBufferLike | ArrayBufferView | string): void {
    this.#hash.update(typeof data === "string" ? data : bytesOf(data));
  }

  close(): ArrayBuffer {
    return Uint8Array.from(this.#hash.digest()).buffer;
  }
}
