import { bytesOf } from "../../chips/options.js";

/** Moddable's module `hex`. */
const Hex = {
  toString(buffer: ArrayBufferLike | ArrayBufferView, separator = ""): string {
    return [...bytesOf(buffer)]
      .map((byte) => byte.toString(16).padStart(2, "0").toUpperCase())
      .join(separator);
  },

  toBuffer(text: string, separator = ""): ArrayBuffer {
    const digits = separator === "" ? text : text.replaceAll(separator, "");
    if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`"${text}" is not hexadecimal`);
    return Uint8Array.from(Buffer.from(digits, "hex")).buffer;
  },
};

export default Hex;
