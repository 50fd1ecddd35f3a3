import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { BootTime, elapsed, remaining } from "../../firmware/time.js";

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

describe("the time of a boot", () => {
  const clock = {
    at: 0,
    time: undefined as number | undefined,
    ticks: () => clock.at | 0,
    now: () => clock.time,
  };
  const begin = (ticks: number) => {
    clock.at = ticks;
    clock.time = undefined;
    return new BootTime(clock, 1);
  };

  it("starts at nothing, whatever the counter says", () => {
    expect(begin(123_456).uptime()).toBe(0);
    expect(begin(-5).uptime()).toBe(0);
  });

  it("goes on for a year without a wrap when it is asked daily", () => {
    const time = begin(0x7fff_0000);
    for (let day = 1; day <= 365; day++) {
      clock.at += DAY;
      expect(time.uptime()).toBe(day * DAY);
    }
  });

  it("stays where it is when asked twice at the same moment", () => {
    const time = begin(0);
    clock.at = 70;
    expect([time.uptime(), time.uptime()]).toEqual([70, 70]);
    clock.at = 71;
    expect(time.uptime()).toBe(71);
  });

  it("says when the boot was, as soon as the clock is set", () => {
    const time = begin(1_000);
    clock.at = 6_000;
    expect([time.now(), time.origin()]).toEqual([Number.NaN, Number.NaN]);
    clock.time = 1_795_175_351_184;
    expect([time.now(), time.origin()]).toEqual([1_795_175_351_184, 1_795_175_346_184]);
  });
});
