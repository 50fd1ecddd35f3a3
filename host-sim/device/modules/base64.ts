import { bytesOf } from "../../chips/options.js";

/** Moddable's module `base64`. */
const Base64 = {
  encode(buffer: ArrayBufferLike | ArrayBufferView): string {
    return Buffer.from(bytesOf(buffer)).toString("base64");
  },

  decode(text: string): ArrayBuffer {
    return Uint8Array.from(Buffer.from(`${text}`, "base64")).buffer;
  },
};

export default Base64;
