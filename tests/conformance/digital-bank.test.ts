import { describe, expect, it } from "@jest/globals";
import { Pins } from "../../host-sim/chips/pins.js";
import { thrown } from "../support/thrown.js";

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe("DigitalBank", () => {
  it.each([
    ["no pins", { mode: 0 }, "Error"],
    ["an empty set of pins", { pins: 0, mode: 0 }, "Error"],
    ["null as pins", { pins: null, mode: 0 }, "Error"],
    ["a bank that there is not", { pins: 1, bank: 2, mode: 0 }, "Error"],
    ["no mode", { pins: 1 }, "Error"],
    ["a mode that there is not", { pins: 1, mode: 500 }, "RangeError"],
    ["a callback without edges", { pins: 1, mode: 0, onReadable: () => {} }, "RangeError"],
    ["edges of other pins alone", { pins: 1, mode: 0, rises: 8, onReadable: () => {} }, "RangeError"],
    ["no number as edges", { pins: 1, mode: 0, falls: Number.NaN, onReadable: () => {} }, "RangeError"],
    ["no edges and no callback", { pins: 1, mode: 0, rises: 0, falls: 0 }, "nothing"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    const { DigitalBank } = new Pins();
    expect(thrown(() => new DigitalBank(options as never))).toBe(error);
  });

  it("shares no pin with another: of a bank that wants one that is taken, none is taken", () => {
    const { DigitalBank, Digital } = new Pins();
    new Digital({ pin: 3, mode: Digital.Input });
    expect(thrown(() => new DigitalBank({ pins: 0b1110, mode: DigitalBank.Input }))).toBe("Error");
    expect(thrown(() => new DigitalBank({ pins: 0b0110, mode: DigitalBank.Input }))).toBe("nothing");
  });

  it("drives its own pins, and ignores the bits of others", () => {
    const pins = new Pins();
    const output = new pins.DigitalBank({ pins: 0b1010, mode: pins.DigitalBank.Output });
    output.write(0b1111);
    expect([0, 1, 2, 3].map((pin) => pins.level(pin))).toEqual([undefined, 1, undefined, 1]);
    output.write(0b0010);
    expect([1, 3].map((pin) => pins.level(pin))).toEqual([1, 0]);
  });

  it("reads its own pins, bit 31 as a number that is positive", () => {
    const pins = new Pins();
    const input = new pins.DigitalBank({ pins: 0x8000_0002, mode: pins.DigitalBank.Input });
    for (const pin of [0, 1, 31]) pins.drive(pin, 1);
    expect(input.read()).toBe(0x8000_0002);
  });

  it("has pins 32 to 63 as bank 1", () => {
    const pins = new Pins();
    const output = new pins.DigitalBank({ pins: 1 << 5, bank: 1, mode: pins.DigitalBank.Output });
    output.write(~0);
    expect([pins.level(37), pins.level(5)]).toEqual([1, undefined]);
  });

  it("tells which pins have had an edge of the kind that was asked for", async () => {
    const pins = new Pins();
    const triggered: number[] = [];
    new pins.DigitalBank({
      pins: 0b1110,
      mode: pins.DigitalBank.Input,
      rises: 0b0010,
      falls: 0b0100,
      onReadable: (bits) => triggered.push(bits),
    });
    for (const pin of [1, 2, 3]) pins.drive(pin, 1);
    await tick();
    pins.drive(1, 0);
    await tick();
    pins.drive(1, 1);
    pins.drive(2, 0);
    await tick();
    expect(triggered).toEqual([0b0010, 0b0110]);
  });

  it("begins with its initial values", () => {
    const pins = new Pins();
    new pins.DigitalBank({ pins: 0b11, mode: pins.DigitalBank.Output, initialValue: 0b10 });
    expect([pins.level(0), pins.level(1)]).toEqual([0, 1]);
  });
});
