import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { DER, Tag } from "../../firmware/codec/der.js";
import { parseCertificate } from "../../firmware/tls/certificate.js";
import { CERTIFICATE } from "../support/keys.js";

const der = (...bytes: number[]) => new DER(Uint8Array.from(bytes));
const padded = (length: number, ...header: number[]) => {
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  return new DER(bytes);
};

describe("DER", () => {
  it("is walked element by element, and into elements", () => {
    const all = der(0x30, 5, 0x02, 1, 7, 0x04, 0, 0x01, 1, 0xff);
    const inside = all.enter(Tag.SEQUENCE);
    expect(inside.contents(Tag.INTEGER)).toEqual(Uint8Array.of(7));
    expect([inside.tag, inside.done]).toEqual([Tag.OCTET_STRING, false]);
    expect(inside.whole(Tag.OCTET_STRING)).toEqual(Uint8Array.of(4, 0));
    expect([inside.tag, inside.done]).toEqual([0, true]);
    expect(() => all.finish()).toThrow("more than expected");
    all.take(Tag.BOOLEAN).finish();
  });

  it("has lengths of one to three bytes", () => {
    for (const [length, ...bytes] of [
      [127, 127],
      [128, 0x81, 128],
      [255, 0x81, 255],
      [256, 0x82, 1, 0],
      [65_536, 0x83, 1, 0, 0],
    ]) {
      expect(padded(length, 4, ...bytes).contents(Tag.OCTET_STRING).length).toBe(length);
    }
  });

  it("refuses a length that is not in its shortest form, without end, or larger than what is there", () => {
    for (const bytes of [
      [4, 0x81, 127],
      [4, 0x82, 0, 200],
      [4, 0x83, 0, 1, 0],
      [4, 0x80],
      [4, 0x84, 0, 0, 0, 1],
      [4, 0x85, 1, 0, 0, 0, 1],
      [4, 0xff],
    ]) {
      expect(() => padded(300, ...bytes).take(Tag.OCTET_STRING)).toThrow("malformed");
    }
    for (const bytes of [[4], [4, 1], [4, 2, 0], [4, 0x81], [4, 0x82, 1], [4, 0x82, 1, 0]]) {
      expect(() => der(...bytes).take(Tag.OCTET_STRING)).toThrow("malformed");
    }
    // What surrounds an element is its limit, not the buffer.
    const inside = der(0x30, 3, 0x04, 2, 1, 2, 3).enter(Tag.SEQUENCE);
    expect(() => inside.take(Tag.OCTET_STRING)).toThrow("malformed");
  });

  it("refuses another element than the one that is expected, and one where there is none", () => {
    expect(() => der(2, 1, 0).take(Tag.OCTET_STRING)).toThrow("unexpected");
    expect(() => der().take(0)).toThrow("unexpected");
    expect(() => der(0, 0).take(0)).toThrow("unexpected");
  });

  it("gives numbers above zero without their sign's byte, and no others", () => {
    expect(der(2, 1, 0x7f).positive()).toEqual(Uint8Array.of(0x7f));
    expect(der(2, 2, 0, 0x80).positive()).toEqual(Uint8Array.of(0x80));
    for (const bytes of [
      [2, 0],
      [2, 1, 0],
      [2, 1, 0x80],
      [2, 2, 0, 0x7f],
    ]) {
      expect(() => der(...bytes).positive()).toThrow("bad number");
    }
  });

  it("gives the bytes of a bit string of whole bytes", () => {
    expect(der(3, 3, 0, 1, 2).bits()).toEqual(Uint8Array.of(1, 2));
    expect(() => der(3, 0).bits()).toThrow("bad bit string");
    expect(() => der(3, 2, 1, 2).bits()).toThrow("bad bit string");
  });
});

describe("a certificate that is damaged", () => {
  const good = new Uint8Array(Buffer.from(CERTIFICATE, "base64"));

  it("is refused, or still read, but nothing else happens", () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const bytes = good.slice();
        bytes[at] = value;
        try {
          parseCertificate(bytes);
        } catch (error) {
          expect((error as Error).message).toMatch(/^malformed: /);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is refused with anything more inside of what is signed", () => {
    const element = (...contents: number[]) => [
      0x30,
      0x82,
      contents.length >> 8,
      contents.length & 0xff,
      ...contents,
    ];
    const outer = new DER(good).enter(Tag.SEQUENCE);
    const signed = Array.from(outer.contents(Tag.SEQUENCE));
    const rest = Array.from(good.subarray(outer.stop));
    const of = (...contents: number[]) => Uint8Array.from(element(...element(...contents), ...rest));
    expect(of(...signed)).toEqual(good);
    expect(() => parseCertificate(of(...signed, 5, 0))).toThrow("malformed: more than expected");
  });

  it("is refused wherever it is cut, and with anything behind it", () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => parseCertificate(good.slice(0, length))).toThrow("malformed");
    }
    expect(() => parseCertificate(Uint8Array.of(...good, 0))).toThrow("malformed");
  });
});
