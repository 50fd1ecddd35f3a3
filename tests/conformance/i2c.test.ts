import { describe, expect, it } from "@jest/globals";
import { Bus, type Chip } from "../../host-sim/chips/bus.js";
import { Pins } from "../../host-sim/chips/pins.js";
import { thrown } from "../support/thrown.js";

const OPTIONS = { data: 21, clock: 22, hz: 100_000, address: 0x40 };

function bench() {
  const pins = new Pins();
  const bus = new Bus(pins);
  const written: number[][] = [];
  const chip: Chip = {
    write: (bytes) => written.push([...bytes]) > 0,
    read: (into) => {
      into.forEach((_byte, at) => {
        into[at] = at + 1;
      });
      return true;
    },
  };
  bus.attach(0x40, chip);
  return { pins, bus, written, I2C: bus.I2C };
}

const without = (name: string) => Object.fromEntries(Object.entries(OPTIONS).filter(([key]) => key !== name));

describe("I2C", () => {
  it.each([
    ["no data", without("data"), "RangeError"],
    ["no clock", without("clock"), "RangeError"],
    ["no hz", without("hz"), "RangeError"],
    ["no address", without("address"), "RangeError"],
    ["an undefined data pin", { ...OPTIONS, data: undefined }, "Error"],
    ["an undefined address", { ...OPTIONS, address: undefined }, "Error"],
    ["a pin that there is not", { ...OPTIONS, data: 500 }, "RangeError"],
    ["a negative pin", { ...OPTIONS, clock: -10 }, "RangeError"],
    ["an address of 8 bits", { ...OPTIONS, address: 128 }, "RangeError"],
    ["a negative address", { ...OPTIONS, address: -1 }, "RangeError"],
    ["hz of 0", { ...OPTIONS, hz: 0 }, "RangeError"],
    ["a hz that is none", { ...OPTIONS, hz: "fast" }, "RangeError"],
    ["a hz beyond 20 MHz", { ...OPTIONS, hz: 20_000_001 }, "RangeError"],
    ["a timeout below none", { ...OPTIONS, timeout: -2 }, "RangeError"],
    ["an address as text", { ...OPTIONS, address: "64" }, "nothing"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    const { I2C } = bench();
    expect(thrown(() => new I2C(options as never))).toBe(error);
  });

  it("has an address alone until it is closed: RangeError", () => {
    const { I2C } = bench();
    const first = new I2C(OPTIONS);
    expect(thrown(() => new I2C(OPTIONS))).toBe("RangeError");
    first.close();
    expect(thrown(() => new I2C(OPTIONS))).toBe("nothing");
  });

  it("shares its pins with other addresses, and with nothing else until the last is closed", () => {
    const { I2C, pins } = bench();
    const { Digital } = pins;
    const [first, second] = [new I2C(OPTIONS), new I2C({ ...OPTIONS, address: 0x41 })];
    first.close();
    expect(thrown(() => new Digital({ pin: 21, mode: Digital.Input }))).toBe("Error");
    second.close();
    expect(thrown(() => new Digital({ pin: 21, mode: Digital.Input }))).toBe("nothing");
  });

  it("refuses pins that another class has with RangeError", () => {
    const { I2C, pins } = bench();
    const digital = new pins.Digital({ pin: 22, mode: pins.Digital.Output });
    expect(thrown(() => new I2C(OPTIONS))).toBe("RangeError");
    digital.close();
    expect(thrown(() => new I2C(OPTIONS))).toBe("nothing");
  });

  it("throws Error where nothing acknowledges", () => {
    const { I2C } = bench();
    const nobody = new I2C({ ...OPTIONS, address: 0x63 });
    expect([thrown(() => nobody.read(1)), thrown(() => nobody.write(Uint8Array.of(1)))]).toEqual([
      "Error",
      "Error",
    ]);
  });

  it("asks by a write of nothing whether a device is there, and returns 1 where it is not", () => {
    const { I2C } = bench();
    expect(new I2C(OPTIONS).write(new ArrayBuffer(0))).toBeUndefined();
    expect(new I2C({ ...OPTIONS, address: 0x63 }).write(new ArrayBuffer(0))).toBe(1);
  });

  it("reads into any byte buffer, or a new one; what has wider elements is TypeError", () => {
    const { I2C } = bench();
    const io = new I2C(OPTIONS);
    for (const buffer of [new ArrayBuffer(3), new SharedArrayBuffer(3), new Uint8Array(3), new Int8Array(3)])
      expect(io.read(buffer)).toBe(3);
    const view = new DataView(new ArrayBuffer(4), 1, 2);
    expect([io.read(view), view.getUint8(1)]).toEqual([2, 2]);
    expect([...new Uint8Array(io.read(2))]).toEqual([1, 2]);
    expect(thrown(() => io.read(new Uint16Array(2)))).toBe("TypeError");
    expect(thrown(() => io.write(new Float64Array(1)))).toBe("TypeError");
    expect(thrown(() => io.write(5 as never))).toBe("TypeError");
  });

  it("writes and reads in one transaction", () => {
    const { I2C, written } = bench();
    const io = new I2C(OPTIONS);
    const into = new Uint8Array(2);
    expect([io.writeRead(Uint8Array.of(7), into), [...into], written]).toEqual([2, [1, 2], [[7]]]);
  });
});
