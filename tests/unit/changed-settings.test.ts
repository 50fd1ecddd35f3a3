import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { ChangedSettings } from "../../firmware/changed-settings.js";
import { MemoryStorage } from "../support/memory-storage.js";

function opened(image: Record<string, unknown>, storage?: MemoryStorage) {
  const problems: string[] = [];
  const changed = new ChangedSettings(image, storage, problems);
  const applied = () => {
    const raw = { ...image };
    changed.apply(raw);
    return raw;
  };
  return { changed, applied, problems };
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
