import { createHash } from "node:crypto";

/** An application image of ESP-IDF in two segments, as esptool makes it: header, segments, checksum, digest. */
export function espImage(content: string | Uint8Array, chip = 0): Buffer {
  const header = Buffer.alloc(24);
  header[0] = 0xe9;
  header[1] = 2;
  header.writeUInt16LE(chip, 12);
  header[23] = 1;
  const segments = [Buffer.from("a segment of code"), Buffer.from(content)].map((data) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(0x3f40_0020, 0);
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data]);
  });
  const body = Buffer.concat([header, ...segments]);
  const padded = Buffer.concat([body, Buffer.alloc(16 - (body.length % 16))]);
  return Buffer.concat([padded, createHash("sha256").update(padded).digest()]);
}
