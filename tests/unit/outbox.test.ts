import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { blankReading } from "../../firmware/codec/reading.js";
import { Journal } from "../../firmware/outbox/journal.js";
import { Durability, Outbox } from "../../firmware/outbox/outbox.js";
import { Policy } from "../../firmware/outbox/policy.js";
import { Queue } from "../../firmware/outbox/queue.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { Journal as Told } from "../support/node.js";
import { bootTime, EPOCH, readAt, readingOf, sequencesOf } from "../support/outbox.js";

function outboxOn(flash: VirtualFlash, durability = Durability.ALWAYS, capacity = 16, boot = 1) {
  const told = new Told();
  const time = bootTime(boot);
  const journal = new Journal({
    flash: flash.reopen(),
    random: () => 0.25,
    policy: Policy.OLDEST,
    onDropped: (first, count) => outbox.drop(first, count),
    problems: [],
  });
  journal.begin(time);
  const outbox = new Outbox({
    queue: new Queue(capacity, journal.next, time),
    journal,
    durability,
    epoch: EPOCH,
    monitor: told,
  });
  const take = (count: number) => {
    for (let i = 0; i < count; i++) outbox.append({ ...readingOf(outbox.next, boot), epoch: 0 });
  };
  return { outbox, journal, told, take };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const JOURNAL_EPOCH = 0x4000_0000;

describe("an outbox that journals always", () => {
  it("has every reading in the flash before it is sent, under the journal's epoch", () => {
    const flash = new VirtualFlash(4);
    const { outbox, take } = outboxOn(flash);
    outbox.linkChanged(true);
    take(5);
    expect(readAt(outbox, 5)).toEqual({ ...readingOf(5), epoch: JOURNAL_EPOCH });
    const { outbox: again } = outboxOn(flash, Durability.ALWAYS, 16, 2);
    expect(sequencesOf(again)).toEqual([1, 2, 3, 4, 5]);
    expect(again.next).toBe(6);
  });

  it("goes on in memory when the flash fails, under an epoch of its own, and says so once", () => {
    const flash = new VirtualFlash(4);
    const { outbox, told, take } = outboxOn(flash);
    take(3);
    flash.failWrites = true;
    take(4);
    expect(told.warnings).toEqual([
      "the journal fails (write failed): readings wait in memory until it can be written",
    ]);
    expect(sequencesOf(outbox)).toEqual(numbers(1, 7));
    expect([3, 4, 7].map((seq) => readAt(outbox, seq)?.epoch)).toEqual([JOURNAL_EPOCH, EPOCH, EPOCH]);
    // A restart would use these numbers again.
    expect(outboxOn(flash, Durability.ALWAYS, 16, 2).outbox.next).toBe(4);
  });

  it("puts into the flash what waited in memory as soon as that works again, and tries ever more seldom meanwhile", () => {
    const flash = new VirtualFlash(4);
    const { outbox, told, take } = outboxOn(flash, Durability.ALWAYS, 1_000);
    take(1);
    flash.failWrites = true;
    take(300);
    flash.failWrites = false;
    take(64);
    expect(told.warnings.at(-1)).toBe("the journal can be written again");
    expect(told.warnings).toHaveLength(2);
    const { next } = outbox;
    expect(readAt(outbox, next - 1)?.epoch).toBe(EPOCH); // no going back within a boot
    const again = outboxOn(flash, Durability.ALWAYS, 16, 2).outbox;
    expect(sequencesOf(again)).toEqual(numbers(1, next - 1));
    expect(readAt(again, 200)).toEqual({ ...readingOf(200), epoch: EPOCH });
  });

  it("survives flash that cannot be read, and has the readings again when it can", () => {
    const flash = new VirtualFlash(4);
    const { outbox, take } = outboxOn(flash);
    take(3);
    flash.failReads = true;
    expect(outbox.read(1, blankReading())).toBe(false);
    expect(outbox.following(1)).toBe(4);
    outbox.acknowledge(1);
    flash.failReads = false;
    expect(outbox.following(2)).toBe(2);
    expect(readAt(outbox, 3)?.seq).toBe(3);
  });

  it("gives what was dropped to the monitor: first and count, a warning for the spell, and one at its end", () => {
    const flash = new VirtualFlash(4);
    const { outbox, told, take } = outboxOn(flash);
    take(700);
    const gone = told.gaps.reduce((sum, [, count]) => sum + count, 0);
    expect(gone).toBeGreaterThan(100);
    expect(outbox.dropped).toBe(gone);
    expect(told.gaps[0][0]).toBe(1);
    expect(sequencesOf(outbox)).toEqual(numbers(gone + 1, 700));
    for (const seq of numbers(gone + 1, 700)) outbox.acknowledge(seq);
    expect(told.warnings).toEqual([
      expect.stringMatching(/readings wait: there is no room for more, readings are dropped from now on/),
      `${gone} readings were dropped while there was no room for them`,
    ]);
  });
});

describe("an outbox that journals in an outage", () => {
  it("writes nothing while readings are acknowledged", () => {
    const flash = new VirtualFlash(4);
    const { outbox, take } = outboxOn(flash, Durability.OUTAGE);
    outbox.linkChanged(true);
    const before = flash.operations;
    for (let i = 0; i < 1_000; i++) {
      take(1);
      outbox.acknowledge(outbox.first);
    }
    expect(flash.operations).toBe(before);
    expect(outbox.size).toBe(0);
  });

  it("writes what was not acknowledged when the link goes, and all from then on until it was delivered", () => {
    const flash = new VirtualFlash(4);
    const { outbox, take } = outboxOn(flash, Durability.OUTAGE, 32);
    outbox.linkChanged(true);
    take(10);
    for (const seq of numbers(1, 7)) outbox.acknowledge(seq);
    outbox.linkChanged(false);
    take(5);
    const again = outboxOn(flash, Durability.OUTAGE, 16, 2).outbox;
    expect(sequencesOf(again)).toEqual(numbers(8, 15));
    expect(readAt(again, 8)).toEqual({ ...readingOf(8), epoch: EPOCH });
  });

  it("writes it when the link goes, not with the next reading: the power may go first", () => {
    const flash = new VirtualFlash(4);
    const { outbox, take } = outboxOn(flash, Durability.OUTAGE, 32);
    outbox.linkChanged(true);
    take(10);
    for (const seq of numbers(1, 7)) outbox.acknowledge(seq);
    outbox.linkChanged(false);
    expect(sequencesOf(outboxOn(flash, Durability.OUTAGE, 16, 2).outbox)).toEqual(numbers(8, 10));
  });

  it("writes when memory is half full, because the broker is slow", () => {
    const flash = new VirtualFlash(4);
    const { outbox, take } = outboxOn(flash, Durability.OUTAGE, 16);
    outbox.linkChanged(true);
    take(100);
    expect(outbox.dropped).toBe(0);
    expect(sequencesOf(outbox)).toEqual(numbers(1, 100));
  });

  it("has all of it in the flash after an orderly end", () => {
    const flash = new VirtualFlash(4);
    const { outbox, take } = outboxOn(flash, Durability.OUTAGE);
    outbox.linkChanged(true);
    take(6);
    outbox.acknowledge(1);
    outbox.close();
    outbox.close();
    expect(sequencesOf(outboxOn(flash, Durability.OUTAGE, 16, 2).outbox)).toEqual(numbers(2, 6));
  });
});

describe("any outbox", () => {
  it("has each reading once and in order, through failures, outages and acknowledgements in any order", () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant("take" as const), n: fc.integer({ min: 1, max: 4 }) }),
      },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant("ack" as const), n: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("link" as const), n: fc.nat(1) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("flash" as const), n: fc.nat(1) }) },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(Durability.ALWAYS, Durability.OUTAGE),
        fc.array(step, { maxLength: 120 }),
        (durability, steps) => {
          const flash = new VirtualFlash(4);
          const { outbox, take } = outboxOn(flash, durability, 1_000);
          let model: number[] = [];
          for (const { kind, n } of steps) {
            if (kind === "take") {
              model.push(...numbers(outbox.next, outbox.next + n - 1));
              take(n);
            } else if (kind === "ack") {
              const seq = model[n % Math.max(1, model.length)];
              if (seq === undefined) continue;
              outbox.acknowledge(seq);
              model = model.filter((other) => other !== seq);
            } else if (kind === "link") outbox.linkChanged(n === 1);
            else flash.failWrites = n === 1;
            expect(sequencesOf(outbox)).toEqual(model);
            expect([outbox.size, outbox.first]).toEqual([model.length, model[0] ?? outbox.next]);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
