import { describe, expect, it } from "@jest/globals";
import { TickKeeper } from "../../firmware/clock/tick-keeper.js";
import { WallClock } from "../../firmware/clock/wall-clock.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { ownClock } from "../../host-sim/boards/virtual/own-clock.js";
import { DAY, HOUR, MINUTE, TRUE_TIME } from "../support/time.js";

function clocks(ticks = 0) {
  const world = new VirtualClock({ now: TRUE_TIME, ticks });
  const board = ownClock(world);
  const clock = new WallClock(board);
  const error = () => (clock.now() as number) - (world.now() as number);
  const learn = () => clock.set(world.now() as number, world.ticks());
  return { world, board, clock, error, learn };
}

describe("the wall clock", () => {
  it("is the board's until something is learnt", () => {
    const { world, board, clock } = clocks();
    expect(clock.now()).toBeUndefined();
    board.setNow(1_234_567);
    world.run(10);
    expect(clock.now()).toBe(1_234_577);
    expect(clock.ticks()).toBe(10);
  });

  it("goes on from what was learnt, to the millisecond, where the board keeps whole seconds", () => {
    const { world, board, error, learn } = clocks();
    world.run(123);
    learn();
    for (let i = 0; i < 50; i++) {
      world.run(77);
      expect(error()).toBe(0);
    }
    expect(Math.abs((board.now() as number) - (world.now() as number))).toBeLessThanOrEqual(500);
  });

  it("takes what was learnt a while ago for what it is", () => {
    const { world, board, clock, error } = clocks();
    clock.set((world.now() as number) - 5_000, (world.ticks() - 5_000) | 0);
    expect(error()).toBe(0);
    expect(Math.abs((board.now() as number) - (world.now() as number))).toBeLessThanOrEqual(500);
  });

  it("is not moved by what becomes of the board's clock", () => {
    const { world, board, error, learn } = clocks();
    learn();
    for (const wrong of [0, undefined, TRUE_TIME - 400 * DAY, TRUE_TIME + 400 * DAY, Number.NaN]) {
      board.setNow(wrong);
      world.run(HOUR);
      expect(error()).toBe(0);
    }
  });

  it.each([
    ["24.8 days", 0x7fff_ffff],
    ["49.7 days", -1],
  ])("goes on across the wrap at %s", (_when, lastTick) => {
    const { world, error, learn } = clocks((lastTick - 5_000) | 0);
    learn();
    for (let i = 0; i < 100; i++) {
      world.run(100);
      expect(error()).toBe(0);
    }
  });

  it("is right for two years when it is asked each day", () => {
    const { world, error, learn } = clocks(0x7000_0000);
    learn();
    for (let day = 0; day < 730; day++) {
      world.run(DAY);
      expect(error()).toBe(0);
    }
  });

  it("can be set again, either way", () => {
    const { world, clock, learn, error } = clocks();
    learn();
    clock.set(TRUE_TIME - DAY, world.ticks());
    world.run(MINUTE);
    expect(error()).toBe(-DAY);
    clock.set(TRUE_TIME + DAY, world.ticks());
    expect(error()).toBe(DAY - MINUTE);
  });
});

describe("the keeper of ticks", () => {
  it("has them asked for once a day, from the start to the stop", () => {
    const world = new VirtualClock();
    let asked = 0;
    const keeper = new TickKeeper(world.timer, () => {
      asked += 1;
    });
    world.run(3 * DAY);
    expect(asked).toBe(0);
    keeper.start();
    world.run(60 * DAY);
    expect(asked).toBe(60);
    keeper.stop();
    world.run(3 * DAY);
    expect(asked).toBe(60);
  });

  it("keeps a clock right that nobody else asks, through a year", () => {
    const { world, clock, error, learn } = clocks(0x7f00_0000);
    learn();
    new TickKeeper(world.timer, () => clock.now()).start();
    world.run(365 * DAY);
    expect(error()).toBe(0);
  });
});
