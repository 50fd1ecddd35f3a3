import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Policy, stride } from "../../firmware/outbox/policy.js";
import { Queue } from "../../firmware/outbox/queue.js";
import { BootTime } from "../../firmware/time.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { bootTime, NOW, readAt, readingOf, sequencesOf } from "../support/outbox.js";

function filled(capacity: number, first: number, count: number, policy?: Policy): Queue {
  const queue = new Queue(capacity, first, bootTime(), policy);
  for (let seq = first; seq < first + count; seq++) queue.append(readingOf(seq));
  return queue;
}

/** The sequence numbers that can be read, each with all that was put in; the same as those that are found. */
function waiting(queue: Queue): number[] {
  const found: number[] = [];
  for (let seq = queue.first - 2; seq < queue.next + 2; seq++) {
    const reading = readAt(queue, seq);
    if (!reading) continue;
    expect(reading).toEqual(readingOf(seq));
    found.push(seq);
  }
  expect(sequencesOf(queue)).toEqual(found);
  expect(queue.size).toBe(found.length);
  return found;
}

describe("Queue", () => {
  it("is empty at first, and starts with the number it was given", () => {
    const queue = new Queue(4, 100, bootTime());
    expect([queue.first, queue.next, queue.size]).toEqual([100, 100, 0]);
    expect(readAt(queue, 100)).toBeUndefined();
    expect(queue.following(0)).toBe(100);
  });

  it("keeps a copy, so that the caller can use its object again", () => {
    const queue = new Queue(4, 1, bootTime());
    const reading = readingOf(1);
    queue.append(reading);
    reading.value = 99;
    expect(waiting(queue)).toEqual([1]);
  });

  it("gives a reading its time as soon as the clock is set, however long it has waited", () => {
    const clock = new VirtualClock();
    const queue = new Queue(4, 1, new BootTime(clock, 7));
    queue.append({ ...readingOf(1), uptime: 500 });
    clock.run(90_000);
    expect(readAt(queue, 1)).toMatchObject({ time: Number.NaN, uptime: 500, boot: 7 });
    clock.setNow(NOW + 90_000);
    expect(readAt(queue, 1)?.time).toBe(NOW + 500);
  });

  it("gives up the oldest when all places are taken, and says which", () => {
    const queue = filled(4, 1, 4);
    expect(waiting(queue)).toEqual([1, 2, 3, 4]);
    expect([queue.append(readingOf(5)), queue.append(readingOf(6))]).toEqual([1, 2]);
    expect(waiting(queue)).toEqual([3, 4, 5, 6]);
  });

  it("gives up the newest where it is told to, and has room again as soon as one has gone", () => {
    const queue = filled(4, 1, 4, Policy.NEWEST);
    expect([5, 6, 7].map((seq) => queue.append(readingOf(seq)))).toEqual([5, 6, 7]);
    expect([waiting(queue), queue.next]).toEqual([[1, 2, 3, 4], 8]);
    queue.acknowledge(1);
    expect(queue.append(readingOf(8))).toBe(-1);
    expect(waiting(queue)).toEqual([2, 3, 4, 8]);
  });

  it("keeps fewer and fewer where it is told to thin out, and never one too many", () => {
    const queue = new Queue(16, 1, bootTime(), Policy.THIN);
    let gone = 0;
    for (let seq = 1; seq <= 100; seq++) if (queue.append(readingOf(seq)) >= 0) gone += 1;
    const kept = waiting(queue);
    expect(kept.slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(kept.slice(8, 12)).toEqual([10, 12, 14, 16]);
    expect(kept.slice(12, 14)).toEqual([20, 24]);
    expect(kept.length + gone).toBe(100);
    expect(kept.length).toBeLessThanOrEqual(16);
  });

  it("keeps readings that wait behind one that was acknowledged out of order", () => {
    const queue = filled(8, 1, 4);
    queue.acknowledge(2);
    queue.acknowledge(3);
    expect([waiting(queue), queue.first]).toEqual([[1, 4], 1]);
    queue.acknowledge(1);
    expect([waiting(queue), queue.first]).toEqual([[4], 4]);
    queue.acknowledge(4);
    expect([queue.first, queue.next, queue.size]).toEqual([5, 5, 0]);
  });

  it("has the places of the newest again when these are acknowledged before older ones", () => {
    const queue = filled(4, 1, 4);
    queue.acknowledge(4);
    queue.acknowledge(3);
    expect([queue.append(readingOf(5)), queue.append(readingOf(6))]).toEqual([-1, -1]);
    expect(waiting(queue)).toEqual([1, 2, 5, 6]);
  });

  it("takes acknowledgements of what does not wait as harmless", () => {
    const queue = filled(4, 1, 6);
    for (const seq of [0, 1, 2, 7, 8, 1000, -3]) queue.acknowledge(seq);
    expect(waiting(queue)).toEqual([3, 4, 5, 6]);
    queue.acknowledge(3);
    queue.acknowledge(3);
    expect(waiting(queue)).toEqual([4, 5, 6]);
  });

  it("refuses a number below the next one", () => {
    const queue = filled(4, 5, 2);
    expect(() => queue.append(readingOf(6))).toThrow(RangeError);
    expect(waiting(queue)).toEqual([5, 6]);
  });

  it("does as a list of what waits does, whatever is appended, left out and acknowledged", () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant("append") },
      { weight: 1, arbitrary: fc.constant("skip") },
      { weight: 6, arbitrary: fc.nat(12) },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat(1_000_000),
        fc.array(step),
        (capacity, first, steps) => {
          const queue = new Queue(capacity, first, bootTime());
          let model: { seq: number; waits: boolean }[] = [];
          let next = first;
          for (const action of steps) {
            if (action === "append") {
              // What was acknowledged in between makes room.
              if (model.length === capacity) model = model.filter(({ waits }) => waits);
              const gone = model.length === capacity ? (model.shift()?.seq as number) : -1;
              expect(queue.append(readingOf(next))).toBe(gone);
              model.push({ seq: next++, waits: true });
            } else if (action === "skip") next += 1;
            else {
              const seq = next - (action as number);
              queue.acknowledge(seq);
              for (const entry of model) if (entry.seq === seq) entry.waits = false;
            }
            while (model[0]?.waits === false) model.shift();
            while (model.at(-1)?.waits === false) model.pop();
            expect(waiting(queue)).toEqual(model.filter(({ waits }) => waits).map(({ seq }) => seq));
            expect(queue.first).toBe(model[0]?.seq ?? queue.next);
          }
        },
      ),
    );
  });
});

describe("thinning out", () => {
  it("keeps every reading up to half full, every second up to three quarters, and so forth", () => {
    expect([0, 31, 32, 47, 48, 55, 56, 60, 62, 63].map((used) => stride(used, 64))).toEqual([
      1, 1, 2, 2, 4, 4, 8, 16, 32, 64,
    ]);
  });
});
