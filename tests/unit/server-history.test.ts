import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { type BucketRow, Histories, type History, type HistoryQuery } from "../../services/server/history.js";
import { fill, fillQuickly, NOON, Store } from "../support/store.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ALL = { readings: 0, minutes: 0 };

let store: Store;
let device: number;
beforeEach(() => {
  store = new Store();
  device = store.deviceId("home/attic");
});
afterEach(() => store.close());

function ask(change: Partial<HistoryQuery>, kept = ALL): Exclude<History, { error: string }> {
  const query = {
    device,
    quantity: 0,
    from: NOON,
    to: NOON + HOUR,
    points: 1_000,
    bucket: undefined,
    ...change,
  };
  const history = new Histories(store.database).query(query, kept);
  if ("error" in history) throw new Error(history.error);
  return history;
}

/** Buckets as they must be. */
function bucketsOf(readings: readonly (readonly [number, number])[], width: number): BucketRow[] {
  const found = new Map<number, number[]>();
  for (const [time, value] of readings) {
    const start = time - (time % width);
    found.set(start, [...(found.get(start) ?? []), value]);
  }
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([start, values]) => {
      const sum = values.reduce((a, b) => a + b, 0);
      return [start, Math.min(...values), sum / values.length, Math.max(...values), values.length];
    });
}

describe("history", () => {
  it("is the readings themselves where they are few, from the first moment to before the last", () => {
    fill(store, "home/attic", [
      [NOON - 1, 1],
      [NOON + 5, 3],
      [NOON, 2],
      [NOON + HOUR, 4],
    ]);
    expect(ask({})).toEqual({
      bucket: 0,
      rows: [
        [NOON, 2],
        [NOON + 5, 3],
      ],
    });
  });

  it("is buckets where they are many, of the narrowest width that leaves few enough", () => {
    fillQuickly(store, "home/attic", 3_600, 1_000);
    expect(ask({ points: 3_600 }).bucket).toBe(0);
    expect(ask({ points: 3_599 }).bucket).toBe(2_000);
    expect(ask({ points: 60 })).toMatchObject({ bucket: MINUTE });
    expect(ask({ points: 100 }).rows).toHaveLength(60);
    expect(ask({ points: 1 }).rows).toEqual([[NOON, 20, 24.5, 29, 3_600]]);
  });

  it("leaves out what has nothing, so that a gap is a gap", () => {
    fill(store, "home/attic", [
      [NOON, 20],
      [NOON + 30_000, 22],
      [NOON + 50 * MINUTE, 25],
    ]);
    expect(ask({ bucket: MINUTE }).rows).toEqual([
      [NOON, 20, 21, 22, 2],
      [NOON + 50 * MINUTE, 25, 25, 25, 1],
    ]);
  });

  it("puts a late reading where its time says", () => {
    fill(store, "home/attic", [[NOON + 30 * MINUTE, 20]], 1);
    fill(store, "home/attic", [[NOON, 10]], 2);
    expect(ask({}).rows).toEqual([
      [NOON, 10],
      [NOON + 30 * MINUTE, 20],
    ]);
    expect(ask({ bucket: MINUTE }).rows.map(([start]) => start)).toEqual([NOON, NOON + 30 * MINUTE]);
  });

  it("in buckets is what the single readings come to, of any width and span", () => {
    const readings = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 3 * HOUR }), fc.integer({ min: -200, max: 200 })),
      {
        maxLength: 80,
      },
    );
    const width = fc.constantFrom(1_000, 7_000, 30_000, MINUTE, 5 * MINUTE, 7 * MINUTE, HOUR, 2 * HOUR, DAY);
    fc.assert(
      fc.property(readings, width, fc.nat(3 * HOUR), fc.nat(3 * HOUR), (all, bucket, a, b) => {
        store.close();
        store = new Store();
        const placed = all.map(([time, value]) => [NOON + time, value / 4] as const);
        device = fill(store, "home/attic", placed);
        const [from, to] = [NOON + Math.min(a, b), NOON + Math.max(a, b)];
        const inside = placed.filter(([time]) => {
          const start = from - (from % bucket);
          return time >= start && time < Math.ceil(to / bucket) * bucket;
        });
        const answer = ask({ from, to, bucket });
        expect(answer).toEqual({ bucket, rows: bucketsOf(inside, bucket) });
      }),
      { numRuns: 150 },
    );
  });

  it("gives single readings in parts where they are asked for and many", () => {
    fillQuickly(store, "home/attic", 10, 1_000);
    expect(ask({ bucket: 0, points: 10 })).not.toHaveProperty("more");
    const first = ask({ bucket: 0, points: 9 });
    expect(first).toMatchObject({ more: true });
    expect(first.rows).toHaveLength(9);
  });

  it("goes by minutes where single readings are gone, and by hours where minutes are", () => {
    fill(store, "home/attic", [[NOON, 20]]);
    store.database.exec("DELETE FROM reading");
    const span = { from: NOON - DAY, to: NOON + DAY, points: 5_000 };
    expect(ask(span, { readings: NOON, minutes: 0 })).toMatchObject({
      bucket: MINUTE,
      rows: [[NOON, 20, 20, 20, 1]],
    });
    store.database.exec("DELETE FROM bucket WHERE width = 60000");
    expect(ask(span, { readings: NOON, minutes: NOON })).toMatchObject({
      bucket: HOUR,
      rows: [[NOON, 20, 20, 20, 1]],
    });
  });

  it("refuses what would read or answer too much", () => {
    fillQuickly(store, "home/attic", 200_000, 10);
    expect(() => ask({ bucket: 1_000, to: NOON + DAY })).toThrow(/wider bucket/);
    expect(() => ask({ bucket: 7_000 })).toThrow(/shorter span/);
    expect(() => ask({ bucket: 59 * MINUTE, from: NOON - 15_000 * HOUR })).toThrow(/whole hours/);
    // And does not choose it by itself.
    expect(ask({ points: 5_000 }).bucket).toBe(MINUTE);
    expect(ask({ from: 0, to: NOON + DAY, points: 5_000 }).bucket).toBe(7 * DAY);
  });

  it("looks at the minutes of a week, and not at its million readings", () => {
    fillQuickly(store, "home/attic", 10_000, 60_480);
    const plan = (sql: string) =>
      (store.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(
        (row) => row.detail,
      );
    const answer = ask({ to: NOON + 7 * DAY });
    expect(answer.bucket).toBe(15 * MINUTE);
    expect(answer.rows).toHaveLength(672);
    const key = "device = 1 AND quantity = 0";
    expect(plan(`SELECT 1 FROM bucket WHERE ${key} AND width = 60000 AND start >= 1 AND start < 2`)).toEqual([
      expect.stringMatching(/^SEARCH bucket USING PRIMARY KEY .*width=.*start>/),
    ]);
    expect(
      plan(`SELECT time, value FROM reading WHERE ${key} AND time >= 1 AND time < 2 ORDER BY time`),
    ).toEqual([expect.stringMatching(/^SEARCH reading USING PRIMARY KEY .*time>/)]);
  });
});
