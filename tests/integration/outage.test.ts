import { describe, expect, it } from "@jest/globals";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { readings, sequences, TEMPERATURE } from "../support/link.js";
import { virtualNode } from "../support/node.js";

const DAY = 86_400_000;

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("an outage", () => {
  it("costs no reading: all come late, in order, with the time they were taken at, and then the live ones", () => {
    const { board, broker, node } = virtualNode({ interval: "10s" }, { flash: new VirtualFlash() });
    const began = board.clock.now() as number;
    broker.returnCode = 3;
    node.start();
    board.clock.run(DAY);
    broker.returnCode = 0;
    board.clock.run(120_000);
    const all = readings(broker.published);
    expect(new Set(sequences(all))).toEqual(new Set(numbers(1, all.length)));
    const late = all.filter(({ payload }) => payload.includes('"late":true'));
    expect(late.length).toBeGreaterThanOrEqual(8_640);
    expect(sequences(late)).toEqual(numbers(1, late.length));
    expect(late.some(({ retain }) => retain)).toBe(false);
    const times = late.map(({ payload }) => JSON.parse(payload).time - began);
    for (let i = 1; i < times.length; i++)
      if (times[i] - times[i - 1] !== 10_000) throw new Error(`gap at ${i}`);
    expect(broker.retained.get(TEMPERATURE)?.payload).not.toContain("late");
  });

  it.each([
    [32, 1_000],
    [1_024, 6_000],
    [1, 40],
  ])(
    "of a window of %d and %d readings is over after as many round trips as there are windows",
    (window, count) => {
      const { board, broker, node } = virtualNode(
        { interval: "1s", window, spread: 0 },
        { flash: new VirtualFlash(), sendBuffer: 1_000_000 },
      );
      board.net.listen("10.0.0.1", 1883, undefined);
      node.start();
      board.clock.run(count * 1_000);
      board.net.latency = 250;
      board.net.listen("10.0.0.1", 1883, broker.accept);
      board.clock.runUntil(() => broker.payloads(TEMPERATURE).length > 0);
      const began = board.clock.elapsed;
      board.clock.runUntil(() => broker.payloads(TEMPERATURE).length >= count);
      const roundTrips = (board.clock.elapsed - began) / 500;
      expect(roundTrips).toBeLessThanOrEqual(Math.ceil(count / window) * (window === 1 ? 2 : 1) + 1);
    },
  );

  it("does not hold live readings up: each arrives in its time while the backlog drains", () => {
    const { board, broker, node } = virtualNode(
      { interval: "1s", window: 4, spread: 0 },
      { flash: new VirtualFlash() },
    );
    board.net.listen("10.0.0.1", 1883, undefined);
    node.start();
    board.clock.run(600_000);
    board.net.latency = 250;
    board.net.listen("10.0.0.1", 1883, broker.accept);
    const delays: number[] = [];
    broker.onPublish = ({ topic, payload }) => {
      if (topic === TEMPERATURE && !payload.includes("late")) {
        delays.push((board.clock.now() as number) - JSON.parse(payload).time);
      }
    };
    board.clock.runUntil(() => broker.clients.length === 1);
    board.clock.run(30_000);
    expect(delays.length).toBeGreaterThan(25);
    expect(Math.max(...delays)).toBeLessThanOrEqual(1_000);
    const late = readings(broker.published).filter(({ payload }) => payload.includes("late"));
    expect(late.length).toBeLessThan(500); // still at it
    expect(sequences(late)).toEqual(numbers(1, late.length));
  });

  it("and a power cut within it cost no reading", () => {
    const flash = new VirtualFlash();
    const broker = new MemoryBroker();
    for (let boot = 1; boot <= 5; boot++) {
      flash.reopen();
      const { board, node } = virtualNode({ interval: "10s" }, { flash, seed: boot }, { boot, broker });
      if (boot < 5) board.net.listen("10.0.0.1", 1883, undefined);
      node.start();
      board.clock.run(3_600_000);
      // The board is let go of as it is: no goodbye.
    }
    const seen = sequences(readings(broker.published));
    expect(new Set(seen)).toEqual(new Set(numbers(1, Math.max(...seen))));
    expect(Math.max(...seen)).toBeGreaterThanOrEqual(4 * 359 + 350);
    const epochs = new Set(readings(broker.published).map(({ payload }) => JSON.parse(payload).epoch));
    expect(epochs.size).toBe(1);
  });

  it("of thirty days costs memory nothing, and what does not fit is counted", () => {
    const { board, broker, journal, node } = virtualNode(
      { interval: "5m", diagnostics: "1h" },
      { flash: new VirtualFlash(16, 10_000) },
    );
    broker.returnCode = 3;
    node.start();
    board.clock.run(30 * DAY);
    broker.returnCode = 0;
    board.clock.run(300_000);
    const seen = new Set(sequences(readings(broker.published)));
    const last = Math.max(...seen);
    expect(last).toBeGreaterThanOrEqual(8_640);
    const gone = journal.gaps.reduce((sum, [, count]) => sum + count, 0);
    expect(seen.size + gone).toBe(last);
    expect(seen.size).toBeGreaterThan(1_700);
    expect(JSON.parse(broker.payloads("home/livingroom/diagnostics").at(-1) as string)).toMatchObject({
      dropped: gone,
    });
    expect(journal.warnings.filter((line) => line.includes("dropped while there was no room"))).toEqual([
      `${gone} readings were dropped while there was no room for them`,
    ]);
  });
});

describe("wear", () => {
  const watched = (settings: object) => {
    const flash = new VirtualFlash(224, 10_000);
    const { board, journal, node } = virtualNode({ spread: 0, ...settings }, { flash });
    node.start();
    board.clock.run(120_000);
    const before = flash.writes;
    board.clock.run(120_000);
    return { warnings: journal.warnings, writes: flash.writes - before };
  };

  it("refuses to journal every reading at an interval that would use the flash up within ten years", () => {
    const { warnings, writes } = watched({ interval: "1s" });
    expect(warnings).toEqual([
      expect.stringMatching(/"interval" is 1s: too short .*allowed is 1200ms or more/),
    ]);
    expect(writes).toBe(0);
    const allowed = watched({ interval: "5s" });
    expect(allowed.warnings).toEqual([]);
    expect(allowed.writes).toBeGreaterThanOrEqual(24);
  });

  it("counts each quantity that a part measures", () => {
    expect(watched({ sensor: "sht3x", interval: "2s" }).warnings).toEqual([
      expect.stringMatching(/"interval" is 2s: too short .*allowed is 2400ms or more/),
    ]);
    expect(watched({ sensor: "tmp117", interval: "2s" }).warnings).toEqual([]);
  });

  it("is what was promised, measured over fifty thousand readings at the shortest interval", () => {
    const flash = new VirtualFlash(16, 10_000);
    const { board, node } = virtualNode({ interval: "17s" }, { flash });
    node.start();
    board.clock.run(17_000 * 50_000);
    const most = Math.max(...numbers(0, 15).map((block) => flash.erases(block)));
    const tenYears = (10 * 365.25 * DAY) / (17_000 * 50_000);
    expect(most * tenYears).toBeLessThan(10_000);
    expect(most * tenYears).toBeGreaterThan(8_000); // and the bound is no excuse to refuse more than need be
  });
});
