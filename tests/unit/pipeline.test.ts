import { describe, expect, it } from "@jest/globals";
import { Quantity } from "../../firmware/codec/reading.js";
import { Counters } from "../../firmware/monitor.js";
import {
  HUMIDITY_RANGE,
  Pipeline,
  PRESSURE_RANGE,
  rangeOf,
  type Step,
} from "../../firmware/pipeline/pipeline.js";
import { Report } from "../../firmware/pipeline/report.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";

function pipeline(steps: readonly Step[] = [], report = new Report(0, 0, 0)) {
  const clock = new VirtualClock();
  const counters = new Counters();
  const readings: [Quantity, number][] = [];
  const it = new Pipeline(
    Quantity.TEMPERATURE,
    { minimum: -40, maximum: 125 },
    steps,
    report,
    clock,
    counters,
    { record: (quantity, value) => readings.push([quantity, value]) },
  );
  return { clock, counters, readings, pipeline: it };
}

describe("Pipeline", () => {
  it("hands on every value unchanged when nothing is set", () => {
    const { pipeline: line, readings, counters } = pipeline();
    for (const value of [21.437_512_3, -40, 125, 0]) line.process(value);
    expect(readings.map(([, value]) => value)).toEqual([21.437_512_3, -40, 125, 0]);
    expect(readings[0][0]).toBe(Quantity.TEMPERATURE);
    expect(counters.rejected).toBe(0);
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY], [-40.01], [125.01], [-127]])(
    "counts %d and has nothing else of it",
    (value) => {
      const seen: number[] = [];
      const step: Step = {
        process: (given) => {
          seen.push(given);
          return given;
        },
      };
      const { pipeline: line, readings, counters } = pipeline([step]);
      line.process(value);
      expect([readings, seen, counters.rejected]).toEqual([[], [], 1]);
      line.process(20);
      expect([readings.length, seen, counters.rejected]).toEqual([1, [20], 1]);
    },
  );

  it("takes the steps in their order", () => {
    const { pipeline: line, readings } = pipeline([
      { process: (value) => value * 2 },
      { process: (value) => value + 1 },
    ]);
    line.process(10);
    expect(readings).toEqual([[Quantity.TEMPERATURE, 21]]);
  });

  it("feeds the filters with values that are not reported", () => {
    let count = 0;
    const step: Step = { process: (value) => value + 0 * ++count };
    const { pipeline: line, readings, clock } = pipeline([step], new Report(5_000, 0, 0));
    for (let i = 0; i <= 5; i++) {
      line.process(20 + i);
      clock.run(1_000);
    }
    expect(count).toBe(6);
    expect(readings.map(([, value]) => value)).toEqual([20, 25]);
  });

  it("decides on what the steps made of the value", () => {
    const { pipeline: line, readings } = pipeline([{ process: () => 7 }], new Report(0, 1, 0));
    line.process(20);
    line.process(90);
    expect(readings.length).toBe(1);
  });
});

describe("rangeOf", () => {
  it("is the part's for a temperature, and nature's for humidity and pressure", () => {
    const part = { minimum: -55, maximum: 150 };
    expect(rangeOf(Quantity.TEMPERATURE, part)).toBe(part);
    expect(rangeOf(Quantity.HUMIDITY, part)).toBe(HUMIDITY_RANGE);
    expect(rangeOf(Quantity.PRESSURE, part)).toBe(PRESSURE_RANGE);
    expect(HUMIDITY_RANGE).toEqual({ minimum: 0, maximum: 100 });
  });

  it.each([
    ["on Mount Everest", 33_000],
    ["at sea level", 101_325],
    ["in the deepest mine", 120_000],
  ])("has room for the pressure %s, in pascal", (_name, pressure) => {
    expect(pressure).toBeGreaterThan(PRESSURE_RANGE.minimum);
    expect(pressure).toBeLessThan(PRESSURE_RANGE.maximum);
  });

  it("has no room for a pressure in hectopascal", () => {
    expect(1_100).toBeLessThan(PRESSURE_RANGE.minimum);
  });
});
