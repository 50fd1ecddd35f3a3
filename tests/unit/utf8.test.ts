import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readUTF8, utf8Length, writeUTF8 } from "../../firmware/codec/utf8.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What `TextDecoder` makes of the bytes; `undefined` where it refuses them or where MQTT refuses U+0000. */
function reference(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function encode(text: string): Uint8Array {
  const into = new Uint8Array(utf8Length(text));
  expect(writeUTF8(into, 0, text)).toBe(into.length);
  return into;
}

const isSurrogate = (unit: number | undefined) => unit !== undefined && unit >= 0xd800 && unit < 0xe000;

/** Any UTF-16 at all, unpaired surrogates included. */
const anyText = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.integer({ min: 0xd7fe, max: 0xe001 }),
    fc.integer({ min: 0, max: 0x801 }),
  ),
);

/** Bytes that are often nearly well-formed. */
const nearlyText = fc
  .array(fc.oneof(fc.constantFrom(0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0x8f, 0x90), fc.nat(255)), {
    maxLength: 8,
  })
  .map((bytes) => Uint8Array.from(bytes));

describe("UTF-8", () => {
  it("writes what TextEncoder writes, in as many bytes as it foretold", () => {
    fc.assert(
      fc.property(anyText, (units) => {
        const text = String.fromCharCode(...units);
        expect(encode(text)).toEqual(encoder.encode(text));
      }),
      { numRuns: 500 },
    );
  });

  it("writes a text whose units are whole code points, as XS has them", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff })), (points) => {
        const text = { length: points.length, charCodeAt: (at: number) => points[at] } as unknown as string;
        const single = points.map((point) => (isSurrogate(point) ? "\ufffd" : String.fromCodePoint(point)));
        // Two surrogates that stand side by side are a pair in one place and none in the other.
        fc.pre(points.every((point, at) => !isSurrogate(point) || !isSurrogate(points[at + 1])));
        expect(encode(text)).toEqual(encoder.encode(single.join("")));
      }),
    );
  });

  it("reads what TextDecoder reads and refuses what it refuses", () => {
    fc.assert(
      fc.property(nearlyText, (bytes) => {
        expect(readUTF8(bytes, 0, bytes.length)).toBe(reference(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it("reads back every text without U+0000 and unpaired surrogates", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const bytes = encode(text);
        expect(readUTF8(bytes, 0, bytes.length)).toBe(text.includes("\0") ? undefined : text);
      }),
    );
  });

  it("writes at the place it is given and touches nothing else", () => {
    const into = new Uint8Array(8).fill(0xaa);
    expect(writeUTF8(into, 2, "°C")).toBe(5);
    expect([...into]).toEqual([0xaa, 0xaa, 0xc2, 0xb0, 0x43, 0xaa, 0xaa, 0xaa]);
  });

  it("reads only the bytes between its two places", () => {
    const bytes = encoder.encode("ab21.4°cd");
    expect(readUTF8(bytes, 2, 8)).toBe("21.4°");
    expect(readUTF8(bytes, 2, 2)).toBe("");
  });

  it("writes U+FFFD in place of an unpaired surrogate", () => {
    expect(encode("a\ud800b\udc00")).toEqual(encoder.encode("a\ufffdb\ufffd"));
  });

  it.each([
    ["U+0000", [0x41, 0x00]],
    ["U+0000 as two bytes", [0xc0, 0x80]],
    ["an overlong slash of two bytes", [0xc0, 0xaf]],
    ["an overlong slash of three bytes", [0xe0, 0x80, 0xaf]],
    ["an overlong slash of four bytes", [0xf0, 0x80, 0x80, 0xaf]],
    ["the last that two bytes hold, in three", [0xe0, 0x9f, 0xbf]],
    ["the last that three bytes hold, in four", [0xf0, 0x8f, 0xbf, 0xbf]],
    ["the first surrogate", [0xed, 0xa0, 0x80]],
    ["the last surrogate", [0xed, 0xbf, 0xbf]],
    ["a pair of surrogates (CESU-8)", [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
    ["a point beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a lead of a five-byte form", [0xf8, 0x88, 0x80, 0x80, 0x80]],
    ["a continuation without a lead", [0x80]],
    ["two bytes cut to one", [0xc3]],
    ["three bytes cut to two", [0xe2, 0x82]],
    ["four bytes cut to three", [0xf0, 0x9f, 0x98]],
    ["a lead before a letter", [0xc3, 0x41]],
    ["0xFF", [0xff]],
  ])("refuses %s", (_name, bytes) => {
    expect(readUTF8(Uint8Array.from(bytes), 0, bytes.length)).toBeUndefined();
  });

  it("refuses a character that goes on behind the end, though its bytes are there", () => {
    const bytes = encoder.encode("€");
    expect(readUTF8(bytes, 0, 2)).toBeUndefined();
    expect(readUTF8(bytes, 0, 3)).toBe("€");
  });

  it.each([
    ["U+0001", "\u0001"],
    ["U+007F", "\u007f"],
    ["U+0080", "\u0080"],
    ["U+07FF", "\u07ff"],
    ["U+0800", "\u0800"],
    ["U+D7FF, the last before the surrogates", "\ud7ff"],
    ["U+E000, the first behind them", "\ue000"],
    ["U+FEFF, which is kept at the beginning too [MQTT-1.5.3-3]", "\ufeff"],
    ["U+FFFF", "\uffff"],
    ["U+10000", "\u{10000}"],
    ["U+10FFFF", "\u{10ffff}"],
  ])("takes %s both ways", (_name, text) => {
    const bytes = encode(text);
    expect(bytes).toEqual(encoder.encode(text));
    expect(readUTF8(bytes, 0, bytes.length)).toBe(text);
  });
});
