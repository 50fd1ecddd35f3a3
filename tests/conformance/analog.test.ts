import { describe, expect, it } from "@jest/globals";
import { Pins } from "../../host-sim/chips/pins.js";
import { thrown } from "../support/thrown.js";

describe("Analog", () => {
  it.each([
    ["no pin", {}, "Error"],
    ["a negative pin", { pin: -1 }, "RangeError"],
    ["a pin that there is not", { pin: 500 }, "RangeError"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    const { Analog } = new Pins();
    expect(thrown(() => new Analog(options as never))).toBe(error);
  });

  it("refuses a pin that is in use with RangeError", () => {
    const { Analog, Digital } = new Pins();
    new Digital({ pin: 34, mode: Digital.Input });
    expect(thrown(() => new Analog({ pin: 34 }))).toBe("RangeError");
  });

  it("measures the voltage on its pin in steps of its resolution", () => {
    const pins = new Pins();
    const analog = new pins.Analog({ pin: 34 });
    expect(analog.resolution).toBe(12);
    for (const [part, value] of [
      [0, 0],
      [0.0123, 50],
      [0.5, 2_048],
      [1, 4_095],
      [7, 4_095],
    ]) {
      pins.setVoltage(34, part);
      expect(analog.read()).toBe(value);
    }
  });
});
