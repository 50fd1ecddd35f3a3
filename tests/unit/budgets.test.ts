import { describe, expect, it } from "@jest/globals";
import { isExceeded, lowered } from "../../bench/budgets/judge.js";
import { figureTable } from "../../bench/budgets/table.js";

const recorded = { steps: 1_000, slots: 0 };

describe("a budget", () => {
  it.each([
    [1_000, false],
    [1_100, false],
    [1_100.1, true],
    [10, false],
  ])("of 1,000 is met by %d: exceeded %s", (value, exceeded) => {
    expect(isExceeded({ name: "steps", value }, recorded)).toBe(exceeded);
  });

  it("of nothing allows nothing", () => {
    expect(isExceeded({ name: "slots", value: 0 }, recorded)).toBe(false);
    expect(isExceeded({ name: "slots", value: 0.1 }, recorded)).toBe(true);
  });

  it("has a limit beyond what is recorded, and beyond what is not", () => {
    expect(isExceeded({ name: "steps", value: 1_050, limit: 1_040 }, recorded)).toBe(true);
    expect(isExceeded({ name: "new", value: 5, limit: 4 }, recorded)).toBe(true);
    expect(isExceeded({ name: "new", value: 5 }, recorded)).toBe(false);
  });

  it("only falls when it is recorded", () => {
    const figures = [
      { name: "steps", value: 1_050 },
      { name: "slots", value: 0 },
      { name: "memory", value: 7 },
    ];
    expect(lowered(figures, { ...recorded, gone: 3 })).toEqual({ steps: 1_000, slots: 0, memory: 7 });
  });

  it("is told with its aim, and by how much that is missed", () => {
    const table = figureTable(
      [
        { name: "steps", what: "steps", value: 1_200, unit: "steps", aim: 100 },
        { name: "slots", what: "slots", value: 0, unit: "slots", aim: 0 },
        { name: "memory", what: "memory", value: 50, unit: "bytes", aim: 25 },
      ],
      recorded,
    );
    expect(table).toMatch(/steps +1,200 +steps +1,000 +100 +EXCEEDED/);
    expect(table).toMatch(/slots +0 +slots +0 +0 +reached/);
    expect(table).toMatch(/memory +50 +bytes +– +25 +missed: 2 times it/);
  });
});
