import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Quantity, type Reading } from "../../firmware/codec/reading.js";
import { Outbox } from "../../firmware/outbox/outbox.js";

const empty = (): Reading => ({ quantity: 0, value: 0, seq: 0, time: 0, uptime: 0 });

function readingOf(seq: number): Reading {
  return {
    quantity: seq % 3,
    value: seq / 10,
    seq,
    time: seq % 4 === 0 ? Number.NaN : seq * 1000,
    uptime: seq * 7,
  };
}

function filled(capacity: number, first: number, count: number): Outbox {
  const outbox = new Outbox(capacity, first);
  for (let seq = first; seq < first + count; seq++) outbox.append(readingOf(seq));
  return outbox;
}

/** The sequence numbers that can be read, each with all that was put in. */
function waiting(outbox: Outbox): number[] {
  const found: number[] = [];
  for (let seq = outbox.first - 2; seq < outbox.next + 2; seq++) {
    const into = empty();
    if (!outbox.read(seq, into)) continue;
    expect(into).toEqual(readingOf(seq));
    found.push(seq);
  }
  return found;
}

describe("Outbox", () => {
  it("is empty at first, and starts with the number it was given", () => {
    const outbox = new Outbox(4, 100);
    expect([outbox.first, outbox.next, outbox.size, outbox.dropped]).toEqual([100, 100, 0, 0]);
    expect(outbox.read(100, empty())).toBe(false);
  });

  it("gives back everything of a reading", () => {
    const outbox = new Outbox(4, 9);
    const reading = {
      quantity: Quantity.PRESSURE,
      value: -1.5e-7,
      seq: 9,
      time: Number.NaN,
      uptime: 2 ** 40,
    };
    outbox.append(reading);
    const into = empty();
    expect(outbox.read(9, into)).toBe(true);
    expect(into).toEqual(reading);
  });

  it("keeps a copy, so that the caller can use its object again", () => {
    const outbox = new Outbox(4, 1);
    const reading = readingOf(1);
    outbox.append(reading);
    reading.value = 99;
    expect(waiting(outbox)).toEqual([1]);
  });

  it("drops the oldest when all places are taken, and counts it", () => {
    const outbox = filled(4, 1, 4);
    expect([waiting(outbox), outbox.dropped]).toEqual([[1, 2, 3, 4], 0]);
    outbox.append(readingOf(5));
    outbox.append(readingOf(6));
    expect(waiting(outbox)).toEqual([3, 4, 5, 6]);
    expect(outbox.dropped).toBe(2);
  });

  it("keeps readings that wait behind one that was acknowledged out of order", () => {
    const outbox = filled(8, 1, 4);
    outbox.acknowledge(2);
    outbox.acknowledge(3);
    expect([waiting(outbox), outbox.first, outbox.size]).toEqual([[1, 4], 1, 4]);
    outbox.acknowledge(1);
    expect([waiting(outbox), outbox.first, outbox.size]).toEqual([[4], 4, 1]);
    outbox.acknowledge(4);
    expect([outbox.first, outbox.next, outbox.size]).toEqual([5, 5, 0]);
  });

  it("counts what was acknowledged out of order as delivered, not as dropped", () => {
    const outbox = filled(4, 1, 4);
    outbox.acknowledge(2);
    outbox.append(readingOf(5));
    expect([waiting(outbox), outbox.dropped, outbox.first]).toEqual([[3, 4, 5], 1, 3]);
  });

  it("takes acknowledgements of what does not wait as harmless", () => {
    const outbox = filled(4, 1, 6);
    for (const seq of [0, 1, 2, 7, 8, 1000, -3]) outbox.acknowledge(seq);
    expect(waiting(outbox)).toEqual([3, 4, 5, 6]);
    outbox.acknowledge(3);
    outbox.acknowledge(3);
    expect(waiting(outbox)).toEqual([4, 5, 6]);
  });

  it.each([[0], [2], [3], [-1]])("refuses number %d where 1 comes next", (seq) => {
    const outbox = new Outbox(4, 1);
    expect(() => outbox.append(readingOf(seq))).toThrow(RangeError);
    expect(outbox.size).toBe(0);
  });

  it("does as a list of what waits does, whatever is appended and acknowledged", () => {
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.constant("append") },
      { weight: 3, arbitrary: fc.nat(12) },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat(1_000_000),
        fc.array(step, { maxLength: 120 }),
        (capacity, first, steps) => {
          const outbox = new Outbox(capacity, first);
          let model: number[] = [];
          let next = first;
          let dropped = 0;
          for (const action of steps) {
            if (action === "append") {
              if (model.length > 0 && next - model[0] === capacity) {
                model.shift();
                dropped += 1;
              }
              outbox.append(readingOf(next));
              model.push(next++);
            } else {
              const seq = next - (action as number);
              outbox.acknowledge(seq);
              model = model.filter((other) => other !== seq);
            }
            expect(waiting(outbox)).toEqual(model);
            expect(outbox.first).toBe(model[0] ?? next);
            expect([outbox.next, outbox.dropped]).toEqual([next, dropped]);
            expect(outbox.size).toBe(next - outbox.first);
          }
        },
      ),
    );
  });
});
