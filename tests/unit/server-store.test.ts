import { afterEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { ARRIVAL_EPOCH, momentEpoch } from "../../services/server/numbering.js";
import { type Arrival, Store } from "../../services/server/store.js";

const NOON = 1_795_175_000_000;

const stores: Store[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

function newStore(): Store {
  const store = new Store();
  stores.push(store);
  return store;
}

const arrival = (change: Partial<Arrival> = {}): Arrival => ({
  device: 1,
  quantity: 0,
  value: 21.5,
  time: NOON,
  epoch: 0x5f3a09c1,
  seq: 1,
  late: false,
  received: NOON + 50,
  ...change,
});

interface Row {
  device: number;
  quantity: number;
  time: number;
  epoch: number;
  seq: number;
  value: number;
  timed: number;
}

function rows(store: Store): Row[] {
  const all = store.database.prepare("SELECT * FROM reading ORDER BY device, epoch, seq").all() as Row[];
  return all.map(({ device, quantity, time, epoch, seq, value, timed }) => {
    return { device, quantity, time, epoch, seq, value, timed };
  });
}

function buckets(store: Store): string[] {
  const all = store.database.prepare("SELECT * FROM bucket").raw().all() as number[][];
  return all.map((row) => row.join(" ")).sort();
}

/** What `bucket` must be. */
function bucketsOf(all: readonly Row[]): string[] {
  const found = new Map<string, number[]>();
  for (const { device, quantity, time, value } of all) {
    for (const width of [60_000, 3_600_000]) {
      const key = [device, quantity, width, time - (time % width)].join(" ");
      found.set(key, [...(found.get(key) ?? []), value]);
    }
  }
  return [...found]
    .map(([key, values]) => {
      const sum = values.reduce((a, b) => a + b, 0);
      return `${key} ${Math.min(...values)} ${Math.max(...values)} ${sum} ${values.length}`;
    })
    .sort();
}

describe("a store", () => {
  it("has a reading once, however often and in whatever form it comes", () => {
    const store = newStore();
    expect(store.add(arrival())).toEqual({ kind: "new", time: NOON });
    expect(store.add(arrival())).toEqual({ kind: "known" });
    expect(store.add(arrival({ late: true, received: NOON + 9_999 }))).toEqual({ kind: "known" });
    expect(store.add(arrival({ time: undefined }))).toEqual({ kind: "known" });
    expect(rows(store)).toHaveLength(1);
    expect(buckets(store)).toEqual(bucketsOf(rows(store)));
  });

  it("tells readings apart by device, epoch and number", () => {
    const store = newStore();
    for (const other of [{}, { device: 2 }, { epoch: 1 }, { seq: 2 }]) store.add(arrival(other));
    expect(rows(store)).toHaveLength(4);
  });

  it("puts a reading without a time where it arrived, and moves it when a copy brings the time", () => {
    const store = newStore();
    store.add(arrival({ seq: 1, value: 10, time: undefined, received: NOON + 7_200_000 }));
    store.add(arrival({ seq: 2, value: 20, time: NOON + 7_200_000 }));
    expect(store.add(arrival({ seq: 1, value: 10, time: NOON, late: true }))).toEqual({
      kind: "timed",
      time: NOON,
      was: NOON + 7_200_000,
    });
    expect(rows(store).map(({ time }) => time)).toEqual([NOON, NOON + 7_200_000]);
    expect(buckets(store)).toEqual(bucketsOf(rows(store)));
    // A second time is not believed.
    expect(store.add(arrival({ seq: 1, value: 10, time: NOON + 1 }))).toEqual({ kind: "known" });
  });

  it("takes each bare number, for nothing tells two of them apart", () => {
    const store = newStore();
    for (let i = 0; i < 3; i++) store.add(arrival({ time: undefined, epoch: undefined, seq: undefined }));
    expect(rows(store).map(({ epoch, seq }) => [epoch, seq])).toEqual([
      [ARRIVAL_EPOCH, 1],
      [ARRIVAL_EPOCH, 2],
      [ARRIVAL_EPOCH, 3],
    ]);
  });

  it("takes a time for a number where there is no other, of each quantity", () => {
    const store = newStore();
    for (const quantity of [0, 0, 1, 2, 2])
      store.add(arrival({ quantity, epoch: undefined, seq: undefined }));
    expect(rows(store).map(({ epoch }) => epoch)).toEqual([2, 1, 0].map(momentEpoch));
  });

  it("does not take again what was deleted for its age", () => {
    const store = newStore();
    store.cutoff = NOON;
    expect(store.add(arrival({ time: NOON - 1 }))).toEqual({ kind: "old" });
    expect(store.add(arrival({ time: NOON }))).toEqual({ kind: "new", time: NOON });
  });

  it("changes nothing where a step of it fails", () => {
    const store = newStore();
    store.database.exec("DROP TABLE bucket");
    expect(() => store.add(arrival())).toThrow(/bucket/);
    expect(rows(store)).toEqual([]);
    expect(store.database.inTransaction).toBe(false);
  });

  it("changes nothing where the disk is full, and goes on when there is room", () => {
    const store = newStore();
    const pages = (limit: string) => store.database.prepare(`PRAGMA max_page_count${limit}`).raw().get();
    store.database.exec(`PRAGMA max_page_count=${8}`);
    let seq = 0;
    const fill = () => {
      for (;;) store.add(arrival({ seq: ++seq, time: NOON + seq * 60_000 }));
    };
    expect(fill).toThrow(expect.objectContaining({ code: "SQLITE_FULL" }));
    expect(rows(store)).toHaveLength(seq - 1);
    expect(buckets(store)).toEqual(bucketsOf(rows(store)));
    pages("=100000");
    store.add(arrival({ seq, time: NOON + seq * 60_000 }));
    expect(rows(store)).toHaveLength(seq);
    expect(buckets(store)).toEqual(bucketsOf(rows(store)));
  });

  it("runs five statements for a new reading, and four for one that is known", () => {
    const store = newStore();
    const prototype = Object.getPrototypeOf(store.database.prepare("SELECT 1")) as Record<string, unknown>;
    let count = 0;
    const originals = ["run", "get", "all"].map((name) => [name, prototype[name]] as const);
    for (const [name, original] of originals) {
      prototype[name] = function (this: unknown, ...values: unknown[]) {
        count++;
        return (original as (...values: unknown[]) => unknown).apply(this, values);
      };
    }
    try {
      store.add(arrival());
      expect(count).toBe(5);
      count = 0;
      store.add(arrival({ time: undefined }));
      expect(count).toBe(4);
    } finally {
      for (const [name, original] of originals) prototype[name] = original;
    }
  });

  it("has the same table as a model, for readings in any order, with and without their time, and many times", () => {
    const copies = fc.array(
      fc.record({
        device: fc.integer({ min: 1, max: 2 }),
        epoch: fc.constantFrom(0, 0xffff_ffff),
        seq: fc.integer({ min: 0, max: 12 }),
        isTimed: fc.boolean(),
        form: fc.constantFrom("numbered", "numbered", "numbered", "moment", "bare"),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(copies, (all) => {
        const store = newStore();
        const model = new Map<string, Row>();
        let bare = 0;
        all.forEach(({ device, epoch, seq, isTimed, form }, i) => {
          const quantity = seq % 3;
          // Quarters, of which sums are exact in any order.
          const value = ((seq * 7 + epoch) % 50) / 4;
          const time = form === "bare" || !(isTimed || form === "moment") ? undefined : NOON + seq * 20_000;
          const received = NOON + 3_000_000 + i * 30_000;
          const number = form === "numbered" ? { epoch, seq } : { epoch: undefined, seq: undefined };
          store.add({ device, quantity, value, time, ...number, late: false, received });

          const name =
            form === "numbered"
              ? { epoch, seq }
              : form === "moment"
                ? { epoch: -2 - quantity, seq: time as number }
                : { epoch: -1, seq: 0 };
          if (form === "bare")
            name.seq = [...model.values()].filter((r) => r.epoch === -1 && r.device === device).length + 1;
          const key = `${device} ${name.epoch} ${name.seq} ${form === "bare" ? bare++ : ""}`;
          const known = model.get(key);
          if (!known)
            model.set(key, { device, quantity, time: time ?? received, ...name, value, timed: time ? 1 : 0 });
          else if (known.timed === 0 && time !== undefined) Object.assign(known, { time, timed: 1 });
        });
        const expected = [...model.values()].sort(
          (a, b) => a.device - b.device || a.epoch - b.epoch || a.seq - b.seq,
        );
        expect(rows(store)).toEqual(expected);
        expect(buckets(store)).toEqual(bucketsOf(expected));
      }),
      { numRuns: 200 },
    );
  });
});
