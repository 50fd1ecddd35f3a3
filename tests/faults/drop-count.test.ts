import { expect, it } from "@jest/globals";
import { DropCount } from "../../bench/faults/drop-count.js";

it("what a node says it has dropped is held against what it had told by then", () => {
  const count = new DropCount();
  expect(count.problemWith(1_000, 0)).toBeUndefined();
  expect(count.problemWith(1_000, 1)).toBe("1 readings were given up, and the node had told of 0");
  count.add(2_000, 3);
  count.add(4_000, 1);
  expect(count.problemWith(1_999, 0)).toBeUndefined();
  expect(count.problemWith(3_000, 3)).toBeUndefined();
  expect(count.problemWith(5_000, 4)).toBeUndefined();
  expect(count.problemWith(5_000, 3)).toBeDefined();
  expect(count.problemWith(3_000, 4)).toBeDefined();
});

it("within the millisecond in which it drops, either number is right", () => {
  const count = new DropCount();
  count.add(2_000, 3);
  count.add(2_000, 3);
  expect([0, 3, 6].map((number) => count.problemWith(2_000, number))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(count.problemWith(2_000, 4)).toBeDefined();
});
