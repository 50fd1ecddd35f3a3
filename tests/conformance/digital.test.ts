import { describe, expect, it } from "@jest/globals";
import { Pins } from "../../host-sim/chips/pins.js";
import { thrown } from "../support/thrown.js";

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe("Digital", () => {
  it.each([
    ["no pin", { mode: 0 }, "Error"],
    ["an undefined pin", { pin: undefined, mode: 0 }, "Error"],
    ["a negative pin", { pin: -1, mode: 0 }, "Error"],
    ["a pin that there is not", { pin: 500, mode: 0 }, "Error"],
    ["no mode", { pin: 1 }, "Error"],
    ["a negative mode", { pin: 1, mode: -1 }, "RangeError"],
    ["a mode that there is not", { pin: 1, mode: 500 }, "RangeError"],
    ["a callback without an edge", { pin: 1, mode: 0, onReadable: () => {} }, "RangeError"],
    [
      "a callback with an edge that is none",
      { pin: 1, mode: 0, edge: 4, onReadable: () => {} },
      "RangeError",
    ],
    ["an edge that is none, without a callback", { pin: 1, mode: 0, edge: 4 }, "nothing"],
    ["a pin as text", { pin: "1", mode: 0 }, "nothing"],
    ["a Symbol as the pin", { pin: Symbol("1"), mode: 0 }, "TypeError"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    const { Digital } = new Pins();
    expect(thrown(() => new Digital(options as never))).toBe(error);
  });

  it("has a pin alone: a second instance is refused with Error until it is closed", () => {
    const { Digital } = new Pins();
    const options = { pin: 1, mode: Digital.Output };
    const first = new Digital(options);
    expect(thrown(() => new Digital(options))).toBe("Error");
    first.close();
    expect(thrown(() => new Digital(options))).toBe("nothing");
  });

  it("cannot be read as an output, nor written as an input: Error", () => {
    const { Digital } = new Pins();
    const output = new Digital({ pin: 1, mode: Digital.Output });
    const input = new Digital({ pin: 2, mode: Digital.Input });
    expect([thrown(() => output.read()), thrown(() => input.write(1))]).toEqual(["Error", "Error"]);
  });

  it.each([
    [0, 0],
    [0.5, 1],
    [-1, 1],
    [true, 1],
    [null, 0],
    [undefined, 0],
    ["0", 0],
    ["1", 1],
    ["error", 0],
    [{}, 0],
  ])("writes %p as %p", (value, level) => {
    const pins = new Pins();
    const output = new pins.Digital({ pin: 1, mode: pins.Digital.Output, initialValue: 1 - level });
    output.write(value as number);
    expect(pins.level(1)).toBe(level);
  });

  it("refuses a Symbol with TypeError", () => {
    const { Digital } = new Pins();
    const output = new Digital({ pin: 1, mode: Digital.Output });
    expect(thrown(() => output.write(Symbol("1") as never))).toBe("TypeError");
  });

  it("sees through a jumper what another pin drives", () => {
    const pins = new Pins();
    const { Digital } = pins;
    pins.connect(1, 2);
    const output = new Digital({ pin: 1, mode: Digital.Output });
    const input = new Digital({ pin: 2, mode: Digital.Input });
    output.write(1);
    expect(input.read()).toBe(1);
    output.write(0);
    expect(input.read()).toBe(0);
  });

  it("calls onReadable later than the edge, once for edges that come together", async () => {
    const pins = new Pins();
    const { Digital } = pins;
    let calls = 0;
    const input = new Digital({
      pin: 2,
      mode: Digital.Input,
      edge: Digital.Rising | Digital.Falling,
      onReadable: () => {
        calls += 1;
      },
    });
    for (const level of [1, 0, 1] as const) pins.drive(2, level);
    expect(calls).toBe(0);
    await tick();
    expect([calls, input.read()]).toEqual([1, 1]);
  });

  it("calls nothing any more once it is closed, not even for an edge before", async () => {
    const pins = new Pins();
    const { Digital } = pins;
    let calls = 0;
    const onReadable = () => {
      calls += 1;
    };
    const input = new Digital({ pin: 2, mode: Digital.Input, edge: Digital.Rising, onReadable });
    pins.drive(2, 1);
    input.close();
    await tick();
    expect(calls).toBe(0);
  });

  it("takes a low level as 1 with activeLow, and its edges the other way round", async () => {
    const pins = new Pins();
    const { Digital } = pins;
    pins.drive(2, 1);
    let calls = 0;
    const input = new Digital({
      pin: 2,
      mode: Digital.Input,
      activeLow: true,
      edge: Digital.Rising,
      onReadable: () => {
        calls += 1;
      },
    });
    expect(input.read()).toBe(0);
    pins.drive(2, 0);
    await tick();
    expect([calls, input.read()]).toEqual([1, 1]);
  });

  it("is high with a pull-up and nothing that drives it, and only as long as it is open", () => {
    const pins = new Pins();
    const { Digital } = pins;
    const pulled = new Digital({ pin: 2, mode: Digital.InputPullUp });
    expect(pulled.read()).toBe(1);
    pulled.close();
    expect(new Digital({ pin: 2, mode: Digital.Input }).read()).toBe(0);
  });
});
