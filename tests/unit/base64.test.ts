import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { decodeBase64 } from "../../firmware/codec/base64.js";

const decode = (text: string) => decodeBase64(text, 0, text.length);

describe("base64", () => {
  it("gives back whatever was encoded, with and without its padding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(decode(text)).toEqual(bytes);
        expect(decode(text.replace(/=+$/, ""))).toEqual(bytes);
      }),
    );
  });

  it("passes over the white space that PEM has", () => {
    expect(decode(" aGVs\r\n\tbG8=\n")).toEqual(new Uint8Array(Buffer.from("hello")));
  });

  it("reads a part of a text", () => {
    expect(decodeBase64("!!aGVs!!", 2, 6)).toEqual(new Uint8Array(Buffer.from("hel")));
  });

  it.each(["a", "aGVsb", "aGV$", "aGVs=", "aGV=s", "aGVsbG8==", "aGVsbA=", "-_-_", "aGVsbG8=\0", "é"])(
    "refuses %j",
    (text) => {
      expect(decode(text)).toBeUndefined();
    },
  );

  it("of nothing is nothing", () => {
    expect(decode("")).toEqual(new Uint8Array(0));
  });
});
