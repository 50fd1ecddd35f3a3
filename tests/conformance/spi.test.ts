import { describe, expect, it } from "@jest/globals";
import { Pins } from "../../host-sim/chips/pins.js";
import { SPIBus } from "../../host-sim/chips/spi-bus.js";
import { thrown } from "../support/thrown.js";

const OPTIONS = { clock: 18, in: 19, out: 23, hz: 1_000_000 };

function bench() {
  const pins = new Pins();
  const bus = new SPIBus(pins);
  const seen: unknown[] = [];
  bus.attach(5, {
    select: (isSelected) => seen.push(isSelected),
    transfer: (outgoing, incoming) => {
      seen.push([...outgoing]);
      outgoing.forEach((byte, at) => {
        incoming[at] = byte ^ 0xff;
      });
    },
  });
  return { pins, bus, seen, SPI: bus.SPI };
}

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(OPTIONS).filter(([key]) => !names.includes(key)));

describe("SPI", () => {
  it.each([
    ["nothing", {}, "Error"],
    ["no clock", without("clock"), "Error"],
    ["neither in nor out", without("in", "out"), "Error"],
    ["an undefined in", { ...OPTIONS, in: undefined }, "Error"],
    ["an undefined out", { ...OPTIONS, out: undefined }, "Error"],
    ["no hz", without("hz"), "RangeError"],
    ["hz of 0", { ...OPTIONS, hz: 0 }, "RangeError"],
    ["a hz beyond 40 MHz", { ...OPTIONS, hz: 40_000_001 }, "RangeError"],
    ["a hz that is a BigInt", { ...OPTIONS, hz: 100n }, "TypeError"],
    ["an active level of 2", { ...OPTIONS, active: 2 }, "RangeError"],
    ["an active level that is a BigInt", { ...OPTIONS, active: 1n }, "TypeError"],
    ["a mode of 4", { ...OPTIONS, mode: 4 }, "RangeError"],
    ["a port of 0", { ...OPTIONS, port: 0 }, "RangeError"],
    ["a select that is a BigInt", { ...OPTIONS, select: 5n }, "TypeError"],
    ["in and out on one pin", { ...OPTIONS, in: 23 }, "nothing"],
    ["everything as text", { clock: "18", in: "19", out: "23", hz: "1000", select: "5" }, "nothing"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    const { SPI } = bench();
    expect(thrown(() => new SPI(options as never))).toBe(error);
  });

  it("has its pins alone until it is closed", () => {
    const { SPI, pins } = bench();
    const first = new SPI({ ...OPTIONS, select: 5 });
    expect(thrown(() => new SPI(OPTIONS))).toBe("Error");
    expect(thrown(() => new pins.Digital({ pin: 5, mode: pins.Digital.Output }))).toBe("Error");
    first.close();
    expect(thrown(() => new SPI({ ...OPTIONS, select: 5 }))).toBe("nothing");
  });

  it("selects its part for each transfer", () => {
    const { SPI, seen } = bench();
    new SPI({ ...OPTIONS, select: 5 }).write(Uint8Array.of(1, 2));
    expect(seen).toEqual([true, [1, 2], false]);
  });

  it("speaks to the part whose select line the program holds low itself", () => {
    const { SPI, pins, seen } = bench();
    const select = new pins.Digital({ pin: 5, mode: pins.Digital.Output, initialValue: 1 });
    const spi = new SPI(OPTIONS);
    spi.write(Uint8Array.of(1));
    select.write(0);
    spi.write(Uint8Array.of(2));
    expect(seen).toEqual([[2]]);
  });

  it("puts what comes back into the buffer, or into a new one; writing leaves it as it is", () => {
    const { SPI } = bench();
    const spi = new SPI({ ...OPTIONS, select: 5 });
    const buffer = Uint8Array.of(1, 2);
    spi.write(buffer);
    expect([...buffer]).toEqual([1, 2]);
    spi.transfer(buffer);
    expect([...buffer]).toEqual([0xfe, 0xfd]);
    expect([spi.read(buffer), ...buffer]).toEqual([2, 1, 2]);
    expect([...new Uint8Array(spi.read(3))]).toEqual([0xff, 0xff, 0xff]);
  });

  it("fills no more of a buffer than the view that it is given", () => {
    const { SPI } = bench();
    const all = new Uint8Array(6);
    new SPI({ ...OPTIONS, select: 5 }).read(all.subarray(2, 4));
    expect([...all]).toEqual([0, 0, 0xff, 0xff, 0, 0]);
  });

  it.each([
    ["read", [], "SyntaxError"],
    ["read", [undefined], "RangeError"],
    ["read", [0], "RangeError"],
    ["read", [-1], "RangeError"],
    ["read", [65_536], "RangeError"],
    ["read", [{}], "TypeError"],
    ["read", [new Uint32Array(1)], "TypeError"],
    ["write", [], "SyntaxError"],
    ["write", [undefined], "TypeError"],
    ["write", [0], "TypeError"],
    ["write", [new Uint8Array(65_536)], "RangeError"],
    ["transfer", [], "SyntaxError"],
    ["transfer", [{}], "TypeError"],
    ["transfer", [new Uint16Array(1)], "TypeError"],
  ] as const)("%s of %p throws %s", (name, args, error) => {
    const { SPI } = bench();
    const spi = new SPI(OPTIONS);
    expect(thrown(() => (spi[name] as (...args: unknown[]) => unknown)(...args))).toBe(error);
  });
});
