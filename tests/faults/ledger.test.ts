import { beforeEach, describe, expect, it } from "@jest/globals";
import { MICRODEGREES } from "../../bench/faults/codes.js";
import { Keeping, Ledger, type LedgerOptions } from "../../bench/faults/ledger.js";
import { blankReading, type Reading } from "../../firmware/codec/reading.js";

const BASE = "bench/n1";
const START = 1_795_132_800_000;

let ledger: Ledger;
let failures: string[];
/** Moment and number of the callback; each reading is taken in one of its own. */
let now: number;
let step: number;
/** The number that the node would give next. */
let next: number;

beforeEach(() => {
  failures = [];
  ledger = ledgerOf({});
  now = step = 0;
  next = 1;
  ledger.begin(0, START);
});

function ledgerOf(options: Partial<LedgerOptions>): Ledger {
  return new Ledger({
    base: BASE,
    codes: [MICRODEGREES],
    dropsOldest: true,
    room: 0,
    window: 2,
    fail: (what) => failures.push(what),
    ...options,
  });
}

interface Told {
  count: number;
  seq: number;
  at: number;
  reading: Reading;
}

/** The sensor gives its next value, and the node takes it. */
function take(connection = 1, changes: Partial<Reading> = {}): Told {
  const count = ledger.taken;
  now += 1_000;
  step += 1;
  ledger.take(0, count, { at: now, step, connection });
  const reading = {
    ...blankReading(),
    value: MICRODEGREES.value(count),
    seq: next++,
    epoch: 7,
    uptime: now,
    boot: 1,
    ...changes,
  };
  ledger.recorded(reading);
  return { count, seq: reading.seq, at: now, reading };
}

/** It comes to the broker. */
function arrive(told: Told, changes: Record<string, unknown> = {}, dup = false): void {
  const message: Record<string, unknown> = {
    temperature: MICRODEGREES.value(told.count),
    time: START + told.at,
    seq: told.seq,
    epoch: "00000007",
    ...changes,
  };
  now += 10;
  const payload = JSON.stringify(message);
  const isLate = message["late"] === true;
  const messageId = 1 + told.seq + (isLate ? 0 : 32_000);
  ledger.arrive({ topic: `${BASE}/temperature`, payload, dup, retain: !isLate, messageId }, now);
}

const LATE = { late: true };
const settle = () => ledger.settle(now, () => undefined);

describe("the fault bench's ledger is content", () => {
  it("with readings that arrive live, once or again, and with nothing else", () => {
    ledger.accepted(1);
    const readings = [take(), take(), take()];
    for (const reading of readings) arrive(reading);
    ledger.connected(true);
    ledger.accepted(2);
    arrive(readings[2], {}, true);
    for (const { reading } of readings) ledger.acknowledged(reading, false);
    ledger.settle(now, () =>
      JSON.stringify({ temperature: 20.000002, time: START + 3_000, seq: 3, epoch: "00000007" }),
    );
    expect(failures).toEqual([]);
    expect([ledger.taken, ledger.arrived, ledger.duplicates]).toEqual([3, 3, 1]);
  });

  it("with what a broker that hung gets of a life that is over, as it was sent", () => {
    const life = ledger.begin(0, undefined);
    ledger.accepted(1);
    const reading = take();
    life.nodeLearns(now + 1, START + now + 1);
    ledger.cut(Keeping.ALWAYS, { step, connection: 1 });
    ledger.begin(now + 2, START);
    arrive(reading, { time: undefined, uptime: reading.at, boot: 1 });
    expect(failures).toEqual([]);
  });

  it("with late ones behind live ones, each in its own order", () => {
    const waited = [take(0), take(0)];
    ledger.accepted(1);
    const live = take();
    arrive(live);
    for (const reading of waited) arrive(reading, LATE);
    expect(failures).toEqual([]);
  });

  it("with what was sent on the connection before, sent again as it was", () => {
    ledger.accepted(1);
    const reading = take();
    ledger.connected(true);
    ledger.accepted(2);
    arrive(reading, {}, true);
    expect(failures).toEqual([]);
  });

  it("with readings that the node says it has dropped, and with those that went with the power", () => {
    ledger.accepted(1);
    const first = take(0);
    take(0);
    ledger.gaveUp(first.seq, 1);
    ledger.cut(Keeping.NONE, { step, connection: 1 });
    settle();
    expect(failures).toEqual([]);
    expect([ledger.dropped, ledger.doubtful]).toEqual([1, 1]);
  });

  it.each(["just now", "since the connection was there"])(
    "with what a node that keeps the oldest drops of what it took %s",
    (when) => {
      ledger = ledgerOf({ dropsOldest: false });
      ledger.begin(0, START);
      if (when === "just now") ledger.gaveUp(next, 1);
      const reading = take();
      if (when !== "just now") ledger.gaveUp(reading.seq, 1);
      settle();
      expect(failures).toEqual([]);
      expect(ledger.dropped).toBe(1);
    },
  );

  it("with the number of one that was given up, which another has that the power went in", () => {
    ledger = ledgerOf({ dropsOldest: false });
    ledger.begin(0, START);
    ledger.gaveUp(next, 1);
    const { seq } = take(0);
    ledger.cut(Keeping.ALWAYS, { step, connection: 0 });
    ledger.begin(now, START);
    const count = ledger.taken;
    ledger.take(0, count, { at: ++now, step: ++step, connection: 0 });
    ledger.cut(Keeping.ALWAYS, { step, connection: 0 });
    const told = { count, seq, at: now, reading: blankReading() };
    ledger.begin(now, START);
    ledger.accepted(1);
    arrive(told, LATE);
    expect(failures).toEqual([]);
  });
});

describe("the fault bench's ledger finds", () => {
  it("a reading that never came", () => {
    take();
    settle();
    expect(failures.join()).toMatch(/^lost: 1 readings never came/);
  });

  it("one that was dropped and not told, among those that were told", () => {
    const first = take();
    take();
    take();
    ledger.gaveUp(first.seq, 2);
    settle();
    expect(failures.join()).toMatch(/^lost: 1 readings/);
  });

  it("one that a power cut must not have cost", () => {
    take();
    ledger.cut(Keeping.ALWAYS, { step, connection: 1 });
    ledger.begin(now, START);
    settle();
    expect(failures.join()).toMatch(/^lost: 1 readings/);
  });

  it("one that was not taken before the power went, and not only just then", () => {
    ledger.take(0, 0, { at: 1, step: 1, connection: 0 });
    ledger.cut(Keeping.ALWAYS, { step: 2, connection: 0 });
    expect(failures.join()).toMatch(/^taken: the node has not taken reading #0/);
  });

  it("one that is given up twice, and more than there are", () => {
    const first = take(0);
    take(0);
    ledger.gaveUp(first.seq, 1);
    ledger.gaveUp(first.seq, 1);
    ledger.gaveUp(first.seq + 1, 2);
    expect(failures).toEqual([
      "dropped: #0 is given up for the second time",
      "dropped: 2 from 2 on, and 1 of them there never were",
    ]);
  });

  it("one that is given up while there is room", () => {
    ledger = ledgerOf({ room: 3 });
    ledger.begin(0, START);
    for (let i = 0; i < 4; i++) take(0);
    ledger.gaveUp(1, 1);
    expect(failures).toEqual([]);
    ledger.gaveUp(2, 1);
    expect(failures.join()).toBe("dropped: #1 is given up, and there is room: 2 were taken since #1");
  });

  it("one that is given up in its turn while there is room, and one that nobody has", () => {
    ledger = ledgerOf({ room: 2, dropsOldest: false });
    ledger.begin(0, START);
    take(0);
    ledger.gaveUp(2, 1);
    take(0);
    ledger.gaveUp(9, 1);
    take(0);
    expect(failures).toEqual([
      "dropped: #1 is given up, and there is room: 1 were taken since #0",
      "dropped: 9 is given up, and no reading has it",
    ]);
  });

  it("one that was given up and is sent later on", () => {
    ledger.accepted(1);
    const [first, second] = [take(), take()];
    ledger.gaveUp(first.seq, 2);
    arrive(first);
    expect(failures).toEqual([]);
    ledger.accepted(2);
    arrive(second, LATE);
    expect(failures.join()).toBe("dropped: #1 was given up, and sent on a later connection");
  });

  it("a number of the same epoch that comes back with the power, and one that skips", () => {
    take();
    ledger.cut(Keeping.OUTAGE, { step, connection: 1 });
    ledger.begin(now, START);
    take(1, { seq: 1, uptime: 1_000, boot: 2 });
    ledger.cut(Keeping.OUTAGE, { step, connection: 1 });
    ledger.begin(now, START);
    take(1, { seq: 3, uptime: 1_000, boot: 3 });
    expect(failures).toEqual([
      "number: 1 of epoch 00000007 is given to #0 and #1",
      "number: reading #2 has 3, and the one before 1",
    ]);
  });

  it("one that the node has not taken at all", () => {
    ledger.take(0, 0, { at: 1, step: 1, connection: 0 });
    ledger.take(0, 1, { at: 2, step: 2, connection: 0 });
    expect(failures.join()).toMatch(/^taken: the node has not taken reading #0/);
  });

  it("a value that nobody measured, whether recorded or sent", () => {
    ledger.recorded({ ...blankReading(), value: 12.5 });
    arrive({ ...take(), count: 50 });
    expect(failures.map((text) => text.split(":")[0])).toEqual(["invented", "invented"]);
  });

  it("an acknowledgement of what the broker never got", () => {
    const { reading } = take();
    ledger.acknowledged(reading, false);
    expect(failures.join()).toMatch(/^lost: the node says that #0 was delivered/);
  });

  it("the wrong order, of live ones and of late ones", () => {
    const late = [take(0), take(0)];
    ledger.accepted(1);
    const live = [take(), take()];
    arrive(live[1]);
    arrive(live[0]);
    arrive(late[1], LATE);
    arrive(late[0], LATE);
    expect(failures.map((text) => text.split(" (")[0])).toEqual([
      "order: reading #2 came after #3 on one connection",
      "order: reading #2 came after #3",
      "order: reading #0 late came after #1 on one connection",
      "order: reading #0 came after #1",
    ]);
  });

  it("a wrong mark: late or not", () => {
    const waited = take(0);
    ledger.accepted(1);
    const live = take();
    arrive(waited);
    arrive(live, LATE);
    expect(failures.map((text) => text.split(":")[0])).toEqual(["late", "late"]);
  });

  it("a late one that is retained, and a live one that is not", () => {
    ledger.accepted(1);
    const { count, seq, at } = take();
    const payload = JSON.stringify({
      temperature: MICRODEGREES.value(count),
      time: START + at,
      seq,
      epoch: "00000007",
    });
    ledger.arrive({ topic: `${BASE}/temperature`, payload, dup: false, retain: false, messageId: 1 }, now);
    expect(failures.join()).toMatch(/^retained: /);
  });

  it("another value than the newest live one, retained at the end", () => {
    ledger.accepted(1);
    arrive(take());
    ledger.settle(now, () => "old");
    expect(failures.join()).toMatch(/^retained: .* holds old/);
  });

  it("a number that is given twice, skipped, or not the reading's own", () => {
    ledger.accepted(1);
    arrive(take(), { seq: 9 });
    take(1, { seq: 3 });
    ledger.begin(now, START);
    take(1, { seq: 3, uptime: 1_000, boot: 2 });
    expect(failures.map((text) => text.split(":")[0])).toEqual(["number", "number", "number"]);
  });

  it("a wrong time, a time of a clock that was not set, and none where there is one", () => {
    ledger.accepted(1);
    arrive(take(), { time: START + 1_500 });
    arrive(take(), { time: undefined, uptime: now, boot: 1 });
    ledger.begin(now, undefined);
    ledger.accepted(1);
    arrive(take(1, { uptime: 1_000, boot: 2 }));
    expect(failures.map((text) => text.split(":")[0])).toEqual(["time", "time", "time"]);
  });

  it("an uptime that is wrong, and restarts that are counted backwards", () => {
    take(1, { uptime: 5 });
    ledger.begin(now, START);
    take(1, { uptime: 1_000, boot: 1 });
    expect(failures.map((text) => text.split(":")[0])).toEqual(["time", "restarts"]);
  });
});
