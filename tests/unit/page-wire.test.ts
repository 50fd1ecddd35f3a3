import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { brokerOf, deviceOf, devicesOf, historyOf, readingOf } from "../../page/wire.js";

describe("what the server says", () => {
  it("is taken as it is where it is right", () => {
    const device = deviceOf({
      base: "home/a",
      status: "online",
      lastSeen: 5,
      readings: { temperature: { value: 21.4, time: 3, received: 4 } },
      diagnostics: { uptime: 7, version: "0.1.0", odd: { nested: 1 }, nothing: null },
      climate: { mode: "cool", target: 19, action: "cooling" },
    });
    expect(device).toEqual({
      base: "home/a",
      status: "online",
      lastSeen: 5,
      readings: new Map([["temperature", { value: 21.4, time: 3, received: 4 }]]),
      diagnostics: new Map<string, unknown>([
        ["uptime", 7],
        ["version", "0.1.0"],
      ]),
      climate: { mode: "cool", target: 19, action: "cooling" },
    });
  });

  it("loses what is no number, no mode and no base, and keeps the rest", () => {
    expect(deviceOf({ readings: {} })).toBeUndefined();
    const odd = { base: "b", status: "so-so", lastSeen: "x", readings: { t: { value: null, time: 1 } } };
    expect(deviceOf({ ...odd, climate: { mode: "turbo", target: "19", action: 3 } })).toEqual({
      base: "b",
      status: null,
      lastSeen: null,
      readings: new Map(),
      diagnostics: null,
      climate: { mode: null, target: null, action: null },
    });
    expect(devicesOf([null, 3, odd, { base: "c" }]).map(({ base }) => base)).toEqual(["b", "c"]);
    expect(readingOf({ base: "b", quantity: "t", time: 1, value: "NaN" })).toBeUndefined();
    expect(readingOf({ base: "b", quantity: "t", time: 1, value: 2, late: 1 })).toMatchObject({
      late: false,
      was: null,
    });
    expect(brokerOf({ connected: "yes" })).toBeUndefined();
  });

  it("is history in order, of readings or of buckets, without rows that are none", () => {
    expect(historyOf({ bucket: 0, rows: [[2, 5], [1, 4], [3, null], "x", [null, 4]] })).toEqual({
      bucket: 0,
      rows: [
        { time: 1, low: 4, mean: 4, high: 4, count: 1 },
        { time: 2, low: 5, mean: 5, high: 5, count: 1 },
      ],
    });
    expect(
      historyOf({
        bucket: 60,
        rows: [
          [0, 1, 2, 3, 4],
          [60, 1, 2],
        ],
      }),
    ).toEqual({
      bucket: 60,
      rows: [{ time: 0, low: 1, mean: 2, high: 3, count: 4 }],
    });
  });

  it("never throws, whatever it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        for (const check of [deviceOf, devicesOf, readingOf, historyOf, brokerOf]) check(json);
        devicesOf([{ base: "b", readings: json, diagnostics: json, climate: json }]);
        historyOf({ bucket: json, rows: [json, [json, json, json, json]] });
      }),
    );
  });
});
