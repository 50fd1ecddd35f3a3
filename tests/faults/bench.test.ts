import { describe, expect, it } from "@jest/globals";
import { run, USUAL } from "../../bench/faults/run.js";

/** Seeds that together are struck by every fault, within seconds of real time. */
const SEEDS = [1, 2, 3, 5, 9, 12];

const DAYS = 0.25;

describe("whole nodes in a world where everything goes wrong", () => {
  it("lose nothing, invent nothing and leave every state; every fault has struck", () => {
    const struck = new Set<string>();
    for (const seed of SEEDS) {
      const result = run({ seed, days: DAYS, faults: USUAL });
      expect([seed, result.failure]).toEqual([seed, undefined]);
      expect(result.arrived).toBeGreaterThan(0);
      for (const [name, count] of Object.entries(result.struck)) if (count > 0) struck.add(name);
    }
    expect([...struck].sort()).toEqual([...USUAL].sort());
  });

  it("live through the same seed in the same way, to the byte", () => {
    const traces = ["", ""].map((trace) => {
      const result = run({
        seed: 7,
        days: 0.1,
        faults: USUAL,
        trace: (text) => {
          trace += text;
        },
      });
      return { trace, digest: result.digest };
    });
    expect(traces[0].trace.length).toBeGreaterThan(5_000);
    expect(traces[1]).toEqual(traces[0]);
    expect(run({ seed: 8, days: 0.1, faults: USUAL }).digest).not.toBe(traces[0].digest);
  });

  it("are struck by a fault at the same moments whatever other faults there are", () => {
    const moments = (faults: readonly string[]) => {
      let trace = "";
      run({ seed: 4, days: 0.5, faults, trace: (text) => (trace += text) });
      return trace.split("\n").filter((line) => line.includes("FAULT restart"));
    };
    const alone = moments(["restart"]);
    expect(alone.length).toBeGreaterThan(1);
    expect(moments(["restart", "reset", "noise"])).toEqual(alone);
  });

  it("deliver everything live, once, where nothing goes wrong", () => {
    for (const seed of [1, 2, 3]) {
      const result = run({ seed, days: 0.1, faults: [] });
      expect(result.failure).toBeUndefined();
      expect([result.duplicates, result.dropped, result.doubtful, result.cuts]).toEqual([0, 0, 0, 0]);
      expect(result.taken - result.arrived).toBeLessThan(10);
    }
  });
});
