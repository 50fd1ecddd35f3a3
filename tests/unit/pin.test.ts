import { describe, expect, it } from "@jest/globals";
import { parsePin } from "../../firmware/codec/pin.js";

const bytes = Uint8Array.from({ length: 32 }, (_, i) => i * 8);
const hex = Buffer.from(bytes).toString("hex");
const base64 = Buffer.from(bytes).toString("base64");

describe("a pin", () => {
  it.each([
    ["hexadecimal digits", hex],
    ["capital ones", hex.toUpperCase()],
    ["pairs with colons, as openssl prints them", hex.replace(/..(?!$)/g, "$&:")],
    ["base64", base64],
    ["base64 without its padding", base64.slice(0, -1)],
    ["curl's form", `sha256//${base64}`],
  ])("may be %s", (_what, text) => {
    expect(parsePin(text)).toEqual(bytes);
  });

  it.each([
    "",
    hex.slice(2),
    `${hex}00`,
    `g${hex.slice(1)}`,
    `${hex.slice(0, -1)}-`,
    base64.slice(4),
    `sha256/${base64}`,
    `sha1//${base64}`,
    `sha256//${hex}`,
    "sha256//",
  ])("is not %j", (text) => {
    expect(parsePin(text)).toBeUndefined();
  });
});
