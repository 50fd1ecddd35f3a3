import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Intervals } from "../../firmware/outbox/intervals.js";

describe("Intervals", () => {
  it("joins what touches", () => {
    const set = new Intervals(4);
    for (const seq of [5, 7, 6, 9]) set.add(seq, seq + 1);
    expect([set.count, set.after(5), set.after(8), set.after(9)]).toEqual([2, 8, 8, 10]);
  });

  it("forgets the shortest range when there are more than it has places for, and says which", () => {
    const set = new Intervals(3);
    set.add(10, 20);
    set.add(30, 32);
    set.add(40, 50);
    set.add(60, 61);
    expect([set.forgottenFrom, set.forgottenTo]).toEqual([30, 32]);
    expect([15, 30, 45, 60].map((seq) => set.has(seq))).toEqual([true, false, true, true]);
  });

  it("is a set, but for what it has forgotten", () => {
    const step = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 6 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const set = new Intervals(4);
        const model = new Set<number>();
        for (const [from, length, isCut] of steps) {
          if (isCut && from % 5 === 0) {
            set.deleteBelow(from);
            for (const seq of model) if (seq < from) model.delete(seq);
          } else {
            set.add(from, from + length);
            for (let seq = from; seq < from + length; seq++) model.add(seq);
            for (let seq = set.forgottenFrom; seq < set.forgottenTo; seq++) model.delete(seq);
          }
          for (let seq = 0; seq < 70; seq++)
            if (set.has(seq) !== model.has(seq)) throw new Error(`${seq} of ${[...model]}`);
        }
      }),
    );
  });
});
