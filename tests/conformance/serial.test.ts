import { describe, expect, it } from "@jest/globals";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualLine } from "../../host-sim/boards/virtual/serial.js";
import { thrown } from "../support/thrown.js";

function bench(options: object = {}) {
  const clock = new VirtualClock();
  const line = new VirtualLine(clock);
  const make = (more: object) => new line.Serial({ ...more } as never);
  const port = () => {
    const made = make({ baud: 9_600, ...options });
    clock.run(1);
    return made;
  };
  return { clock, line, make, port };
}

describe("Serial", () => {
  it.each([
    ["no baud", {}, "RangeError"],
    ["a baud of 0", { baud: 0 }, "RangeError"],
    ["a negative baud", { baud: -9_600 }, "RangeError"],
    ["a baud beyond 20 MHz", { baud: 20_000_001 }, "RangeError"],
    ["a Symbol as baud", { baud: Symbol("9") }, "TypeError"],
    ["a baud as text", { baud: "9600" }, "nothing"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    const { make } = bench();
    expect(thrown(() => make(options))).toBe(error);
  });

  it("reads no more than there is: a larger buffer is filled in part", () => {
    const { line, clock, port } = bench();
    const serial = port();
    line.send(Uint8Array.of(1, 2, 3));
    clock.run(100);
    const into = new Uint8Array(8);
    expect([serial.read(into), ...into.subarray(0, 4)]).toEqual([3, 1, 2, 3, 0]);
  });

  it("refuses to read nothing with Error, and a buffer of wider elements with TypeError", () => {
    const { line, clock, port } = bench();
    const serial = port() as unknown as { read(what: unknown): unknown };
    line.send(Uint8Array.of(1));
    clock.run(100);
    expect(thrown(() => serial.read(0))).toBe("Error");
    expect(thrown(() => serial.read(new Uint8Array(0)))).toBe("Error");
    expect(thrown(() => serial.read(new Uint16Array(1)))).toBe("TypeError");
  });

  it("takes 128 bytes, and one more is Error", () => {
    const { port } = bench();
    const serial = port() as unknown as { write(what: unknown): void };
    expect(thrown(() => serial.write(new Uint8Array(129)))).toBe("Error");
    expect(thrown(() => serial.write(new Uint8Array(128)))).toBe("nothing");
    expect(thrown(() => serial.write(new Uint8Array(1)))).toBe("Error");
  });
});
