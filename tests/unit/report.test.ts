import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Report } from "../../firmware/pipeline/report.js";

const DAY = 86_400_000;

/** The moments, counted from `start`, at which a sample was reported. */
function reported(
  report: Report,
  samples: readonly (readonly [at: number, value: number])[],
  start = 0,
): number[] {
  return samples.filter(([at, value]) => report.decide(value, (start + at) | 0)).map(([at]) => at);
}

/** The same value every `period`, from 0 up to and including `end`. */
const steady = (period: number, end: number, value = 20): [number, number][] =>
  Array.from({ length: Math.floor(end / period) + 1 }, (_, i) => [i * period, value]);

/** Tick counters at which something wraps during the ten seconds that follow. */
const STARTS: [string, number][] = [
  ["from 0", 0],
  ["across 2^31", 0x7fff_ffff - 3_000],
  ["across 2^32", -3_000],
];

describe("the interval", () => {
  it("reports every value when it is 0", () => {
    expect(reported(new Report(0, 0, 0), steady(1, 5))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(new Report(0, 0, 0).decide(1, 5)).toBe(true);
  });

  it("reports two values of the same moment when it is 0", () => {
    const report = new Report(0, 0, 0);
    expect([report.decide(1, 5), report.decide(1, 5)]).toEqual([true, true]);
  });

  it.each(STARTS)("lets one sample of each interval through, %s", (_name, start) => {
    expect(reported(new Report(5_000, 0, 0), steady(1_000, 20_000), start)).toEqual([
      0, 5_000, 10_000, 15_000, 20_000,
    ]);
  });

  it("does not skip a sample that is slightly early", () => {
    const samples = [0, 4_999, 10_000, 14_998, 20_001, 24_999].map((at): [number, number] => [at, 20]);
    expect(reported(new Report(5_000, 0, 0), samples)).toEqual(samples.map(([at]) => at));
  });

  it("skips a sample that is much too early", () => {
    expect(
      reported(new Report(8_000, 0, 0), [
        [0, 20],
        [6_999, 20],
        [8_000, 20],
      ]),
    ).toEqual([0, 8_000]);
  });

  it("holds on the average also where an early value is within the deadband and the next one is not", () => {
    const samples = steady(1_000, 600_000).map(([at]): [number, number] => [at, 20 + 2 * ((at / 1_000) % 2)]);
    expect(reported(new Report(30_000, 1, 0), samples).length).toBeLessThanOrEqual(21);
  });

  it("reports an early sample in place of the interval's, not beside it", () => {
    expect(reported(new Report(5_000, 0, 0), steady(100, 15_000))).toEqual([0, 4_400, 9_400, 14_400]);
  });

  it("does not let a sample that came late push the next ones out", () => {
    const samples = [0, 5_400, 10_000, 15_300, 20_000].map((at): [number, number] => [at, 20]);
    expect(reported(new Report(5_000, 0, 0), samples)).toEqual(samples.map(([at]) => at));
  });

  it("does not make up for a gap with a burst", () => {
    const samples: [number, number][] = [
      [0, 20],
      ...steady(1_000, 5_000).map(([at]): [number, number] => [60_000 + at, 20]),
    ];
    expect(reported(new Report(5_000, 0, 0), samples)).toEqual([0, 60_000, 65_000]);
  });

  it("holds on the average, however much faster the sensor is and however it jitters", () => {
    const jitter = fc.array(fc.integer({ min: 100, max: 1_500 }), { minLength: 50, maxLength: 300 });
    fc.assert(
      fc.property(jitter, fc.integer({ min: 1_500, max: 10_000 }), fc.integer(), (gaps, interval, start) => {
        let at = 0;
        const samples = gaps.map((gap): [number, number] => {
          at += gap;
          return [at, 20];
        });
        const count = reported(new Report(interval, 0, 0), samples, start).length;
        const span = at - gaps[0];
        expect(count).toBeLessThanOrEqual(span / interval + 1.125);
        expect(count).toBeGreaterThanOrEqual(Math.floor(span / (interval + 1_500)));
      }),
    );
  });
});

describe("the deadband", () => {
  it("reports a value only when it differs enough from the last reported one", () => {
    const values = [20, 20.4, 20.49, 20.5, 20.9, 21, 20.6, 20.5];
    const samples = values.map((value, i): [number, number] => [i * 1_000, value]);
    expect(reported(new Report(0, 0.5, 0), samples)).toEqual([0, 3_000, 5_000, 7_000]);
  });

  it("compares with what was reported, so that a slow drift is seen", () => {
    const samples = Array.from({ length: 21 }, (_, i): [number, number] => [i * 1_000, 20 + i / 8]);
    expect(reported(new Report(0, 1, 0), samples)).toEqual([0, 8_000, 16_000]);
  });

  it("reports a change at once after a long time without one, and keeps the interval after it", () => {
    const samples: [number, number][] = [
      ...steady(1_000, 61_000),
      [62_000, 25],
      [63_000, 20],
      [66_999, 20],
      [67_000, 20],
    ];
    expect(reported(new Report(5_000, 1, 0), samples)).toEqual([0, 62_000, 66_999]);
  });

  it("does not report a large difference before the interval has passed", () => {
    expect(
      reported(new Report(5_000, 1, 0), [
        [0, 20],
        [1_000, 40],
        [5_000, 40],
      ]),
    ).toEqual([0, 5_000]);
  });

  it("reports a change at once also 49.7 days after the last report, where the ticks have come round", () => {
    const change = DAY + 2 ** 32 - DAY / 2;
    const samples = steady(3_600_000, change - 1);
    expect(reported(new Report(DAY, 1, 0), [...samples, [change, 25]])).toEqual([0, change]);
  });

  it("without a heartbeat never reports what does not change", () => {
    expect(reported(new Report(1_000, 0.5, 0), steady(3_600_000, 60 * DAY))).toEqual([0]);
  });
});

describe("the heartbeat", () => {
  it.each(STARTS)("reports an unchanged value every so often, %s", (_name, start) => {
    expect(reported(new Report(1_000, 0.5, 4_000), steady(1_000, 13_000), start)).toEqual([
      0, 4_000, 8_000, 12_000,
    ]);
  });

  it("is counted from the last report, whatever caused it", () => {
    const samples: [number, number][] = [
      [0, 20],
      [3_000, 25],
      [6_000, 25],
      [7_000, 25],
    ];
    expect(reported(new Report(1_000, 0.5, 4_000), samples)).toEqual([0, 3_000, 7_000]);
  });

  it("keeps on for 60 days, across every wrap", () => {
    const at = reported(new Report(10_000, 0.5, 3_600_000), steady(600_000, 60 * DAY), 12_345);
    expect(at.length).toBe(60 * 24 + 1);
    expect(at.every((moment, i) => moment === i * 3_600_000)).toBe(true);
  });
});

describe("after a silence", () => {
  const silences: [string, number][] = [
    ["an hour", 3_600_000],
    ["24 days", 24 * DAY],
    ["25 days, where the ticks look negative", 25 * DAY],
    ["40 days", 40 * DAY],
    ["50 days, where the ticks have come round", 50 * DAY],
  ];

  it.each(silences)("of %s the first value is reported, and the interval holds from it", (_name, silence) => {
    const samples = steady(1_000, 10_000).map(([at, value]): [number, number] => [silence + at, value]);
    expect(reported(new Report(5_000, 0, 0), [[0, 20], ...samples])).toEqual([
      0,
      silence,
      silence + 5_000,
      silence + 10_000,
    ]);
  });

  it.each(silences)("of %s an unchanged value is reported as a heartbeat", (_name, silence) => {
    expect(
      reported(new Report(5_000, 1, 3_600_000), [
        [0, 20],
        [silence, 20],
      ]),
    ).toEqual([0, silence]);
  });

  it("a value is never kept back longer than an interval, whenever it comes", () => {
    const interval = fc.integer({ min: 1, max: DAY });
    const silence = fc.integer({ min: 0, max: 120 * DAY });
    fc.assert(
      fc.property(interval, silence, fc.integer(), (length, pause, start) => {
        const report = new Report(length, 0, 0);
        report.decide(20, start);
        const first = report.decide(20, (start + pause) | 0);
        expect(first || report.decide(20, (start + pause + length) | 0)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
