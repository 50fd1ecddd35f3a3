import { describe, expect, it } from "@jest/globals";
import { type Circumstances, refusalOf } from "../../firmware/update/judgement.js";
import type { Manifest } from "../../firmware/update/manifest.js";

const manifest: Manifest = {
  kind: "esp32",
  version: "0.2.0",
  size: 100_000,
  sha256: "0".repeat(64),
  url: "http://host/x",
  issued: 1_000,
  expires: 2_000,
  minimum: undefined,
  rollback: false,
};
const circumstances: Circumstances = {
  kind: "esp32",
  version: "0.1.0",
  now: 1_500,
  lastIssued: 0,
  room: 100_000,
};

const REPLAYED = "replayed: a later manifest was taken on before; publish the update anew";
const EXPIRED = "the manifest has expired; publish the update anew";

describe("the judgement of a manifest", () => {
  it.each<[string, Partial<Manifest>, Partial<Circumstances>]>([
    ["a later version", {}, {}],
    ["what runs", { version: "0.1.0" }, {}],
    ["a later version by its second part alone", { version: "0.10.0" }, { version: "0.9.9" }],
    ["an older one that is a rollback", { version: "0.0.9", rollback: true }, {}],
    ["a later one that is a rollback all the same", { rollback: true }, {}],
    ["what was issued right after the last one", { issued: 1_001 }, { lastIssued: 1_000 }],
    ["what was issued in the future, by this device's clock", { issued: 1_900 }, {}],
    ["the last moment before it expires", {}, { now: 1_999 }],
    ["what the minimum is", { minimum: "0.1.0" }, {}],
    ["more than the minimum", { minimum: "0.0.65535" }, {}],
    ["an image that fills the slot", { size: 100_000 }, {}],
  ])("takes %s", (_what, changes, others) => {
    expect(refusalOf({ ...manifest, ...changes }, { ...circumstances, ...others })).toBeUndefined();
  });

  it.each<[string, Partial<Manifest>, Partial<Circumstances>, string]>([
    ["another kind", { kind: "esp32c3" }, {}, "it is for kind esp32c3, and this device is esp32"],
    ["a kind that only begins so", { kind: "esp" }, {}, "it is for kind esp, and this device is esp32"],
    ["the same manifest again", {}, { lastIssued: 1_000 }, REPLAYED],
    ["an earlier manifest", {}, { lastIssued: 1_001 }, REPLAYED],
    ["the moment of its expiry", {}, { now: 2_000 }, EXPIRED],
    ["long after it", {}, { now: 3_000_000 }, EXPIRED],
    ["an older version", { version: "0.0.9" }, {}, "0.0.9 is older than 0.1.0, and not signed as a rollback"],
    [
      "an older version by number, not by text",
      { version: "0.9.0" },
      { version: "0.10.0" },
      "0.9.0 is older than 0.10.0, and not signed as a rollback",
    ],
    [
      "less than the minimum",
      { minimum: "0.1.1" },
      {},
      "it needs version 0.1.1 or later to begin with, and 0.1.0 runs",
    ],
    [
      "a rollback of what is below its minimum",
      { version: "0.0.9", rollback: true, minimum: "0.1.1" },
      {},
      "it needs version 0.1.1 or later to begin with, and 0.1.0 runs",
    ],
    ["a byte too many", { size: 100_001 }, {}, "its 100001 bytes are more than the slot's 100000"],
  ])("refuses %s", (_what, changes, others, reason) => {
    expect(refusalOf({ ...manifest, ...changes }, { ...circumstances, ...others })).toBe(reason);
  });

  it("says first what no new manifest of the same kind would change", () => {
    const all = { kind: "host", version: "0.0.1", size: 200_000, minimum: "1.0.0" };
    const { kind, issued, expires, rollback } = { ...manifest, rollback: true };
    const late = { ...circumstances, now: 2_000, lastIssued: 5_000 };
    const reason = (changes: Partial<Manifest>, others: Circumstances) =>
      refusalOf({ ...manifest, ...all, ...changes }, others);
    expect(reason({}, late)).toMatch(/^it is for kind host/);
    expect(reason({ kind }, late)).toBe(REPLAYED);
    expect(reason({ kind, issued: 6_000 }, late)).toBe(EXPIRED);
    expect(reason({ kind, issued }, circumstances)).toMatch(/older/);
    expect(reason({ kind, expires, rollback }, circumstances)).toMatch(/needs version/);
    expect(reason({ kind, rollback, minimum: undefined }, circumstances)).toMatch(/more than the slot/);
  });
});
