import { createPrivateKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { P256_ORDER, parsePublicKey, parseSignature } from "../../firmware/codec/p256.js";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const pemText = publicKey.export({ type: "spki", format: "pem" }) as string;
const der = publicKey.export({ type: "spki", format: "der" });
const point = new Uint8Array(der.subarray(26));

const ONE = "1".padStart(64, "0");
const ZERO = "0".repeat(64);
const SOME = "8".repeat(64);
const LAST = P256_ORDER.replace(/1$/, "0");

describe("a signature as text", () => {
  it("is the bytes that node:crypto signed", () => {
    const data = Buffer.from("some line");
    const bytes = sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
    const parsed = parseSignature(bytes.toString("hex"));
    expect(parsed).toEqual(new Uint8Array(bytes));
    expect(verify("sha256", data, { key: publicKey, dsaEncoding: "ieee-p1363" }, parsed as Uint8Array)).toBe(
      true,
    );
  });

  it.each([
    ["the smallest numbers", ONE + ONE],
    ["the largest numbers", LAST + LAST],
    [
      "a number whose first half is the order's, and its second below",
      P256_ORDER.replace(/bce6/, "bce5") + SOME,
    ],
  ])("has %s", (_what, hex) => {
    expect(parseSignature(hex)).toEqual(new Uint8Array(Buffer.from(hex, "hex")));
  });

  it.each([
    ["nothing", ""],
    ["all zero", ZERO + ZERO],
    ["r of zero", ZERO + SOME],
    ["s of zero", SOME + ZERO],
    ["r of the order", P256_ORDER + SOME],
    ["s of the order", SOME + P256_ORDER],
    ["r above the order", P256_ORDER.replace(/1$/, "2") + SOME],
    ["s of nothing but ones", SOME + "f".repeat(64)],
    ["a digit too few", (SOME + SOME).slice(1)],
    ["a digit too many", `${SOME + SOME}8`],
    ["two digits too many", `${SOME + SOME}88`],
    ["an upper-case digit", `A${SOME.slice(1)}${SOME}`],
    ["a letter beyond the digits", `${SOME}${SOME.slice(1)}g`],
    ["what stands behind 9", `:${SOME.slice(1)}${SOME}`],
    ["what stands before a", `${SOME}\`${SOME.slice(1)}`],
    ["white space", ` ${SOME.slice(1)}${SOME}`],
    ["a sign", `${SOME}-${SOME.slice(1)}`],
    ["a digit of another script", `${SOME}٣${SOME.slice(1)}`],
  ])("is refused with %s", (_what, hex) => {
    expect(parseSignature(hex)).toBeUndefined();
  });
});

describe("a public key as text", () => {
  it.each([
    ["PEM", pemText],
    ["PEM with line ends of another system", pemText.replaceAll("\n", "\r\n")],
    ["the base64 of its DER in one line", der.toString("base64")],
  ])("is taken as %s", (_what, text) => {
    expect(parsePublicKey(text)).toEqual(point);
  });

  it("owns its bytes", () => {
    expect(parsePublicKey(pemText)?.buffer.byteLength).toBe(65);
  });

  const changed = (at: number, byte: number) => {
    const bytes = Buffer.from(der);
    bytes[at] = byte;
    return bytes.toString("base64");
  };
  const ofCurve = (namedCurve: string) =>
    generateKeyPairSync("ec", { namedCurve }).publicKey.export({ type: "spki", format: "pem" }) as string;

  it.each<[string, string]>([
    ["nothing", ""],
    ["words", "my key"],
    ["a key on P-384", ofCurve("secp384r1")],
    ["a key on secp256k1, which is as long less three bytes", ofCurve("secp256k1")],
    [
      "a key of Ed25519",
      generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }) as string,
    ],
    ["the private key", privateKey.export({ type: "pkcs8", format: "pem" }) as string],
    [
      "a private key of the old form",
      createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })).export({
        type: "sec1",
        format: "pem",
      }) as string,
    ],
    ["the point alone", Buffer.from(point).toString("base64")],
    ["a byte too few", der.subarray(0, 90).toString("base64")],
    ["a byte too many", Buffer.concat([der, Buffer.of(0)]).toString("base64")],
    ["two keys", pemText + pemText],
    ["a point that claims to be compressed", changed(26, 0x02)],
    ["another curve of the same length", changed(22, 0x08)],
    ["a bit string that is not of whole bytes", changed(25, 0x01)],
    ["another element in front", changed(0, 0x31)],
  ])("is refused where it is %s", (_what, text) => {
    expect(parsePublicKey(text)).toBeUndefined();
  });
});
