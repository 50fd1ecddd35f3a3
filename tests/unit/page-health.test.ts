import { describe, expect, it } from "@jest/globals";
import { detailsOf, healthOf, momentOf, noticesOf } from "../../page/health.js";
import { deviceOf } from "../../page/wire.js";

const NOW = 1_800_000_000_000;

function device(status: string | null, age: number | undefined, diagnostics: object = {}) {
  const time = age === undefined ? undefined : NOW - age;
  const readings = time === undefined ? {} : { temperature: { value: 20, time, received: time } };
  return deviceOf({ base: "home/a", status, lastSeen: NOW - 3_000, readings, diagnostics })!;
}

const label = (...args: Parameters<typeof healthOf>) => healthOf(...args).label;

describe("the health of a device", () => {
  it("is what it says of itself, unless its readings have ended", () => {
    expect(label(device("online", 1_000), NOW, 5_000, true)).toBe("Online");
    expect(label(device("online", 31_000), NOW, 5_000, true)).toBe("Quiet for 31 s");
    expect(label(device("online", 28_000), NOW, 1_000, true)).toBe("Online");
    expect(label(device("online", 31_000), NOW, 60_000, true)).toBe("Online");
    expect(label(device("online", 31_000), NOW, undefined, true)).toBe("Online");
    expect(label(device("online", 16 * 60_000), NOW, undefined, true)).toBe("Quiet for 16 min");
    expect(label(device("offline", 1_000), NOW, 5_000, true)).toBe("Offline");
  });

  it("is seen from its readings where it says nothing of itself", () => {
    expect(label(device(null, 1_000), NOW, 5_000, true)).toBe("Reporting");
    expect(label(device(null, undefined), NOW, undefined, true)).toBe("No word yet");
    expect(label(device("online", undefined), NOW, undefined, true)).toBe("Online");
  });

  it("is not known without the server", () => {
    expect(healthOf(device("online", 1_000), NOW, 5_000, false)).toEqual({
      state: "unknown",
      label: "Last known",
    });
  });

  it("has notices of what somebody should look at, and none where all is well", () => {
    expect(noticesOf(device("online", 0, { mode: "normal", waiting: 0, dropped: 0, signal: -60 }))).toEqual(
      [],
    );
    const bad = {
      mode: "safe",
      waiting: 12,
      dropped: 3,
      sensorErrors: 2,
      signal: -85,
      evictions: 4,
      stalls: 1,
    };
    const notices = noticesOf(device("online", 0, bad));
    expect(notices).toHaveLength(7);
    expect(notices.filter((notice) => notice.serious)).toHaveLength(4);
    expect(noticesOf(device("online", 0, { waiting: "many", signal: "weak" }))).toEqual([]);
  });

  it.each([
    [{ update: "idle" }, undefined],
    [{ update: "confirmed" }, undefined],
    [{ update: "constructor", updatereason: "x" }, undefined],
    [{ update: 7 }, undefined],
    [{ update: "downloading" }, { serious: false, text: "Update comes" }],
    [
      { update: "waiting", updatereason: "the clock is not set" },
      { serious: false, text: "Update waits: the clock is not set" },
    ],
    [{ update: "trial" }, { serious: false, text: "Update runs on trial" }],
    [
      { update: "refused", updatereason: "it is for an esp32c3" },
      { serious: true, text: "Update refused: it is for an esp32c3" },
    ],
    [
      { update: "failed", updatereason: 5 },
      { serious: true, text: "Update failed" },
    ],
    [
      { update: "reverted", updatereason: "no reading\u202e <b>" },
      { serious: true, text: "Update reverted: no reading\ufffd <b>" },
    ],
  ])("has of the update %j the notice %j", (diagnostics, notice) => {
    expect(noticesOf(device("online", 0, diagnostics))).toEqual(notice === undefined ? [] : [notice]);
  });

  it("has every field of its diagnostics in the details, those nobody knows by their own names", () => {
    const details = detailsOf(
      device("online", 0, { uptime: 90_000, free: 150_000, signal: -58, "<b>": true }),
      NOW,
    );
    expect(details).toEqual([
      ["Last seen", "3 s ago"],
      ["Running for", "1 min"],
      ["Free memory", "146 KB"],
      ["Wi-Fi signal", "−58 dBm"],
      ["<b>", "true"],
    ]);
  });

  it("dates a reading by its arrival where its clock is ahead", () => {
    expect(momentOf({ value: 1, time: NOW + 60_000, received: NOW })).toBe(NOW);
    expect(momentOf({ value: 1, time: NOW - 60_000, received: NOW })).toBe(NOW - 60_000);
  });
});
