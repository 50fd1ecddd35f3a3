import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { arrivalOf } from "../../bench/fleet/arrival.js";
import { Latencies } from "../../bench/fleet/latencies.js";
import { Ledger } from "../../bench/fleet/ledger.js";
import { checkOpenFiles } from "../../bench/fleet/open-files.js";
import { Ranges } from "../../bench/fleet/ranges.js";
import { binsOf, drawBins, Moments } from "../../bench/fleet/storm.js";
import { digestOf, noneTaken, type Taken } from "../../bench/fleet/taken.js";

describe("Ranges", () => {
  it("knows what was added, in whatever order, and what is missing", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 })), (values) => {
        const ranges = new Ranges();
        const all = new Set<number>();
        for (const value of values) {
          expect(ranges.add(value)).toBe(!all.has(value));
          all.add(value);
        }
        expect(ranges.size).toBe(all.size);
        const missing = ranges.missing(5, 30).flatMap(([from, to]) => {
          return Array.from({ length: to - from + 1 }, (_, i) => from + i);
        });
        const expected = Array.from({ length: 26 }, (_, i) => 5 + i).filter((value) => !all.has(value));
        expect(missing).toEqual(expected);
        expect(ranges.hasOutside(5, 30)).toBe([...all].some((value) => value < 5 || value > 30));
      }),
    );
  });
});

describe("Latencies", () => {
  it("gives percentiles that are at most 2 % above the exact ones, and the exact maximum", () => {
    const milliseconds = fc.double({ min: 0.02, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(milliseconds, { minLength: 1 }), (values) => {
        const latencies = new Latencies();
        for (const value of values) latencies.add(value);
        const sorted = [...values].sort((one, other) => one - other);
        for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
          const exact = sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1];
          const given = latencies.percentile(share) as number;
          expect(given).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
          expect(given).toBeLessThanOrEqual(exact * 1.021);
        }
        expect(latencies.max).toBe(sorted.at(-1));
      }),
    );
  });

  it("adds what others have counted, and begins anew when that is taken", () => {
    const one = new Latencies();
    const other = new Latencies();
    for (let i = 0; i < 90; i++) one.add(1);
    for (let i = 0; i < 10; i++) other.add(100);
    one.merge(other.take());
    expect(one.count).toBe(100);
    expect(one.percentile(0.9)).toBeCloseTo(1, 1);
    expect(one.percentile(0.91)).toBeCloseTo(100, -1);
    expect([other.count, other.percentile(0.5), other.max]).toEqual([0, undefined, 0]);
  });
});

describe("Moments", () => {
  const moments = (...all: number[]) => {
    const some = new Moments();
    some.add(all);
    return some;
  };

  it("finds the fullest second wherever it begins", () => {
    expect(moments(0, 900, 1_000, 1_100, 1_899, 1_900).largestSecond(0)).toBe(4);
    expect(moments(0, 999).largestSecond(0)).toBe(2);
    expect(moments(0, 1_000).largestSecond(0)).toBe(1);
    expect(moments(0, 10, 20, 5_000).largestSecond(1_000)).toBe(1);
    expect(moments().largestSecond(0)).toBe(0);
  });

  it("counts what came from different processes in between", () => {
    const all = moments(5_000, 7_000);
    all.add([6_000]);
    expect(all.between(5_000, 7_000)).toBe(2);
    expect(all.last).toBe(7_000);
  });

  it("are drawn as a row for each second, attempts in vain in a lighter shade", () => {
    const drawn = drawBins(binsOf(moments(100, 200, 300, 2_500), moments(2_600), 0));
    expect(drawn.map((line) => line.trimEnd())).toEqual([
      "second  attempts  connected",
      `     0         3          0  ${"░".repeat(50)}`,
      "     1         0          0",
      `     2         1          1  ${"█".repeat(17)}`,
    ]);
  });

  it("are drawn in rows of several seconds where a row for each would be too many", () => {
    const { width, bins } = binsOf(moments(0, 170_500), moments(), 0);
    expect([width, bins.length, bins.at(-1)]).toEqual([2, 86, { second: 170, attempts: 1, connects: 0 }]);
  });
});

describe("Ledger", () => {
  /** A node that took so many readings, the n-th of them n hundredths. */
  function taken(count: number, epoch = 0xabc): Taken {
    const all = { ...noneTaken(), first: 1, last: count, count, epoch };
    for (let seq = 1; seq <= count; seq++) all.digest = (all.digest + digestOf(seq, seq)) >>> 0;
    return all;
  }
  const settle = (arrivals: readonly (readonly [number, number?, string?])[], of = taken(5)) => {
    const ledger = new Ledger();
    for (const [seq, hundredths = seq, epoch = "00000abc"] of arrivals)
      ledger.arrive("a", { seq, hundredths, epoch });
    return ledger.settle(new Map([["a", of]]));
  };
  const all = [[1], [2], [3], [4], [5]] as const;

  it("finds nothing wrong where everything came, in whatever order and however often", () => {
    expect(settle([[2], [1], [5], [3], [4], [4]])).toEqual({
      taken: 5,
      arrived: 5,
      duplicates: 1,
      lost: 0,
      problems: [],
    });
    expect(settle([], noneTaken())).toMatchObject({ taken: 0, lost: 0, problems: [] });
  });

  it("names the readings that never came", () => {
    const { lost, problems } = settle([[1], [4]]);
    expect(lost).toBe(3);
    expect(problems).toEqual(["a: 3 of 5 readings never came: #2 to #3, #5"]);
    expect(settle([])).toMatchObject({ lost: 5, problems: ["a: 5 of 5 readings never came: #1 to #5"] });
  });

  it.each<[string, readonly (readonly [number, number?, string?])[], RegExp]>([
    ["a value that was not measured", [...all.slice(0, 4), [5, 6]], /not the values/],
    ["a reading that was not taken", [...all, [6]], /it has not taken: it has #1 to #5/],
    ["a reading of another epoch", [...all, [3, 3, "00000def"]], /of another epoch .* than 00000abc/],
  ])("finds %s", (_what, arrivals, problem) => {
    const { problems } = settle(arrivals);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it("finds numbers that a node has left out, and readings of nobody", () => {
    expect(settle(all, { ...taken(5), count: 4 }).problems[0]).toMatch(/4 readings have the numbers/);
    const ledger = new Ledger();
    ledger.arrive("b", { seq: 1, hundredths: 1, epoch: "00000abc" });
    expect(ledger.settle(new Map()).problems).toEqual(["b: readings came, and no such node was started"]);
  });
});

describe("arrivalOf", () => {
  it("takes a reading, live or late, and nothing else", () => {
    const reading = '"temperature":0.57,"time":1795175351184,"seq":57,"epoch":"5f3a09c1"';
    const arrival = { seq: 57, hundredths: 57, epoch: "5f3a09c1" };
    expect(arrivalOf(`{${reading}}`)).toEqual(arrival);
    expect(arrivalOf(`{${reading},"late":true}`)).toEqual(arrival);
    for (const other of ["", "21.4", "null", "{}", '{"temperature":"1","seq":1,"epoch":"a"}', "{"])
      expect([other, arrivalOf(other)]).toEqual([other, undefined]);
  });
});

describe("checkOpenFiles", () => {
  it("says how many processes the connections need, or what the broker lacks", () => {
    expect(() => checkOpenFiles(2_000, 2, true, 20_000)).not.toThrow();
    expect(() => checkOpenFiles(2_000, 2, false, 1_064)).not.toThrow();
    expect(() => checkOpenFiles(2_000, 2, false, 1_063)).toThrow(/use --processes 3, or raise it/);
    expect(() => checkOpenFiles(2_000, 4, true, 1_024)).toThrow(/the broker .* 1024 files .*ulimit -n/);
  });
});
