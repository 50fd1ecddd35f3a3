import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseVersion } from "../../firmware/codec/version-number.js";

const part = fc.integer({ min: 0, max: 65_535 });
const version = fc.tuple(part, part, part);

describe("a version number", () => {
  it.each(["", "1", "1.2", "1.2.3.4", "1.2.", ".1.2", "1..2", "..", "v1.2.3", "1.2.3-rc1", "1.2.3+4"])(
    "is not %j",
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );

  it.each([
    "01",
    "00",
    "+1",
    "-1",
    "-0",
    " 1",
    "1 ",
    "1\n",
    "1e3",
    "0x1",
    "1.0",
    "65536",
    "1e-7",
    "Infinity",
  ])("has no part %j", (wrong) => {
    for (const text of [`${wrong}.2.3`, `1.${wrong}.3`, `1.2.${wrong}`])
      expect(parseVersion(text)).toBeUndefined();
  });

  it("has parts from 0 to 65,535", () => {
    expect(parseVersion("0.0.0")).toBe(0);
    expect(parseVersion("0.0.1")).toBe(1);
    expect(parseVersion("0.1.0")).toBe(65_536);
    expect(parseVersion("65535.65535.65535")).toBe(2 ** 48 - 1);
  });

  it("is larger for the later version, part by part", () => {
    const order = (a: readonly number[], b: readonly number[]) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
    fc.assert(
      fc.property(version, version, (a, b) => {
        const difference = (parseVersion(a.join(".")) as number) - (parseVersion(b.join(".")) as number);
        expect(Math.sign(difference)).toBe(Math.sign(order(a, b)));
      }),
    );
  });

  it("of any text is one only where the text is what its parts give", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.e+ -]{0,14}$/), (text) => {
        const isOne = /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(text);
        const isInRange = text.split(".").every((one) => Number(one) <= 65_535);
        expect(parseVersion(text) !== undefined).toBe(isOne && isInRange);
      }),
      { numRuns: 2_000 },
    );
  });
});
