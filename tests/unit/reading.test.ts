import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  QUANTITIES,
  QUANTITY_COUNT,
  Quantity,
  type Reading,
  readingJSON,
} from "../../firmware/codec/reading.js";

const reading: Reading = {
  quantity: Quantity.TEMPERATURE,
  value: 21.44,
  seq: 1234,
  time: 1_795_175_351_184,
  uptime: 5_000,
  epoch: 0x5f3a09c1,
  boot: 7,
};

describe("a reading as JSON", () => {
  it("is the contract's example, byte for byte", () => {
    expect(readingJSON(reading, false)).toBe(
      '{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1"}',
    );
  });

  it("says that it is late when it waited through an outage, and only then", () => {
    expect(readingJSON(reading, true)).toBe(
      '{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1","late":true}',
    );
    expect(readingJSON(reading, false)).not.toContain("late");
  });

  it("has uptime and boot in place of the time while the clock is not set", () => {
    const json = JSON.parse(readingJSON({ ...reading, time: Number.NaN }, false));
    expect(json).toEqual({ temperature: 21.44, uptime: 5_000, boot: 7, seq: 1234, epoch: "5f3a09c1" });
  });

  it("says which device it is from where it is asked to", () => {
    const json = JSON.parse(readingJSON(reading, false, "hearth-020000000001"));
    expect(json.device).toBe("hearth-020000000001");
    expect(json.temperature).toBe(21.44);
    expect(JSON.parse(readingJSON(reading, false))).not.toHaveProperty("device");
  });

  it.each([
    ["temperature", Quantity.TEMPERATURE],
    ["humidity", Quantity.HUMIDITY],
    ["pressure", Quantity.PRESSURE],
  ])("has the value under %s", (name, quantity) => {
    expect(QUANTITIES[quantity]).toBe(name);
    const json = JSON.parse(readingJSON({ ...reading, quantity, value: 45 }, false));
    expect(json[name]).toBe(45);
    expect(Object.keys(json).filter((key) => QUANTITIES.includes(key))).toEqual([name]);
  });

  it("counts as many quantities as it names", () => {
    expect(QUANTITIES.length).toBe(QUANTITY_COUNT);
  });

  it("is JSON that gives everything back, whatever the numbers and the device's name", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    const time = fc.option(fc.nat(Number.MAX_SAFE_INTEGER), { nil: Number.NaN });
    const device = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(finite, time, fc.maxSafeNat(), fc.boolean(), device, (value, when, seq, late, name) => {
        const json = JSON.parse(readingJSON({ ...reading, value, time: when, seq }, late, name));
        expect(json).toEqual({
          device: name,
          temperature: value === 0 ? 0 : value,
          ...(Number.isNaN(when) ? { uptime: 5_000, boot: 7 } : { time: when }),
          seq,
          epoch: "5f3a09c1",
          ...(late && { late: true }),
        });
      }),
    );
  });

  it("leaves no line end in the text, which is a message's end on the raw link", () => {
    expect(readingJSON(reading, true, 'a\nb"c')).not.toContain("\n");
  });
});
