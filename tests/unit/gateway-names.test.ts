import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { nameOfAddress, nameOfPort, nameProblem, plainAddress } from "../../services/gateway/device-name.js";
import { isBase } from "../../services/server/parse.js";

describe("the name of a device", () => {
  it.each(["attic", "attic-2", "a b", "Dachstuhl ä", "x".repeat(64), "ä".repeat(32), "温度", "a$b", "😀"])(
    "may be %j",
    (name) => {
      expect(nameProblem(name)).toBeUndefined();
    },
  );

  it.each([
    "",
    "x".repeat(65),
    "ä".repeat(33),
    "a/b",
    "+",
    "a#",
    "$SYS",
    "a\0b",
    "a\nb",
    "a\x7f",
    "a\x85",
    "\ud800",
    "a\ufffe",
    "\ufdd0",
    "a\u202egnp",
    "a\u2066",
    "a\u2028b",
    "a\ufffd",
    "gateway",
  ])("may not be %j", (name) => {
    expect(nameProblem(name)).toMatch(/device|gateway/);
  });

  it("never makes more than one level of a topic, nor a filter", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 70 }), (name) => {
        if (nameProblem(name) !== undefined) return;
        expect(`home/${name}/temperature`.split("/")).toHaveLength(3);
        expect(name).not.toMatch(/[+#\0]|^\$/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is one that the server takes too: what was acknowledged would be left out there", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 70 }), (name) => {
        if (nameProblem(name) === undefined) expect(isBase(`home/${name}`)).toBe(true);
      }),
      { numRuns: 5_000, examples: [["a\u202e"], ["a\u2069"], ["\u2028"], ["\u2029"], ["\ufffd"]] },
    );
  });

  it("is made of an address or a port where none is given, and is a good one", () => {
    expect(nameOfAddress("::ffff:192.168.1.7")).toBe("tcp-192-168-1-7");
    expect(nameOfAddress("fe80::1%eth0")).toBe("tcp-fe80--1-eth0");
    expect(nameOfPort("/dev/ttyUSB0")).toBe("serial-ttyUSB0");
    expect(nameOfPort("COM3")).toBe("serial-COM3");
    for (const name of [nameOfAddress(""), nameOfPort(`/dev/${"x".repeat(200)}`), nameOfPort("/dev/a+#$")])
      expect(nameProblem(name)).toBeUndefined();
  });

  it("belongs to an IPv4 address also where it came in by IPv6", () => {
    expect(plainAddress("::FFFF:10.0.0.1")).toBe("10.0.0.1");
    expect(plainAddress("FE80::1")).toBe("fe80::1");
  });
});
