import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Retention } from "../../services/server/retention.js";
import { fill, fillQuickly, NOON, Store } from "../support/store.js";

const HOUR = 3_600_000;

let store: Store;
let retention: Retention;
let now: number;
beforeEach(() => {
  store = new Store();
  now = NOON + 30_000;
});
afterEach(() => {
  retention.close();
  store.close();
});

function keep(age: number): void {
  retention = new Retention(
    store,
    age,
    () => {},
    () => now,
  );
}

const count = (from: string) =>
  (store.database.prepare(`SELECT count(*) FROM ${from}`).raw().get() as unknown as [number])[0];

describe("retention", () => {
  it("deletes readings that are too old, in small steps, and keeps what they came to", () => {
    fillQuickly(store, "home/attic", 2_500, 1_000, NOON - 2 * HOUR);
    fill(store, "home/attic", [[NOON, 21]], 3);
    keep(HOUR);
    let steps = 0;
    let before = count("reading");
    while (retention.step()) {
      const now = count("reading");
      expect(before - now).toBeLessThanOrEqual(1_000);
      if (now < before) steps++;
      before = now;
    }
    expect(steps).toBe(3);
    expect(count("reading")).toBe(1);
    expect(count("bucket WHERE width = 60000")).toBe(43);
  });

  it("deletes minutes after ten times as long, and hours never", () => {
    fill(store, "home/attic", [
      [NOON - 10 * HOUR - 1, 20],
      [NOON - 10 * HOUR, 21],
    ]);
    keep(HOUR);
    while (retention.step());
    expect(count("bucket WHERE width = 60000")).toBe(1);
    expect(count("bucket WHERE width = 3600000")).toBe(2);
  });

  it("takes nothing any more that it would have deleted", () => {
    keep(HOUR);
    const device = store.deviceId("home/attic");
    const add = (time: number, seq: number) =>
      store.add({ device, quantity: 0, value: 20, time, epoch: 1, seq, late: true, received: now });
    expect(add(NOON - HOUR, 1).kind).toBe("new");
    expect(add(NOON - HOUR - 1, 2).kind).toBe("old");
    now += 60_000;
    retention.step();
    expect(count("reading")).toBe(0);
    expect(add(NOON - HOUR, 1).kind).toBe("old");
  });

  it("deletes nothing where everything is to be kept", () => {
    fill(store, "home/attic", [[1_600_000_000_000, 20]]);
    keep(0);
    expect(retention.step()).toBe(false);
    expect(count("reading")).toBe(1);
  });

  it("goes to every device", () => {
    for (const base of ["a/b", "a/c", "a/d"]) fill(store, base, [[NOON - 2 * HOUR, 20]]);
    keep(HOUR);
    while (retention.step());
    expect(count("reading")).toBe(0);
  });

  it("passes on what the store says, once", async () => {
    fill(store, "home/attic", [[NOON - 2 * HOUR, 20]]);
    const errors: unknown[] = [];
    retention = new Retention(
      store,
      HOUR,
      (error) => errors.push(error),
      () => now,
    );
    store.database.exec("DROP TABLE device");
    while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(String(errors)).toMatch(/device/);
  });
});
