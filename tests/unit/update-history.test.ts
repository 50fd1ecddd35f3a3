import { beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { type Chapter, readHistory, Stage, writeHistory } from "../../firmware/update/history.js";
import { MemoryStorage } from "../support/memory-storage.js";

let storage: MemoryStorage;
beforeEach(() => {
  storage = new MemoryStorage();
});

const chapter: Chapter = {
  stage: Stage.REVERTED,
  issued: 1_795_175_351_184,
  id: "a1b2c3d4",
  version: "0.2.0",
  tries: 2,
  trials: 1,
  reason: "the trial ended by  a panic: x / y",
};

describe("what is remembered of an update", () => {
  it("is nothing at first", () => {
    expect(readHistory(storage)).toBeUndefined();
  });

  it("comes back as it was", () => {
    writeHistory(storage, chapter);
    expect(readHistory(storage)).toEqual(chapter);
    expect([...storage.values.keys()]).toEqual(["update"]);
  });

  it("comes back whatever its reason is", () => {
    const count = fc.nat();
    const any = fc.record({
      stage: fc.integer({ min: Stage.TAKEN, max: Stage.WITHDRAWN }),
      issued: fc.maxSafeNat(),
      id: fc.stringMatching(/^[0-9a-f]{8}$/),
      version: fc.stringMatching(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/),
      tries: count,
      trials: count,
      reason: fc.string({ unit: "binary" }),
    });
    fc.assert(
      fc.property(any, (one) => {
        writeHistory(storage, one as Chapter);
        expect(readHistory(storage)).toEqual(one);
      }),
    );
  });

  it("has stages whose numbers later versions understand", () => {
    const early = [Stage.TAKEN, Stage.TRIAL, Stage.CONFIRMED];
    expect([...early, Stage.FAILED, Stage.REVERTED, Stage.WITHDRAWN]).toEqual([1, 2, 3, 4, 5, 6]);
    storage.write("update", "3 1795175351184 a1b2c3d4 0.2.0 0 1 ");
    expect(readHistory(storage)).toMatchObject({ stage: Stage.CONFIRMED, trials: 1, reason: "" });
  });

  it.each([
    "",
    "rubbish",
    "1",
    "1 2 3 4 5",
    "0 5 a1b2c3d4 0.2.0 0 0 ",
    "7 5 a1b2c3d4 0.2.0 0 0 ",
    "1.5 5 a1b2c3d4 0.2.0 0 0 ",
    " 5 a1b2c3d4 0.2.0 0 0 ",
    "1  a1b2c3d4 0.2.0 0 0 ",
    "1 Infinity a1b2c3d4 0.2.0 0 0 ",
    "1 9007199254740993 a1b2c3d4 0.2.0 0 0 ",
    "1 -5 a1b2c3d4 0.2.0 0 0 ",
    "1 x a1b2c3d4 0.2.0 0 0 ",
    "1 5 a1b2c3d4 0.2.0 -1 0 ",
    "1 5 a1b2c3d4 0.2.0 0.5 0 ",
    "1 5 a1b2c3d4 0.2.0 0 x ",
    "1 5 a1b2c3d4 0.2.0 0 ",
    "1 5 a1b2c3d4 0.2.0 0 0",
    "NaN NaN NaN NaN NaN NaN NaN",
  ])("is nothing where %j is stored", (text) => {
    storage.write("update", text);
    expect(readHistory(storage)).toBeUndefined();
  });

  it("is a chapter or nothing, whatever is stored", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9 .e+-]{0,40}$/)), (text) => {
        storage.write("update", text);
        const read = readHistory(storage);
        if (!read) return;
        expect(read.stage).toBeGreaterThanOrEqual(Stage.TAKEN);
        expect(read.stage).toBeLessThanOrEqual(Stage.WITHDRAWN);
        for (const number of [read.stage, read.issued, read.tries, read.trials])
          expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
      }),
    );
  });

  it("fails as the storage does", () => {
    storage.fails = () => true;
    expect(() => readHistory(storage)).toThrow("flash is worn");
    expect(() => writeHistory(storage, chapter)).toThrow("flash is worn");
  });
});
