import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Exponential } from "../../firmware/pipeline/exponential.js";
import { Median } from "../../firmware/pipeline/median.js";

function naiveMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const run = (filter: { process(value: number): number }, values: readonly number[]) =>
  values.map((value) => filter.process(value));

describe("Median", () => {
  it("is the median of the last values in its window, whatever they are", () => {
    const few = fc.integer({ min: -3, max: 3 });
    const any = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 31 }),
        fc.array(fc.oneof(few, any), { maxLength: 100 }),
        (size, values) => {
          const median = new Median(size);
          values.forEach((value, i) => {
            const window = values.slice(Math.max(0, i + 1 - size), i + 1);
            expect(median.process(value) - naiveMedian(window)).toBe(0);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("takes out two spikes of five", () => {
    expect(run(new Median(5), [21, 21, 21, 85, -127, 21, 21])).toEqual([21, 21, 21, 21, 21, 21, 21]);
  });

  it("is the mean of the middle two until an odd window is full", () => {
    expect(run(new Median(3), [10, 20, 30, 40])).toEqual([10, 15, 20, 30]);
  });

  it("passes everything with a window of one", () => {
    expect(run(new Median(1), [3, 1, 2])).toEqual([3, 1, 2]);
  });

  it("keeps two filters apart", () => {
    const one = new Median(3);
    run(one, [100, 100, 100]);
    expect(new Median(3).process(5)).toBe(5);
  });
});

describe("Exponential", () => {
  it("starts at the first value", () => {
    expect(new Exponential(0.1).process(21.4)).toBe(21.4);
  });

  it("moves by its fraction of the difference", () => {
    expect(run(new Exponential(0.5), [0, 8, 8, 0])).toEqual([0, 4, 6, 3]);
  });

  it("follows at once with a weight of 1", () => {
    expect(run(new Exponential(1), [3, 1, 2])).toEqual([3, 1, 2]);
  });

  it("stays between the least and the greatest value it was given", () => {
    const values = fc.array(fc.double({ min: -200, max: 850, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 1, noNaN: true }), values, (alpha, given) => {
        const filter = new Exponential(alpha);
        for (const value of given) {
          const smooth = filter.process(value);
          expect(smooth).toBeGreaterThanOrEqual(Math.min(...given) - 1e-9);
          expect(smooth).toBeLessThanOrEqual(Math.max(...given) + 1e-9);
        }
      }),
    );
  });

  it("is where the formula says after ten values: 1 - 0.9^10 of the way", () => {
    const filter = new Exponential(0.1);
    filter.process(0);
    expect(run(filter, new Array(10).fill(1)).at(-1)).toBeCloseTo(1 - 0.9 ** 10, 12);
  });
});
