import { beforeEach, describe, expect, it } from "@jest/globals";
import type { SensorWorld } from "../../bench/faults/sources.js";
import { Vigil } from "../../bench/faults/vigil.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";

const MINUTE = 60_000;

let clock: VirtualClock;
let sensor: { isFine: boolean; pace: number };
let failures: string[];
let vigil: Vigil;

beforeEach(() => {
  clock = new VirtualClock();
  sensor = { isFine: true, pace: 30_000 };
  failures = [];
  vigil = new Vigil({
    name: "n1",
    clock,
    sensor: sensor as SensorWorld,
    watchdog: 15 * MINUTE,
    fail: (what) => failures.push(what.split(",")[0]),
  });
  vigil.begin();
});

/** Lets minutes pass, with a look in each. */
function pass(minutes: number, { takes = true, hasToJoin = false } = {}): void {
  for (let minute = 0; minute < minutes && failures.length === 0; minute++) {
    clock.run(MINUTE);
    if (takes) vigil.took();
    vigil.look(hasToJoin);
  }
}

describe("what no message asks a node for", () => {
  it("is done by one that reads its sensor, and by one whose sensor is silent until it starts anew", () => {
    pass(60);
    sensor.isFine = false;
    pass(16, { takes: false });
    vigil.restarts();
    vigil.begin();
    pass(31, { takes: false });
    vigil.restarts();
    expect(failures).toEqual([]);
  });

  it("is missing where a sensor that is there is not read", () => {
    pass(10, { takes: false });
    expect(failures).toEqual(["sensor: nothing is wrong with it"]);
  });

  it("is missing where a silent sensor is not worth a restart", () => {
    sensor.isFine = false;
    pass(60, { takes: false });
    expect(failures.join()).toMatch(/^watchdog: nothing was taken for 1080000 ms/);
  });

  it("is too much where a node starts anew and its sensor is not silent", () => {
    pass(20);
    vigil.restarts();
    expect(failures).toEqual(["restart: n1 starts anew"]);
  });

  it("is missing where a network that is there is not joined", () => {
    pass(2, { hasToJoin: true });
    expect(failures).toEqual([]);
    pass(3, { hasToJoin: true });
    expect(failures.join()).toMatch(/^wi-fi: n1 has not joined its network for 180000 ms/);
  });
});
