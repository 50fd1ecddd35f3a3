import { describe, expect, it } from "@jest/globals";
import { Boots } from "../../firmware/health/boots.js";
import { MemoryStorage } from "../support/memory-storage.js";

/** Boots one after another on the same storage, each with what is done in it. */
function boots(storage: MemoryStorage, ...all: [reset: string | undefined, life?: (boots: Boots) => void][]) {
  return all.map(([reset, life]) => {
    const boot = new Boots(storage, reset, []);
    life?.(boot);
    return boot;
  });
}

const well = (boot: Boots) => boot.well();
const ended = (boot: Boots) => boot.ended();
const repeat = (count: number, reset: string): [string][] => Array.from({ length: count }, () => [reset]);

describe("the count of boots", () => {
  it("grows by one with each, however it ends", () => {
    const all = boots(new MemoryStorage(), ["power-on"], ["watchdog", well], ["panic", ended], ["software"]);
    expect(all.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  });

  it("goes on from what earlier versions stored, and begins again where that is no number", () => {
    const storage = new MemoryStorage();
    storage.values.set("boot", "37");
    expect(boots(storage, ["power-on"])[0].number).toBe(38);
    storage.values.set("boot", "many -3 1.5 x");
    expect(boots(storage, ["power-on"])[0]).toMatchObject({ number: 1, unwell: 0, stalls: 0 });
  });

  it.each(["read", "write"] as const)("is 0 where its %s fails, and that is told", (call) => {
    const storage = new MemoryStorage();
    storage.fails = (what) => what === call;
    const problems: string[] = [];
    const boot = new Boots(storage, "power-on", problems);
    expect(boot).toMatchObject({ number: 0, isSafe: false });
    expect(problems).toEqual([expect.stringContaining("flash is worn")]);
    expect(() => boot.well()).not.toThrow();
  });

  it("is 0 without a storage", () => {
    expect(new Boots(undefined, undefined, [])).toMatchObject({ number: 0, isSafe: false, reset: undefined });
  });
});

describe("boots that do not get well", () => {
  it.each(["software", "exception", "panic", "watchdog", "brown-out", "unknown"])(
    "lead to safe mode when five in a row end by %s",
    (reset) => {
      const all = boots(new MemoryStorage(), ["power-on"], ...repeat(6, reset));
      expect(all.map(({ unwell }) => unwell)).toEqual([0, 1, 2, 3, 4, 5, 5]);
      expect(all.map(({ isSafe }) => isSafe)).toEqual([false, false, false, false, false, true, true]);
    },
  );

  it.each(["power-on", "external", "deep-sleep", "killed"])("do not count when they end by %s", (reset) => {
    const all = boots(new MemoryStorage(), ["power-on"], ...repeat(20, reset));
    expect(all.map(({ unwell }) => unwell)).toEqual(all.map(() => 0));
  });

  it("are a row also when the power is cut in between, and not when one of them is well", () => {
    const cut = boots(new MemoryStorage(), ["power-on"], ["panic"], ["panic"], ["power-on"], ["panic"]);
    expect(cut.map(({ unwell }) => unwell)).toEqual([0, 1, 2, 2, 3]);
    const mended = boots(new MemoryStorage(), ["power-on"], ["panic"], ["panic", well], ["panic"], ["panic"]);
    expect(mended.map(({ unwell }) => unwell)).toEqual([0, 1, 0, 0, 1]);
  });

  it("do not count when they end on purpose, whatever the chip then says", () => {
    const all = boots(
      new MemoryStorage(),
      ["power-on", ended],
      ["software", ended],
      ["watchdog", ended],
      ["software"],
    );
    expect(all.map(({ unwell }) => unwell)).toEqual([0, 0, 0, 0]);
    const cut = boots(new MemoryStorage(), ["power-on"], ["panic"], ["panic", ended], ["power-on"]);
    expect(cut.map(({ unwell }) => unwell)).toEqual([0, 1, 2, 2]);
  });

  it("are tried again after a power cycle, a restart on purpose, or a time; one more failure leads back", () => {
    const crashed = () => {
      const storage = new MemoryStorage();
      boots(storage, ["power-on"], ...repeat(4, "panic"));
      return storage;
    };
    const isSafe = (all: Boots[]) => all.map((boot) => boot.isSafe);
    expect(isSafe(boots(crashed(), ["power-on"], ["panic"], ["panic"]))).toEqual([false, true, true]);
    expect(isSafe(boots(crashed(), ["panic"], ["power-on"], ["panic"]))).toEqual([true, false, true]);
    expect(isSafe(boots(crashed(), ["panic", ended], ["software"], ["panic"]))).toEqual([true, false, true]);
    const retry = (boot: Boots) => boot.retry();
    expect(isSafe(boots(crashed(), ["panic", retry], ["panic"]))).toEqual([false, true]);
    const stopped = (boot: Boots) => {
      boot.retry();
      boot.ended();
    };
    expect(isSafe(boots(crashed(), ["panic", stopped], ["software"]))).toEqual([false, false]);
  });
});

describe("the reason of a boot", () => {
  it("is the chip's word, except for a restart that nobody asked for", () => {
    const all = boots(
      new MemoryStorage(),
      ["power-on"],
      ["software", ended],
      ["software"],
      ["panic", well],
      ["software"],
    );
    expect(all.map(({ reset }) => reset)).toEqual([
      "power-on",
      "exception",
      "software",
      "panic",
      "exception",
    ]);
  });

  it("is power-on or killed where the board does not know it", () => {
    const all = boots(new MemoryStorage(), [undefined, ended], [undefined], [undefined, well], [undefined]);
    expect(all.map(({ reset }) => reset)).toEqual(["power-on", "power-on", "killed", "killed"]);
  });
});

describe("the storage", () => {
  it("is written twice by a healthy boot", () => {
    const storage = new MemoryStorage();
    boots(storage, ["power-on", well]);
    expect(storage.writes).toHaveLength(2);
  });

  it("is not written by a boot in safe mode", () => {
    const storage = new MemoryStorage();
    boots(storage, ["power-on"], ...repeat(1_000, "panic"));
    expect(storage.writes).toHaveLength(5);
  });

  it("keeps how often the sensor's silence led to a restart, until a boot is well", () => {
    const stalled = (boot: Boots) => {
      boot.stalled();
      boot.ended();
    };
    const storage = new MemoryStorage();
    const all = boots(
      storage,
      ["power-on", stalled],
      ["software", stalled],
      ["software"],
      ["panic", well],
      ["panic"],
    );
    expect(all.map(({ unwell }) => unwell)).toEqual([0, 0, 0, 0, 0]);
    expect(new Boots(storage, "software", []).stalls).toBe(0);
    const again = new MemoryStorage();
    expect(boots(again, ["power-on", stalled], ["software", stalled], ["software"])[2].stalls).toBe(2);
  });
});
