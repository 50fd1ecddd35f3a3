import { describe, expect, it } from "@jest/globals";
import { Pins } from "../../host-sim/chips/pins.js";
import { thrown } from "../support/thrown.js";

describe("PWM", () => {
  it.each([
    ["no pin", {}, "Error"],
    ["a negative pin", { pin: -10 }, "RangeError"],
    ["a pin that there is not", { pin: 500 }, "Error"],
    ["hz of 0", { pin: 1, hz: 0 }, "RangeError"],
    ["a negative hz", { pin: 1, hz: -1 }, "RangeError"],
    ["a hz that is too slow", { pin: 1, hz: 16 }, "RangeError"],
    ["a hz that is too fast", { pin: 1, hz: 1_000_000 }, "Error"],
    ["a hz that is a BigInt", { pin: 1, hz: 100n }, "TypeError"],
    ["a resolution of 0", { pin: 1, resolution: 0 }, "RangeError"],
    ["a resolution of 21", { pin: 1, resolution: 21 }, "RangeError"],
    ["a resolution that is a Symbol", { pin: 1, resolution: Symbol("8") }, "TypeError"],
    ["a port that there is not", { pin: 1, port: 8 }, "RangeError"],
    ["a foreign instance to take over", { from: {} }, "SyntaxError"],
    ["everything as text", { pin: "1", hz: "5000", resolution: "8" }, "nothing"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    const { PWM } = new Pins();
    expect(thrown(() => new PWM(options as never))).toBe(error);
  });

  it("has 1,024 Hz and 10 bits, and what was asked for, cut to whole numbers", () => {
    const { PWM } = new Pins();
    const [plain, asked] = [new PWM({ pin: 1 }), new PWM({ pin: 2, hz: 5_000.7, resolution: 8.2 })];
    expect([plain.hz, plain.resolution, asked.hz, asked.resolution]).toEqual([1_024, 10, 5_000, 8]);
  });

  it("is low from 0 and high all the time from the largest value", () => {
    const pins = new Pins();
    const pwm = new pins.PWM({ pin: 1, resolution: 8, hz: 1_000 });
    for (const [value, duty] of [
      [0, 0],
      [51, 0.2],
      [255, 1],
    ]) {
      pwm.write(value);
      expect(pins.duty(1)).toBe(duty);
    }
  });

  it.each([
    [-1, "RangeError"],
    [1_024, "RangeError"],
    [1n, "TypeError"],
    [Symbol("1"), "TypeError"],
    ["1023", "nothing"],
    [1_023.9, "nothing"],
  ])("written %p throws %s", (value, error) => {
    const { PWM } = new Pins();
    const pwm = new PWM({ pin: 1 });
    expect(thrown(() => pwm.write(value as number))).toBe(error);
  });

  it("goes on where another was: pin, settings and duty, and that one is closed", () => {
    const pins = new Pins();
    const first = new pins.PWM({ pin: 1, hz: 2_000, resolution: 8 });
    first.write(255);
    const next = new pins.PWM({ from: first });
    expect([next.hz, next.resolution, pins.duty(1)]).toEqual([2_000, 8, 1]);
    expect(thrown(() => first.write(0))).toBe("SyntaxError");
    first.close();
    expect(thrown(() => new pins.PWM({ pin: 1 }))).toBe("Error");
  });

  it("has a port alone, of which there are eight", () => {
    const { PWM } = new Pins();
    const first = new PWM({ pin: 1, port: 4 });
    expect(thrown(() => new PWM({ pin: 2, port: 4 }))).toBe("Error");
    first.close();
    for (let pin = 0; pin < 8; pin++) new PWM({ pin });
    expect(thrown(() => new PWM({ pin: 8 }))).toBe("Error");
  });
});
