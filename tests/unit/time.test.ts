import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { elapsed, remaining, Uptime } from "../../firmware/time.js";

const DAY = 86_400_000;

describe("elapsed", () => {
  it.each([
    ["no wrap", 1_000, 1_500, 500],
    ["the wrap at 2^31", 0x7fff_ffff, -0x8000_0000, 1],
    ["the wrap at 2^31, from an unsigned counter", 0x7fff_fff0, 0x8000_0010, 32],
    ["the wrap at 2^32", -1, 0, 1],
    ["the wrap at 2^32, from an unsigned counter", 0xffff_fff0, 0x10, 32],
    ["a moment before the start", 500, 100, -400],
  ])("is right across %s", (_name, start, end, milliseconds) => {
    expect(elapsed(start, end)).toBe(milliseconds);
  });

  it("gives back any difference below 2^31, wherever it starts", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 0x7fff_ffff }), (start, duration) => {
        expect(elapsed(start, (start + duration) | 0)).toBe(duration);
      }),
    );
  });
});

describe("remaining", () => {
  it("is the whole period at its start, less by each tick, and nothing from its end on", () => {
    const at = [0, 1, 59, 60, 61, 0x7fff_ffff].map((passed) => remaining(1_000, 60, (1_000 + passed) | 0));
    expect(at).toEqual([60, 59, 1, 0, 0, 0]);
  });

  it("is right across both wraps", () => {
    for (const start of [0x7fff_fff0, -0x10]) {
      expect(remaining(start, 60, (start + 40) | 0)).toBe(20);
    }
  });

  it("is nothing where the period began so long ago that it seems to begin later", () => {
    expect(remaining(0, 60, (30 * DAY) | 0)).toBe(0);
    expect(remaining(0, 60, (49 * DAY) | 0)).toBe(0);
  });
});

describe("Uptime", () => {
  it("starts at nothing, whatever the counter says", () => {
    expect(new Uptime(123_456).at(123_456)).toBe(0);
    expect(new Uptime(-5).at(-5)).toBe(0);
  });

  it("goes on for a year without a wrap when it is asked daily", () => {
    const start = 0x7fff_0000;
    const uptime = new Uptime(start);
    for (let day = 1; day <= 365; day++) expect(uptime.at((start + day * DAY) | 0)).toBe(day * DAY);
  });

  it("stays where it is when asked twice at the same moment", () => {
    const uptime = new Uptime(0);
    expect([uptime.at(70), uptime.at(70), uptime.at(71)]).toEqual([70, 70, 71]);
  });
});
