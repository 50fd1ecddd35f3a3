import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Reading } from "../../firmware/codec/reading.js";
import { Journal } from "../../firmware/outbox/journal.js";
import { Policy } from "../../firmware/outbox/policy.js";
import { JournalRecord, RecordKind } from "../../firmware/outbox/record.js";
import type { Flash } from "../../firmware/ports.js";
import { BootTime } from "../../firmware/time.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { bootTime, NOW, readAt, readingOf, sequencesOf, wrapped } from "../support/outbox.js";

/** Readings of a block: 128 records less header, clock and the one that is kept. */
const PER_BLOCK = 125;

function open(
  flash: VirtualFlash,
  boot = 1,
  policy = Policy.OLDEST,
  time: BootTime | undefined = undefined,
  wrap: (handle: Flash) => Flash = (handle) => handle,
) {
  const problems: string[] = [];
  const dropped: [number, number][] = [];
  const journal = new Journal({
    flash: wrap(flash.reopen()),
    random: seededRandom(boot),
    policy,
    onDropped: (first, count) => dropped.push([first, count]),
    problems,
  });
  journal.begin(time ?? bootTime(boot));
  return { journal, problems, dropped };
}

function fill(journal: Journal, from: number, to: number, boot = 1): void {
  for (let seq = from; seq <= to; seq++) journal.append(readingOf(seq, boot));
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("a journal", () => {
  it("gives back everything of a reading, as it was written", () => {
    const { journal } = open(new VirtualFlash(4));
    const reading: Reading = {
      quantity: 2,
      value: -1.5e-7,
      seq: 2 ** 40 + 1,
      epoch: 0xffff_fffe,
      time: NOW + 2 ** 42,
      uptime: 2 ** 42,
      boot: 1,
    };
    journal.append(reading);
    expect(readAt(journal, reading.seq)).toEqual(reading);
    expect([journal.first, journal.next, journal.size]).toEqual([reading.seq, reading.seq + 1, 1]);
  });

  it("is there again after a restart, with all that was not acknowledged, and goes on with the next number", () => {
    const flash = new VirtualFlash(8);
    const first = open(flash);
    expect(first.problems).toEqual([]);
    fill(first.journal, 1, 300);
    for (let seq = 1; seq <= 130; seq++) first.journal.acknowledge(seq);
    first.journal.flush();
    const { journal, problems } = open(flash, 2);
    expect(problems).toEqual([]);
    expect(journal.epoch).toBe(first.journal.epoch);
    expect([journal.next, journal.size, journal.lastBoot]).toEqual([301, 170, 1]);
    expect(sequencesOf(journal)).toEqual(numbers(131, 300));
    for (const seq of [131, 200, 300]) expect(readAt(journal, seq)).toEqual(readingOf(seq));
    fill(journal, 301, 310, 2);
    expect(sequencesOf(journal)).toEqual(numbers(131, 310));
  });

  it("loses nothing when more ranges are acknowledged out of their order than it can remember", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash);
    fill(journal, 1, 300);
    // Of every other one the journal remembers a few; the rest waits again.
    for (let seq = 2; seq <= 200; seq += 2) journal.acknowledge(seq);
    expect(journal.size).toBe(sequencesOf(journal).length);
    expect(journal.forgotten).toBe(journal.size - 200);
    for (const seq of sequencesOf(journal)) if (seq <= 250) journal.acknowledge(seq);
    expect([journal.size, sequencesOf(journal)]).toEqual([50, numbers(251, 300)]);
    const again = open(flash, 2).journal;
    expect(again.size).toBe(sequencesOf(again).length);
    expect(sequencesOf(again).slice(-50)).toEqual(numbers(251, 300));
  });

  it("forgets nothing of what was delivered for the sake of readings that were given up in between", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash, 1, Policy.THIN);
    fill(journal, 1, 600);
    const waiting = journal.size;
    // Every other new one is thinned out: what is delivered is one range all the same.
    for (let seq = 601; seq <= 800; seq++) {
      journal.append(readingOf(seq));
      journal.acknowledge(seq);
    }
    expect([journal.size, journal.forgotten]).toEqual([waiting, 0]);
    expect(journal.dropped).toBeGreaterThanOrEqual(100);
    // As many may be sent again after a power cut as are noted together.
    expect(open(flash, 2, Policy.THIN).journal.size).toBeLessThanOrEqual(waiting + 32);
  });

  it("counts after a restart what it can no longer remember as delivered", () => {
    const flash = new VirtualFlash(16);
    const { journal } = open(flash);
    fill(journal, 1, 120);
    // Twelve long ranges, then six short ones: each has a note of its own.
    const left: number[] = [];
    for (let range = 0; range < 18; range++) {
      const step = range < 12 ? 1 : 2;
      fill(journal, 121 + 70 * range, 190 + 70 * range);
      for (let i = 1; i <= 32; i++) journal.acknowledge(70 * range + 1 + step * i);
      left.push(70 * range + 1, ...numbers(70 * range + 66, 70 * range + 70));
    }
    const again = open(flash, 2).journal;
    expect([again.first, again.size]).toEqual([1, sequencesOf(again).length]);
    expect(sequencesOf(again)).toEqual(expect.arrayContaining(left));
  });

  it("forgets no acknowledgement but the last ones when the power goes without a goodbye", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash);
    fill(journal, 1, 400);
    for (let seq = 1; seq <= 333; seq++) journal.acknowledge(seq);
    const again = open(flash, 2).journal;
    expect(again.first).toBeGreaterThan(333 - 32);
    expect(again.first).toBeLessThanOrEqual(334);
    expect(sequencesOf(again)).toEqual(numbers(again.first, 400));
  });

  it("keeps numbers that were delivered before older ones, over a restart", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash);
    fill(journal, 1, 300);
    for (const seq of [...numbers(1, 40), ...numbers(200, 280)]) journal.acknowledge(seq);
    expect(sequencesOf(journal)).toEqual([...numbers(41, 199), ...numbers(281, 300)]);
    journal.flush();
    const again = open(flash, 2).journal;
    expect(sequencesOf(again)).toEqual([...numbers(41, 199), ...numbers(281, 300)]);
    for (const seq of numbers(41, 199)) again.acknowledge(seq);
    expect([again.first, again.size]).toEqual([281, 20]);
  });

  it("keeps each range that was delivered before older ones, whichever grew last", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash);
    fill(journal, 1, 300);
    for (let i = 0; i < 30; i++) for (const range of [50, 100, 150, 200]) journal.acknowledge(range + i);
    journal.flush();
    expect(open(flash, 2).journal.size).toBe(300 - 4 * 30);
  });

  it("uses the blocks in rotation, each as often as the others", () => {
    const flash = new VirtualFlash(5);
    const { journal } = open(flash);
    for (let seq = 1; seq <= 20 * PER_BLOCK; seq++) {
      journal.append(readingOf(seq));
      journal.acknowledge(seq);
    }
    const erases = numbers(0, 4).map((block) => flash.erases(block));
    expect(Math.max(...erases) - Math.min(...erases)).toBeLessThanOrEqual(1);
    expect(Math.max(...erases)).toBeLessThanOrEqual(5);
    expect(flash.programmedTwice).toBe(0);
  });

  it("gives up the oldest block when it is full, says how many, and remembers it", () => {
    const flash = new VirtualFlash(4);
    const { journal, dropped } = open(flash);
    fill(journal, 1, 5 * PER_BLOCK);
    const gone = dropped.reduce((sum, [, count]) => sum + count, 0);
    expect(dropped[0][0]).toBe(1);
    expect(journal.dropped).toBe(gone);
    expect(sequencesOf(journal)).toEqual(numbers(gone + 1, 5 * PER_BLOCK));
    expect(journal.size).toBe(5 * PER_BLOCK - gone);
    const again = open(flash, 2).journal;
    expect([again.dropped, again.first, again.size]).toEqual([gone, gone + 1, 5 * PER_BLOCK - gone]);
  });

  it("gives up the newest where it is told to, and takes readings again when a block was delivered", () => {
    const { journal, dropped } = open(new VirtualFlash(4), 1, Policy.NEWEST);
    fill(journal, 1, 5 * PER_BLOCK);
    const kept = sequencesOf(journal);
    expect(kept).toEqual(numbers(1, kept.length));
    expect(kept.length).toBeGreaterThan(3 * PER_BLOCK);
    expect(dropped).toHaveLength(5 * PER_BLOCK - kept.length);
    for (const seq of numbers(1, PER_BLOCK + 1)) journal.acknowledge(seq);
    expect(journal.append(readingOf(journal.next))).toBe(true);
  });

  it("covers the whole of a long outage where it thins out", () => {
    const { journal, dropped } = open(new VirtualFlash(16), 1, Policy.THIN);
    fill(journal, 1, 40 * PER_BLOCK);
    const kept = sequencesOf(journal);
    expect(kept.length + dropped.length).toBe(40 * PER_BLOCK);
    expect(kept.slice(0, 7 * PER_BLOCK)).toEqual(numbers(1, 7 * PER_BLOCK));
    expect(kept.at(-1)).toBeGreaterThan(30 * PER_BLOCK);
  });

  it("gives readings of an unset clock their time when it is set, also those of a boot that is over", () => {
    const flash = new VirtualFlash(4);
    const clock = new VirtualClock();
    const { journal } = open(flash, 1, Policy.OLDEST, new BootTime(clock, 1));
    for (let seq = 1; seq <= 3; seq++) {
      clock.run(1_000);
      journal.append({ ...readingOf(seq), uptime: clock.elapsed });
    }
    expect(readAt(journal, 1)?.time).toBeNaN();
    clock.run(500);
    clock.setNow(NOW);
    expect(readAt(journal, 1)?.time).toBe(NOW - 2_500);
    journal.noteClock();
    const never = new VirtualClock();
    const second = open(flash, 2, Policy.OLDEST, new BootTime(never, 2)).journal;
    second.append({ ...readingOf(4), boot: 2, uptime: 50 });
    const third = open(flash, 3).journal;
    expect([1, 2, 3].map((seq) => readAt(third, seq)?.time)).toEqual([NOW - 2_500, NOW - 1_500, NOW - 500]);
    expect(readAt(third, 4)).toMatchObject({ time: Number.NaN, boot: 2, uptime: 50 });
    third.append({ ...readingOf(5), boot: 3 });
    expect(readAt(third, 4)?.time).toBeNaN(); // another boot's clock says nothing of it
  });

  it("knows the time of readings whose clock was noted in a block that is long gone", () => {
    const flash = new VirtualFlash(4);
    const { journal } = open(flash);
    for (let seq = 1; seq <= 6 * PER_BLOCK; seq++) {
      journal.append(readingOf(seq));
      if (seq < 5 * PER_BLOCK) journal.acknowledge(seq);
    }
    const again = open(flash, 2).journal;
    for (const seq of sequencesOf(again)) expect(readAt(again, seq)).toEqual(readingOf(seq));
    expect(again.size).toBeGreaterThan(PER_BLOCK);
  });

  it("takes what does not keep a record for worn, goes on at the next place, and fails when none keeps it", () => {
    const flash = new VirtualFlash(4);
    const { journal } = open(flash);
    flash.failWrites = true;
    expect(() => journal.append(readingOf(1))).toThrow("write failed");
    flash.failWrites = false;
    expect(journal.append(readingOf(1))).toBe(true);
    expect(sequencesOf(journal)).toEqual([1]);
    expect(sequencesOf(open(flash, 2).journal)).toEqual([1]);
  });

  it("counts as dropped what the flash has lost since it was written, and goes on with the next", () => {
    const flash = new VirtualFlash(4);
    const { journal, dropped } = open(flash);
    fill(journal, 1, 20);
    expect(journal.following(3)).toBe(3);
    flash.flipBits(8, seededRandom(1), 32 * 4, 32 * 5); // the third, behind header and clock
    expect(readAt(journal, 3)).toBeUndefined();
    expect(dropped).toEqual([[3, 1]]);
    expect(sequencesOf(journal)).toEqual([1, 2, ...numbers(4, 20)]);
    expect(journal.size).toBe(19);
  });

  it("passes over a block that can no longer be erased", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash, 1, Policy.OLDEST, undefined, (handle) => ({
      ...wrapped(handle),
      eraseBlock: (block) => {
        if (block === 3) throw new Error("erase failed");
        handle.eraseBlock(block);
      },
    }));
    fill(journal, 1, 5 * PER_BLOCK);
    expect(sequencesOf(journal)).toEqual(numbers(1, 5 * PER_BLOCK));
    expect(sequencesOf(open(flash, 2).journal)).toEqual(numbers(1, 5 * PER_BLOCK));
  });

  it("tries the next place where a record was not kept as it was written", () => {
    const flash = new VirtualFlash(4);
    let isBad = false;
    const { journal } = open(flash, 1, Policy.OLDEST, undefined, (handle) => ({
      ...wrapped(handle),
      write: (bytes, position) => {
        const copy = Uint8Array.from(bytes);
        if (isBad) copy[20] &= 0xf0;
        isBad = false;
        handle.write(copy, position);
      },
    }));
    fill(journal, 1, 3);
    isBad = true;
    expect(journal.append(readingOf(4))).toBe(true);
    fill(journal, 5, 6);
    expect(sequencesOf(open(flash, 2).journal)).toEqual(numbers(1, 6));
  });

  it("gives a number to one reading only where a write failed and the reading went elsewhere", () => {
    const flash = new VirtualFlash(4);
    const { journal } = open(flash);
    fill(journal, 1, 9);
    flash.failReads = true;
    expect(() => journal.append(readingOf(10))).toThrow("read failed"); // it is written all the same
    flash.failReads = false;
    fill(journal, 11, 13);
    expect(sequencesOf(journal)).toEqual([...numbers(1, 9), 11, 12, 13]);
    expect(journal.size).toBe(12);
    for (const seq of [...numbers(1, 9), 11, 12]) journal.acknowledge(seq);
    expect(sequencesOf(journal)).toEqual([13]);
  });

  it("counts right where several writes in a row failed, and all of them were there", () => {
    let fails = false;
    const { journal } = open(new VirtualFlash(8), 1, Policy.OLDEST, undefined, (handle) => ({
      ...wrapped(handle),
      write: (buffer, position) => {
        handle.write(buffer, position);
        if (fails) throw new Error("input/output error");
      },
    }));
    journal.append(readingOf(1));
    fails = true;
    for (const seq of [2, 3]) expect(() => journal.append(readingOf(seq))).toThrow();
    fails = false;
    fill(journal, 4, 5);
    expect([journal.size, sequencesOf(journal)]).toEqual([3, [1, 4, 5]]);
  });

  it("counts no less than waits where the flash cannot be read while one is acknowledged", () => {
    for (let nth = 1, failed = 1; failed > 0; nth++) {
      let reads = Number.NEGATIVE_INFINITY;
      failed = 0;
      const { journal } = open(new VirtualFlash(8), 1, Policy.OLDEST, undefined, (handle) => ({
        ...wrapped(handle),
        read: (buffer, position) => {
          if (++reads === nth) failed = nth;
          if (reads === nth) throw new Error("input/output error");
          return handle.read(buffer, position);
        },
      }));
      // Numbers with gaps, so that a range has fewer readings than numbers.
      for (let seq = 1; seq <= 799; seq += 2) journal.append(readingOf(seq));
      for (let seq = 21; seq < 180; seq += 20) journal.acknowledge(seq);
      reads = 0;
      try {
        journal.acknowledge(201); // one range too many
      } catch {
        // It waits again, or not: in either case all others must be found.
      }
      reads = Number.NEGATIVE_INFINITY;
      expect([nth, journal.size >= sequencesOf(journal).length]).toEqual([nth, true]);
      for (const seq of sequencesOf(journal)) journal.acknowledge(seq);
      expect([nth, sequencesOf(journal), journal.size]).toEqual([nth, [], 0]);
    }
  });

  it("counts right after a restart, with more ranges delivered than it can remember", () => {
    const flash = new VirtualFlash(16);
    const { journal } = open(flash);
    fill(journal, 1, 1_000);
    for (let seq = 100; seq < 1_000; seq += 40) for (let i = 0; i < 33; i++) journal.acknowledge(seq + i);
    const found = sequencesOf(journal);
    expect(journal.size).toBe(found.length);
    const again = open(flash, 2).journal;
    const later = sequencesOf(again);
    expect(again.size).toBe(later.length);
    expect(later.filter((seq) => seq < 100)).toEqual(numbers(1, 99));
    for (const seq of later) again.acknowledge(seq);
    expect(again.size).toBe(0);
  });

  it("goes on in the block it was in after a restart", () => {
    const flash = new VirtualFlash(4);
    for (let boot = 1; boot <= 40; boot++) fill(open(flash, boot).journal, boot, boot, boot);
    expect(numbers(0, 3).map((block) => flash.erases(block))).toEqual([1, 0, 0, 0]);
  });

  it("sends at most a boot's last readings again after each of many short boots", () => {
    const flash = new VirtualFlash(4);
    let sent = 0;
    for (let boot = 1; boot <= 200; boot++) {
      const { journal } = open(flash, boot);
      for (let i = 0; i < 3; i++) journal.append(readingOf(journal.next, boot));
      for (const seq of sequencesOf(journal)) {
        journal.acknowledge(seq);
        sent += 1;
      }
    }
    expect(sent).toBeLessThanOrEqual(200 * 6);
  });

  it("notes what was acknowledged also when its block is full", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash);
    fill(journal, 1, 1 + 125 * 3);
    for (const seq of numbers(1, 300)) journal.acknowledge(seq);
    expect(open(flash, 2).journal.first).toBeGreaterThan(300 - 32);
  });

  it("knows the clock at an orderly end that was set since the last reading", () => {
    const flash = new VirtualFlash(4);
    const clock = new VirtualClock();
    const { journal } = open(flash, 1, Policy.OLDEST, new BootTime(clock, 1));
    journal.append({ ...readingOf(1), uptime: 0 });
    clock.run(5_000);
    clock.setNow(NOW);
    journal.flush();
    expect(readAt(open(flash, 2).journal, 1)?.time).toBe(NOW - 5_000);
  });

  it("refuses a partition that is too small", () => {
    expect(() => open(new VirtualFlash(3))).toThrow(/needs 4 blocks/);
  });
});

describe("a journal that finds what it cannot read", () => {
  it("makes a new one of random bytes, and says so in a line", () => {
    const flash = new VirtualFlash(8);
    flash.scramble(seededRandom(5), 0, 8 * 4096);
    const { journal, problems } = open(flash);
    expect(problems).toEqual(["journal: 8 of 8 blocks cannot be read and will be used anew"]);
    fill(journal, 1, 20);
    expect(sequencesOf(open(flash, 2).journal)).toEqual(numbers(1, 20));
  });

  it("keeps every reading outside of the damage", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash);
    fill(journal, 1, 5 * PER_BLOCK);
    flash.scramble(seededRandom(9), 4096 + 1000, 4096 + 1500);
    const kept = sequencesOf(open(flash, 2).journal);
    expect(kept.length).toBeGreaterThanOrEqual(5 * PER_BLOCK - 18);
    expect(kept.length).toBeLessThan(5 * PER_BLOCK);
  });

  it("reads a block whose header is damaged", () => {
    const flash = new VirtualFlash(8);
    const { journal } = open(flash);
    fill(journal, 1, 4 * PER_BLOCK);
    flash.flipBits(3, seededRandom(2), 2 * 4096, 2 * 4096 + 32);
    const { journal: again, problems } = open(flash, 2);
    expect(problems).toHaveLength(1);
    expect(sequencesOf(again)).toEqual(numbers(1, 4 * PER_BLOCK));
    for (const seq of numbers(1, 4 * PER_BLOCK)) again.acknowledge(seq);
    expect(again.size).toBe(0);
  });

  it("leaves blocks of another layout until their room is needed", () => {
    const flash = new VirtualFlash(6);
    const header = new JournalRecord();
    header.kind = RecordKind.HEADER;
    header.quantity = 2;
    header.encode();
    const content = Uint8Array.of(1, 2, 3);
    for (const block of [0, 1]) {
      flash.open().write(header.bytes, block * 4096);
      flash.open().write(content, block * 4096 + 100);
    }
    const { journal, problems } = open(flash);
    expect(problems).toEqual([
      "journal: 2 of 6 blocks have layout 2, which this version cannot read: kept until their room is needed",
    ]);
    fill(journal, 1, 3 * PER_BLOCK);
    const found = new Uint8Array(3);
    for (const block of [0, 1]) {
      flash.open().read(found, block * 4096 + 100);
      expect(found).toEqual(content);
    }
    expect(sequencesOf(open(flash, 2).journal)).toEqual(numbers(1, 3 * PER_BLOCK));
  });

  it("never invents a reading, whatever bits have turned over", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 400 }), (seed, flips) => {
        const flash = new VirtualFlash(5);
        const { journal } = open(flash);
        fill(journal, 1, 4 * PER_BLOCK);
        flash.flipBits(flips, seededRandom(seed));
        const again = open(flash, 2).journal;
        let last = 0;
        for (const seq of sequencesOf(again)) {
          expect(seq).toBeGreaterThan(last);
          last = seq;
          const found = readAt(again, seq) as Reading;
          expect({ ...found, time: 0 }).toEqual({ ...readingOf(seq), time: 0 });
          again.acknowledge(seq);
        }
        expect(again.size).toBe(0);
        again.append(readingOf(again.next, 2));
      }),
      { numRuns: 60 },
    );
  });
});
