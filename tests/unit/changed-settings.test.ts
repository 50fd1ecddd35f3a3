import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { ChangedSettings } from "../../firmware/changed-settings.js";
import { MemoryStorage } from "../support/memory-storage.js";

function opened(image: Record<string, unknown>, storage?: MemoryStorage) {
  const problems: string[] = [];
  const time = { ticks: 0x7fff_ff00 };
  const changed = new ChangedSettings(image, storage, problems, () => time.ticks);
  const applied = () => {
    const raw = { ...image };
    changed.apply(raw);
    return raw;
  };
  return { changed, applied, problems, time };
}

describe("settings that commands have changed", () => {
  it("win over the image's, also after a restart", () => {
    const storage = new MemoryStorage();
    opened({ interval: "5s" }, storage).changed.set({ interval: 10_000, offset: -1 });
    expect(opened({ interval: "5s" }, storage).applied()).toEqual({ interval: 10_000, offset: -1 });
  });

  it("give way to an image that brings another value, each on its own", () => {
    const storage = new MemoryStorage();
    opened({ interval: "5s" }, storage).changed.set({ interval: 10_000, offset: -1 });
    expect(opened({ interval: "7s" }, storage).applied()).toEqual({ interval: "7s", offset: -1 });
    expect(opened({ interval: "5s", offset: "2" }, storage).applied()).toEqual({
      interval: 10_000,
      offset: "2",
    });
  });

  it("last until the next start without a storage", () => {
    const { changed, applied } = opened({});
    changed.set({ target: 19 });
    expect(applied()).toEqual({ target: 19 });
  });

  it("cost no write where nothing changes", () => {
    const storage = new MemoryStorage();
    const { changed } = opened({}, storage);
    changed.set({ target: 19 });
    changed.set({ target: 19 });
    expect(storage.writesOf("changed")).toHaveLength(1);
  });

  it("are written thirty times at once, then once a minute: a flood of commands must not wear the flash out", () => {
    const storage = new MemoryStorage();
    const { changed, time, applied } = opened({}, storage);
    const change = (offset: number) => changed.set({ offset });
    for (let i = 1; i <= 30; i++) change(i);
    expect(() => change(31)).toThrow(/^changed too often/);
    expect(applied()).toEqual({ offset: 30 });
    time.ticks = (time.ticks + 59_999) | 0;
    expect(() => change(31)).toThrow(/^changed too often/);
    expect(() => changed.reset()).toThrow(/^changed too often/);
    time.ticks = (time.ticks + 1) | 0;
    change(31);
    expect(() => change(32)).toThrow(/^changed too often/);
    for (let minute = 0; minute < 10; minute++) {
      for (let i = 0; i < 3; i++) {
        time.ticks = (time.ticks + 20_000) | 0;
        try {
          change(100 + 3 * minute + i);
        } catch {}
      }
    }
    expect(storage.writesOf("changed")).toHaveLength(30 + 1 + 10);
    // After weeks, in which the ticks have wrapped, no more than at the beginning.
    time.ticks = (time.ticks + 0x9000_0000) | 0;
    for (let i = 1; i <= 30; i++) change(i);
    expect(() => change(31)).toThrow(/^changed too often/);
    time.ticks = (time.ticks + 2_000_000_000) | 0;
    for (let i = 1; i <= 30; i++) change(i);
    expect(() => change(31)).toThrow(/^changed too often/);
  });

  it("cost no write when there are none to forget", () => {
    const storage = new MemoryStorage();
    const { changed } = opened({}, storage);
    changed.set({ target: 19 });
    changed.reset();
    storage.fails = () => true;
    changed.reset();
    changed.reset();
  });

  it("are forgotten also where they could not be read, so that they do not come back at the next start", () => {
    const storage = new MemoryStorage();
    opened({}, storage).changed.set({ target: 19 });
    storage.fails = (call) => call === "read";
    const { changed } = opened({}, storage);
    storage.fails = () => false;
    changed.reset();
    expect(opened({}, storage).applied()).toEqual({});
  });

  it("that were forgotten do not come back with the next one", () => {
    const storage = new MemoryStorage();
    const { changed } = opened({}, storage);
    changed.set({ target: 19 });
    changed.reset();
    changed.set({ offset: 1 });
    expect(opened({}, storage).applied()).toEqual({ offset: 1 });
  });

  it("give way to an image that brings another number", () => {
    const storage = new MemoryStorage();
    opened({ interval: 5_000 }, storage).changed.set({ interval: 10_000 });
    expect(opened({ interval: 5_000 }, storage).applied()).toEqual({ interval: 10_000 });
    expect(opened({ interval: 7_000 }, storage).applied()).toEqual({ interval: 7_000 });
  });

  it("stay where they cannot be deleted", () => {
    const storage = new MemoryStorage();
    const { changed, applied } = opened({}, storage);
    changed.set({ target: 19 });
    storage.fails = (call) => call === "delete";
    expect(() => changed.reset()).toThrow("flash is worn");
    expect(applied()).toEqual({ target: 19 });
  });

  it("stay as they were where they cannot be written", () => {
    const storage = new MemoryStorage();
    const { changed, applied } = opened({}, storage);
    changed.set({ target: 19 });
    storage.fails = (call) => call === "write";
    expect(() => changed.set({ target: 30 })).toThrow("flash is worn");
    expect(applied()).toEqual({ target: 19 });
  });

  it("are forgotten by a reset, which says what holds then", () => {
    const storage = new MemoryStorage();
    const { changed } = opened({ interval: "7s", offset: "nonsense" }, storage);
    changed.set({ interval: 10_000, offset: 3 });
    changed.reset();
    expect([changed.unchanged("interval"), changed.unchanged("offset")]).toEqual([7_000, 0]);
    expect(opened({ interval: "7s" }, storage).applied()).toEqual({ interval: "7s" });
  });

  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["a number", "7"],
    ["a list", "[1,2]"],
    ["another shape", '{"interval":10000,"offset":[1],"target":[{},null],"mode":["cool",{}]}'],
    ["settings that no command changes", '{"broker":["mqtt://evil",null],"__proto__":["x",null]}'],
    ["values that are not allowed", '{"interval":["never",null],"target":[99,null]}'],
  ])("that cannot be read cost nothing but what they were: %s", (_what, text) => {
    const storage = new MemoryStorage();
    storage.values.set("changed", text);
    expect(opened({ topic: "home/x" }, storage).applied()).toEqual({ topic: "home/x" });
  });

  it("tells of a storage that fails", () => {
    const storage = new MemoryStorage();
    storage.fails = (call) => call === "read";
    const { problems, applied } = opened({}, storage);
    expect(problems).toEqual([expect.stringMatching(/flash is worn.*the image's settings are used/)]);
    expect(applied()).toEqual({});
  });

  it("are never more than the settings that commands may change, whatever is stored", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const storage = new MemoryStorage();
        storage.values.set("changed", text);
        for (const name of Object.keys(opened({}, storage).applied()))
          expect(["interval", "offset", "twopoint", "mode", "target"]).toContain(name);
      }),
    );
  });
});
