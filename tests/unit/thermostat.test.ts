import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Action, Mode, Thermostat, type ThermostatOptions } from "../../firmware/climate/thermostat.js";

const MINUTE = 60_000;
const START = 0x7fff_0000; // the ticks wrap soon

function thermostat(options: Partial<ThermostatOptions> = {}) {
  const subject = new Thermostat({
    mode: Mode.COOL,
    target: 21,
    hysteresis: 0.5,
    minimumOn: 3 * MINUTE,
    minimumOff: 3 * MINUTE,
    hold: 60 * MINUTE,
    ticks: START,
    ...options,
  });
  let now = START;
  return {
    subject,
    /** Lets time pass, a second at a time, with this temperature or none; what it does then. */
    pass(milliseconds: number, temperature?: number): Action {
      let action = milliseconds === 0 ? subject.decide(now) : Action.OFF;
      for (let passed = 0; passed < milliseconds; passed += 1_000) {
        now = (now + 1_000) | 0;
        if (temperature !== undefined) subject.measured(temperature, now);
        action = subject.decide(now);
      }
      return action;
    },
  };
}

describe("a thermostat", () => {
  it("cools from hysteresis above the target on, down to it", () => {
    const { pass } = thermostat({ minimumOn: 0, minimumOff: 0 });
    expect(pass(1_000, 21.5)).toBe(Action.IDLE);
    expect(pass(1_000, 21.51)).toBe(Action.COOLING);
    expect(pass(1_000, 21.01)).toBe(Action.COOLING);
    expect(pass(1_000, 21)).toBe(Action.IDLE);
    expect(pass(1_000, 21.5)).toBe(Action.IDLE);
    expect(pass(1_000, 10)).toBe(Action.IDLE);
  });

  it("heats from hysteresis below the target on, up to it", () => {
    const { pass } = thermostat({ mode: Mode.HEAT, minimumOn: 0, minimumOff: 0 });
    expect(pass(1_000, 20.5)).toBe(Action.IDLE);
    expect(pass(1_000, 20.49)).toBe(Action.HEATING);
    expect(pass(1_000, 20.99)).toBe(Action.HEATING);
    expect(pass(1_000, 21)).toBe(Action.IDLE);
    expect(pass(1_000, 35)).toBe(Action.IDLE);
  });

  it("does either in mode auto, by way of a rest", () => {
    const { pass } = thermostat({ mode: Mode.AUTO });
    expect(pass(3 * MINUTE, 25)).toBe(Action.COOLING);
    expect(pass(3 * MINUTE - 1_000, 15)).toBe(Action.COOLING);
    expect(pass(1_000, 15)).toBe(Action.IDLE);
    expect(pass(3 * MINUTE - 1_000, 15)).toBe(Action.IDLE);
    expect(pass(1_000, 15)).toBe(Action.HEATING);
  });

  it("decides nothing that there is nothing for", () => {
    const { subject, pass } = thermostat({ mode: Mode.AUTO, minimumOn: 0, minimumOff: 0 });
    subject.canHeat = false;
    expect(pass(1_000, 15)).toBe(Action.IDLE);
    expect(pass(1_000, 25)).toBe(Action.COOLING);
    subject.canCool = false;
    subject.canHeat = true;
    expect(pass(1_000, 25)).toBe(Action.IDLE);
    expect(pass(1_000, 15)).toBe(Action.HEATING);
  });

  it("rests after its start, as nobody knows when it ran last", () => {
    const { pass } = thermostat();
    expect(pass(3 * MINUTE - 1_000, 30)).toBe(Action.IDLE);
    expect(pass(1_000, 30)).toBe(Action.COOLING);
  });

  it("says how long it still rests where it wants to start", () => {
    const { subject, pass } = thermostat();
    pass(60_000, 20);
    expect(subject.wait).toBe(0);
    pass(1_000, 30);
    expect(subject.wait).toBe(119_000);
    pass(118_000, 30);
    expect(subject.wait).toBe(1_000);
    pass(1_000, 30);
    expect(subject.wait).toBe(0);
  });

  it("runs its time once started, and rests its time once stopped", () => {
    const { pass } = thermostat();
    expect(pass(3 * MINUTE, 30)).toBe(Action.COOLING);
    expect(pass(3 * MINUTE - 1_000, 15)).toBe(Action.COOLING);
    expect(pass(1_000, 15)).toBe(Action.IDLE);
    expect(pass(3 * MINUTE - 1_000, 30)).toBe(Action.IDLE);
    expect(pass(1_000, 30)).toBe(Action.COOLING);
  });

  it("knows the time to run from the time to rest", () => {
    const { pass } = thermostat({ minimumOn: MINUTE, minimumOff: 5 * MINUTE });
    expect(pass(5 * MINUTE - 1_000, 30)).toBe(Action.IDLE);
    expect(pass(1_000, 30)).toBe(Action.COOLING);
    expect(pass(MINUTE - 1_000, 15)).toBe(Action.COOLING);
    expect(pass(1_000, 15)).toBe(Action.IDLE);
    expect(pass(5 * MINUTE - 1_000, 30)).toBe(Action.IDLE);
    expect(pass(1_000, 30)).toBe(Action.COOLING);
  });

  it("stops at once in mode off, and rests all the same before it starts again", () => {
    const { subject, pass } = thermostat();
    pass(3 * MINUTE, 30);
    subject.mode = Mode.OFF;
    expect(pass(0)).toBe(Action.OFF);
    subject.mode = Mode.COOL;
    expect(pass(1_000, 30)).toBe(Action.IDLE);
    expect(pass(3 * MINUTE, 30)).toBe(Action.COOLING);
  });

  it("does nothing without a temperature, and goes on as it is for a while when it has lost it", () => {
    const { pass, subject } = thermostat();
    expect(pass(10 * MINUTE)).toBe(Action.IDLE);
    expect(pass(1_000, 30)).toBe(Action.COOLING);
    expect(pass(59 * MINUTE)).toBe(Action.COOLING);
    expect(pass(1 * MINUTE)).toBe(Action.IDLE);
    expect(subject.temperature).toBeNaN();
    expect(pass(10 * MINUTE)).toBe(Action.IDLE);
    expect(pass(1_000, 30)).toBe(Action.COOLING);
  });

  it("goes on for ever where nothing bounds it, also over both wraps of the ticks", () => {
    const { pass } = thermostat({ hold: 0 });
    pass(4 * MINUTE, 30);
    expect(pass(50 * 24 * 60 * MINUTE)).toBe(Action.COOLING);
  });

  it("turns a fan the faster the further the temperature is from the target, and not at all when it rests", () => {
    const { pass, subject } = thermostat({ minimumOn: 0, minimumOff: 0, hold: MINUTE });
    expect(subject.speed).toBe(0);
    pass(1_000, 25);
    expect(subject.speed).toBe(1);
    pass(1_000, 22);
    expect(subject.speed).toBeCloseTo(0.65);
    pass(1_000, 21.001);
    expect(subject.speed).toBeCloseTo(0.3, 2);
    pass(1_000, 21);
    expect(subject.speed).toBe(0);
  });

  it("never switches faster than it may, whatever temperatures and commands come", () => {
    const step = fc.record({
      seconds: fc.integer({ min: 1, max: 400 }),
      temperature: fc.option(fc.double({ min: -20, max: 60, noNaN: true }), { nil: undefined }),
      mode: fc.option(fc.constantFrom(Mode.OFF, Mode.COOL, Mode.HEAT, Mode.AUTO), { nil: undefined }),
      target: fc.option(fc.integer({ min: 10, max: 35 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const { subject, pass } = thermostat({ mode: Mode.AUTO });
        let seconds = 0;
        let action: Action = Action.IDLE;
        let changed = 0;
        const wrong: string[] = [];
        const runs = (what: Action) => what >= Action.COOLING;
        for (const { seconds: length, temperature, mode, target } of steps) {
          if (mode !== undefined) subject.mode = mode;
          if (target !== undefined) subject.target = target;
          for (let i = 0; i < length; i++) {
            const next = pass(1_000, temperature);
            seconds += 1;
            const switched = runs(next) !== runs(action);
            if (switched) {
              const isFree = seconds - changed >= 180 || (!runs(next) && subject.mode === Mode.OFF);
              if (!isFree) wrong.push(`switched after ${seconds - changed} s`);
              changed = seconds;
            } else if (runs(next) && next !== action) wrong.push("from cooling to heating without a rest");
            if ((next === Action.OFF) !== (subject.mode === Mode.OFF)) wrong.push("off in another mode");
            action = next;
          }
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
