import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { writeDecimal, writeDigits } from "../../firmware/codec/decimal.js";

function decimal(value: number): string {
  const bytes = new Uint8Array(32).fill(0x2a);
  const start = writeDecimal(bytes, 30, value);
  expect([bytes[30], bytes[31], bytes[start - 1]]).toEqual([0x2a, 0x2a, 0x2a]);
  return Buffer.from(bytes.subarray(start, 30)).toString("latin1");
}

function digits(value: number, count: number): string {
  const bytes = new Uint8Array(20).fill(0x2a);
  const start = writeDigits(bytes, 20, count, value);
  return Buffer.from(bytes.subarray(start)).toString("latin1");
}

describe("decimal digits without a string", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [21.44, "21.44"],
    [-40.0078125, "-40.0078125"],
    [24.1015625, "24.1015625"],
    [101_325.25, "101325.25"],
    [0.1 + 0.2, "0.30000000000000004"],
    [99.9999999, "99.9999999"],
    [99.99999999, "99.99999999"],
    [1e-6, "0.000001"],
    [5e-7, "5e-7"],
    [1 / 3, "0.3333333333333333"],
    [1e21, "1e+21"],
    [536_870_911.9, "536870911.9"],
    [584_028_953.69, "584028953.69"],
    [899_999_999.1, "899999999.1"],
    [2_147_483_648.5, "2147483648.5"],
    [-Number.MAX_VALUE, String(-Number.MAX_VALUE)],
    [Number.MIN_VALUE, "5e-324"],
  ])("of %d are %s", (value, text) => {
    expect(decimal(value)).toBe(text);
  });

  it("are those of String for every double", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(decimal(value)).toBe(String(value));
      }),
      { numRuns: 3_000 },
    );
  });

  it("are those of String for what sensors give: few decimals, or binary fractions", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
        fc.nat(9),
        fc.nat(12),
        (n, places, bits) => {
          for (const value of [n / 10 ** places, n / 2 ** bits, 5e8 + n / 10 ** places])
            expect(decimal(value)).toBe(String(value));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("are those of a neighbour where one bit is another", () => {
    const view = new DataView(new ArrayBuffer(8));
    for (const value of [21.44, 24.1015625, 100, 0.5, 12345.6789]) {
      for (const step of [-2n, -1n, 1n, 2n]) {
        view.setFloat64(0, value);
        view.setBigInt64(0, view.getBigInt64(0) + step);
        expect(decimal(view.getFloat64(0))).toBe(String(view.getFloat64(0)));
      }
    }
  });

  it("of whole numbers have zeros in front", () => {
    expect(digits(0, 3)).toBe("000");
    expect(digits(42, 5)).toBe("00042");
    expect(digits(1_795_175_351_184, 13)).toBe("1795175351184");
    expect(digits(Number.MAX_SAFE_INTEGER, 16)).toBe("9007199254740991");
    expect(digits(2_147_483_648, 10)).toBe("2147483648");
    expect(digits(95_351_184, 5)).toBe("51184");
  });
});
