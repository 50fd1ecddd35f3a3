import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../firmware/codec/duration.js";

describe("parseDuration", () => {
  it.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["250", 250],
    ["0", 0],
    ["0ms", 0],
    ["0.5s", 500],
    [" 10 s", 10_000],
  ])("reads %j as %d ms", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it("rounds to whole milliseconds", () => {
    expect(parseDuration("0.0004s")).toBe(0);
    expect(parseDuration("1.4ms")).toBe(1);
    expect(parseDuration("1.6ms")).toBe(2);
  });

  it.each([
    [""],
    [" "],
    ["s"],
    ["ms"],
    ["-1s"],
    ["-5"],
    ["5 minutes"],
    ["5min"],
    ["5M"],
    ["5S"],
    ["5s5s"],
    ["1m30s"],
    ["1,5s"],
    ["1.2.3s"],
    ["five"],
    ["NaN"],
    ["Infinity"],
    ["-Infinity"],
    ["5µs"],
    ["10s "],
    ["0x10"],
    ["0b11s"],
    ["1e999"],
    ["99999999999999999d"],
  ])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0ms"],
    [1, "1ms"],
    [1_500, "1500ms"],
    [10_000, "10s"],
    [90_000, "90s"],
    [300_000, "5m"],
    [5_400_000, "90m"],
    [7_200_000, "2h"],
    [90_000_000, "25h"],
    [86_400_000, "1d"],
    [65_535_000, "65535s"],
  ])("shows %d ms as %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it("shows what parseDuration reads back exactly", () => {
    const scale = fc.constantFrom(1, 1_000, 60_000, 3_600_000, 86_400_000);
    fc.assert(
      fc.property(fc.nat(1_000_000), scale, (count, unit) => {
        expect(parseDuration(formatDuration(count * unit))).toBe(count * unit);
      }),
    );
  });
});
