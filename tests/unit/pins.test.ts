import { describe, expect, it } from "@jest/globals";
import { Pins } from "../../host-sim/chips/pins.js";

/** For edges that are told one by one. */
const atOnce = (task: () => void) => task();

describe("Digital as an output", () => {
  it("drives its pin: 0 is low, everything else high", () => {
    const pins = new Pins();
    const { Digital } = pins;
    const out = new Digital({ pin: 2, mode: Digital.Output });
    for (const [value, level] of [
      [1, 1],
      [0, 0],
      [255, 1],
    ]) {
      out.write(value);
      expect(pins.level(2)).toBe(level);
    }
  });

  it("is low from the start, and as asked for with an initial value", () => {
    const pins = new Pins();
    const { Digital } = pins;
    for (const [options, level] of [
      [{}, 0],
      [{ activeLow: true }, 1],
      [{ initialValue: 1 }, 1],
      [{ initialValue: 1, activeLow: true }, 0],
    ] as const) {
      const out = new Digital({ pin: 2, mode: Digital.OutputOpenDrain, ...options });
      expect(pins.level(2)).toBe(level);
      out.close();
    }
  });

  it("cannot be read", () => {
    const { Digital } = new Pins();
    expect(() => new Digital({ pin: 2, mode: Digital.Output }).read()).toThrow("the pin is an output");
  });
});

describe("Digital as an input", () => {
  it("reads the level from outside, low when nothing drives it, high with a pull-up", () => {
    const pins = new Pins();
    const { Digital } = pins;
    expect(new Digital({ pin: 1, mode: Digital.Input }).read()).toBe(0);
    expect(new Digital({ pin: 2, mode: Digital.InputPullUp }).read()).toBe(1);
    expect(new Digital({ pin: 3, mode: Digital.InputPullDown }).read()).toBe(0);
    pins.drive(4, 1);
    const driven = new Digital({ pin: 4, mode: Digital.InputPullDown });
    expect(driven.read()).toBe(1);
    pins.drive(4, 0);
    expect(driven.read()).toBe(0);
  });

  it("cannot be written", () => {
    const { Digital } = new Pins();
    const input = new Digital({ pin: 1, mode: Digital.Input });
    expect(() => input.write(1)).toThrow("the pin is an input");
  });

  it.each([
    ["rising", 1, [1, 1]],
    ["falling", 2, [0, 0]],
    ["both", 3, [1, 0, 1, 0]],
  ])("calls back on %s edges only, when the new level can be read", (_name, edge, levels) => {
    const pins = new Pins(() => {}, atOnce);
    const { Digital } = pins;
    const seen: number[] = [];
    const input = new Digital({
      pin: 5,
      mode: Digital.Input,
      edge,
      onReadable: () => seen.push(input.read()),
    });
    for (const level of [1, 1, 0, 0, 1, 0] as const) pins.drive(5, level);
    expect(seen).toEqual(levels);
  });

  it("calls back with the instance as this, which knows its target", () => {
    const pins = new Pins(() => {}, atOnce);
    const { Digital } = pins;
    const target = {};
    let receiver: unknown;
    const input = new Digital({
      pin: 5,
      mode: Digital.Input,
      edge: Digital.Rising,
      target,
      onReadable(this: unknown) {
        receiver = this;
      },
    });
    pins.drive(5, 1);
    expect(receiver).toBe(input);
    expect(input.target).toBe(target);
  });

  it("calls nobody back once it is closed", () => {
    const pins = new Pins();
    const { Digital } = pins;
    let count = 0;
    const onReadable = () => count++;
    const input = new Digital({ pin: 5, mode: Digital.Input, edge: Digital.Rising, onReadable });
    input.close();
    pins.drive(5, 1);
    expect(count).toBe(0);
  });
});

describe("Digital", () => {
  it("has a pin to itself until it is closed", () => {
    const { Digital } = new Pins();
    const first = new Digital({ pin: 7, mode: Digital.Input });
    expect(() => new Digital({ pin: 7, mode: Digital.Output })).toThrow("pin 7 is in use");
    first.close();
    expect(() => new Digital({ pin: 7, mode: Digital.Output })).not.toThrow();
  });

  it("does not give another's pin away when it is closed twice", () => {
    const { Digital } = new Pins();
    const first = new Digital({ pin: 7, mode: Digital.Input });
    first.close();
    new Digital({ pin: 7, mode: Digital.Input });
    first.close();
    expect(() => new Digital({ pin: 7, mode: Digital.Input })).toThrow("in use");
  });

  it("takes nothing once it is closed", () => {
    const { Digital } = new Pins();
    const out = new Digital({ pin: 7, mode: Digital.Output });
    out.close();
    expect(() => out.read()).toThrow(SyntaxError);
    expect(() => out.write(1)).toThrow(SyntaxError);
  });

  it.each([
    ["no pin", { mode: 0 }, "pin is missing"],
    ["a negative pin", { pin: -1, mode: 0 }, "pin -1"],
    ["no mode", { pin: 1 }, "mode is missing"],
    ["a mode that is none", { pin: 1, mode: 7 }, RangeError],
    ["a callback that is none", { pin: 1, mode: 0, edge: 1, onReadable: 5 }, "onReadable is not a function"],
    ["a callback without an edge", { pin: 1, mode: 0, onReadable: () => {} }, RangeError],
    ["an edge that is none", { pin: 1, mode: 0, edge: 4, onReadable: () => {} }, RangeError],
  ])("refuses %s, and leaves the pin free", (_name, options, error) => {
    const { Digital } = new Pins();
    expect(() => new Digital(options as unknown as { pin: number; mode: number })).toThrow(error);
    expect(() => new Digital({ pin: 1, mode: Digital.Input })).not.toThrow();
  });

  it("has the format number and no other", () => {
    const { Digital } = new Pins();
    const pin = new Digital({ pin: 1, mode: Digital.Input });
    expect(pin.format).toBe("number");
    expect(() => {
      (pin as { format: string }).format = "buffer";
    }).toThrow(RangeError);
  });
});

describe("PWM", () => {
  it("drives its pin no more once it is closed, and that is noticed", () => {
    const duties: number[] = [];
    const pins: Pins = new Pins(() => duties.push(pins.duty(25)));
    const fan = new pins.PWM({ pin: 25 });
    fan.write(1_023);
    fan.close();
    fan.close();
    expect(duties).toEqual([0, 1, 0]);
  });
});
