import { afterEach, describe, expect, it } from "@jest/globals";
import { Delivery } from "../../services/gateway/delivery.js";
import { LIMITS } from "../../services/gateway/limits.js";
import { Store } from "../../services/gateway/store.js";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const WINDOW = 8;

/** A delivery from a real store to a broker that acknowledges when the test says so. */
function delivery(window = WINDOW) {
  const store = new Store({ file: undefined, keep: 10_000 });
  const sent: { value: number; late: boolean; retain: boolean; acknowledge: () => void }[] = [];
  const troubles: unknown[] = [];
  let delivered = 0;
  const made = new Delivery({
    store,
    limits: { ...LIMITS, window },
    publish: (_reading, text, retain, acknowledge) => {
      const { temperature, late = false } = JSON.parse(text);
      sent.push({ value: temperature, late, retain, acknowledge });
    },
    onDelivered: (count) => {
      delivered += count;
    },
    onTrouble: (error) => troubles.push(error),
  });
  closers.push(() => {
    made.close();
    store.close();
  });
  let next = 0;
  const add = (count: number, late = false) => {
    const readings = Array.from({ length: count }, () => ({
      device: "a",
      quantity: 0,
      value: ++next,
      stamp: { time: 1 },
      number: undefined,
      late,
    }));
    store.add(readings);
    made.wake();
  };
  let acknowledged = 0;
  const acknowledge = (count = 1) => {
    for (let i = 0; i < count && acknowledged < sent.length; i++) sent[acknowledged++].acknowledge();
  };
  const values = (late?: boolean) =>
    sent.filter((one) => late === undefined || one.late === late).map(({ value }) => value);
  return { store, made, sent, add, acknowledge, values, troubles, delivered: () => delivered };
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("delivery to the broker", () => {
  it("sends what came while connected as live and retained, a window at a time, in order", () => {
    const { made, add, sent, acknowledge, values } = delivery();
    made.connected();
    add(20);
    expect(values()).toEqual(upTo(8));
    expect(sent.every(({ late, retain }) => !late && retain)).toBe(true);
    acknowledge(4);
    expect(values()).toEqual(upTo(12));
    acknowledge(12);
    acknowledge(4);
    expect(values()).toEqual(upTo(20));
    expect(made.underWay).toBe(0);
  });

  it("sends nothing before there is a connection, and then what waited as late and not retained", () => {
    const { made, add, sent, values } = delivery();
    add(3);
    expect(sent).toEqual([]);
    made.connected();
    expect(values()).toEqual([1, 2, 3]);
    expect(sent.every(({ late, retain }) => late && !retain)).toBe(true);
  });

  it("has the store forget only what was acknowledged", () => {
    const { made, add, acknowledge, store, delivered } = delivery();
    made.connected();
    add(5);
    made.forget();
    expect(store.waiting).toBe(5);
    acknowledge(2);
    made.forget();
    expect(store.lane(false, 0, 9).map(({ id }) => id)).toEqual([3, 4, 5]);
    expect(delivered()).toBe(2);
  });

  it("sends what was not acknowledged again on the next connection, as late, and takes no late acknowledgement", () => {
    const { made, add, sent, acknowledge, values, store } = delivery();
    made.connected();
    add(4);
    acknowledge(1);
    made.disconnected();
    made.connected();
    expect(values(true)).toEqual([2, 3, 4]);
    sent[1].acknowledge(); // of the first connection
    made.forget();
    expect(store.waiting).toBe(3);
    expect(made.underWay).toBe(3);
  });

  it("does not hold live readings up behind late ones, nor late ones behind live ones for ever", () => {
    const { made, add, acknowledge, values, store } = delivery();
    add(1_000);
    made.connected();
    add(1_000);
    acknowledge(WINDOW);
    expect(values(false).length).toBeGreaterThan(0);
    for (let i = 0; i < 50; i++) {
      acknowledge(8);
      made.forget();
    }
    // There were always more live ones than the window takes.
    expect(values(false).length).toBeLessThan(1_000);
    expect(values(true).length).toBeGreaterThan(90);
    expect(values(false).length).toBeGreaterThan(2 * values(true).length);
    while (made.underWay > 0) {
      acknowledge();
      made.forget();
    }
    expect(store.waiting).toBe(0);
    expect(values(true)).toEqual(upTo(1_000));
    expect(values(false)).toEqual(upTo(2_000, 1_001));
  });

  it("keeps a device's own late readings late, in their order, behind those that waited here", () => {
    const { made, add, values, sent } = delivery(64);
    add(2);
    made.connected();
    add(2, true);
    add(1);
    add(1, true);
    expect(values(true)).toEqual([1, 2, 3, 4, 6]);
    expect(values(false)).toEqual([5]);
    expect(sent.filter(({ retain }) => retain)).toHaveLength(1);
  });

  it("sends a late reading that waited here once", () => {
    const { made, add, values } = delivery(64);
    add(2, true);
    add(1);
    made.connected();
    made.wake();
    expect(values()).toEqual([1, 2, 3]);
  });

  it("stops where the store cannot forget, says so, and goes on with nothing lost", () => {
    const { made, add, acknowledge, store, troubles, sent } = delivery();
    made.connected();
    add(200);
    const remove = store.remove.bind(store);
    store.remove = () => {
      throw new Error("the disk fails");
    };
    for (let i = 0; made.underWay > 0 && i < 1_000; i++) {
      acknowledge();
      made.forget();
    }
    expect(sent.length).toBeLessThanOrEqual(5 * WINDOW);
    expect(troubles.at(-1)).toBeInstanceOf(Error);
    store.remove = remove;
    made.forget();
    expect(troubles.at(-1)).toBeUndefined();
    made.wake();
    while (made.underWay > 0) {
      acknowledge();
      made.forget();
      made.wake();
    }
    expect(store.waiting).toBe(0);
    expect(sent).toHaveLength(200);
  });

  it("knows since when the broker has been silent about what is under way", () => {
    const { made, add, acknowledge } = delivery();
    made.connected();
    expect(made.silentSince).toBe(0);
    add(1);
    expect(made.silentSince).toBeGreaterThan(0);
    acknowledge();
    expect(made.silentSince).toBe(0);
  });
});
