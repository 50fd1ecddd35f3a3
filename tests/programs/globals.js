import Base64 from "base64";
import { CRC8, CRC16 } from "crc";
import { Digest } from "crypt";
import Hex from "hex";
import Logical from "logical";
import TextDecoder from "text/decoder";
import Time from "time";
// biome-ignore lint/style/useNodejsImportProtocol: it is Moddable's module of this name
import { URL } from "url";

const bytes = ArrayBuffer.fromString("123456789");
trace(`${String.fromArrayBuffer(bytes.concat(ArrayBuffer.fromString("é")))}\n`);
trace(`${BigInt.fromArrayBuffer(ArrayBuffer.fromBigInt(0x1234n))}\n`);
trace(`${Object.isFrozen(Object.freeze({ inner: {} }, true).inner)}\n`);
// The check values of CRC-8 and CRC-16/ARC in the catalogue of parametrised CRC algorithms.
trace(
  `${new CRC8(7).checksum(bytes).toString(16)} ${new CRC16(0x8005, 0, true, true).checksum(bytes).toString(16)}\n`,
);
const digest = new Digest("SHA256");
digest.write(bytes);
trace(`${Hex.toString(digest.close()).slice(0, 8)} ${Base64.encode(bytes)}\n`);
const masked = Uint8Array.of(1, 2, 3);
Logical.xor(masked, Uint8Array.of(1, 3));
trace(
  `${masked.join()} ${new TextDecoder().decode(new Uint8Array(bytes))} ${new URL("http://a/b").pathname}\n`,
);
trace(`${Number.isInteger(Time.ticks)} ${Time.delta(5, 7)}\n`);
