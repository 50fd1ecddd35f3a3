import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import type { Slots } from "../../firmware/ports.js";
import { updateBoard } from "../../host-sim/boot/update-board.js";

const board = updateBoard({} as Slots);

describe("what a simulated device checks an update with", () => {
  it("has a digest in pieces: SHA-256", () => {
    const data = Buffer.from("abc".repeat(1_000));
    const digest = board.digest();
    for (let at = 0; at < data.length; at += 7) digest.write(data.subarray(at, at + 7));
    expect(Buffer.from(digest.close()).toString("hex")).toBe(createHash("sha256").update(data).digest("hex"));
    // FIPS 180-4's example.
    const abc = board.digest();
    abc.write(Buffer.from("abc"));
    expect(Buffer.from(abc.close()).toString("hex")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("takes a signature of the key, and none with a bit turned over", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    const point = Buffer.concat([
      Buffer.of(4),
      Buffer.from(x as string, "base64url"),
      Buffer.from(y as string, "base64url"),
    ]);
    const data = Buffer.from("signed");
    const signature = sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
    expect(board.verify(point, data, signature)).toBe(true);
    for (let bit = 0; bit < 512; bit += 5) {
      const flipped = Uint8Array.from(signature);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      expect(board.verify(point, data, flipped)).toBe(false);
    }
    expect(board.verify(point, Buffer.from("Signed"), signature)).toBe(false);
    expect(board.verify(point, data, new Uint8Array(64))).toBe(false);
    const elsewhere = Uint8Array.from(point);
    elsewhere[64] ^= 1;
    // Not on the curve.
    expect(board.verify(elsewhere, data, signature)).toBe(false);
  });

  it("is of the kind that the images are of", () => {
    expect(board.kind).toBe("host");
  });
});
