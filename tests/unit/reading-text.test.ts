import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { blankReading, QUANTITIES, type Reading, readingJSON } from "../../firmware/codec/reading.js";
import { ReadingText } from "../../firmware/codec/reading-text.js";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

const first: Reading = {
  ...blankReading(),
  value: 21.44,
  seq: 1_234,
  epoch: 0x5f3a09c1,
  time: 1_795_175_351_184,
  uptime: 5_000,
  boot: 3,
};

describe("a reading's text in one buffer", () => {
  it("is what readingJSON says", () => {
    const of = new ReadingText(0);
    expect(text(of.write(first, false))).toBe(
      '{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1"}',
    );
    expect(text(of.write({ ...first, seq: 1_235, time: first.time + 5_000 }, false))).toBe(
      '{"temperature":21.44,"time":1795175356184,"seq":1235,"epoch":"5f3a09c1"}',
    );
  });

  it("follows a number that gets another digit, and a time that passes into other hundreds of seconds", () => {
    const of = new ReadingText(1);
    for (const seq of [8, 9, 10, 11, 98, 99, 100, 999_999, 1_000_000]) {
      const reading = { ...first, quantity: 1, seq, time: 1_795_175_399_999 + seq };
      expect(text(of.write(reading, false))).toBe(readingJSON(reading, false));
    }
  });

  it("is the same whatever was there before", () => {
    const reading = fc.record({
      value: fc.oneof(
        fc.integer({ min: -7_040, max: 19_200 }).map((raw) => raw / 128),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
      step: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(2_000) }),
      epoch: fc.oneof({ weight: 5, arbitrary: fc.constant(7) }, fc.nat(0xffff_ffff)),
      time: fc.oneof(
        { weight: 5, arbitrary: fc.integer({ min: 1_795_000_000_000, max: 1_795_000_300_000 }) },
        fc.constantFrom(Number.NaN, 0, 999_999_999_999, 1e13, 1_795_000_000_000.5),
      ),
      late: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
    });
    fc.assert(
      fc.property(
        fc.nat(2),
        fc.nat(3_000),
        fc.array(reading, { maxLength: 30 }),
        (quantity, start, steps) => {
          const of = new ReadingText(quantity);
          let seq = start;
          for (const { step, late, ...given } of steps) {
            seq += step;
            const next = { ...first, ...given, quantity, seq };
            expect(text(of.write(next, late))).toBe(readingJSON(next, late));
          }
        },
      ),
    );
  });

  it("takes the same memory whatever it says", () => {
    const of = new ReadingText(0);
    const buffers = new Set<ArrayBufferLike>();
    const views = new Set<Uint8Array>();
    for (let i = 0; i < 1_000; i++) {
      const view = of.write({ ...first, seq: first.seq + i, value: 20 + (i % 128) / 128 }, false);
      buffers.add(view.buffer);
      views.add(view);
    }
    expect(buffers.size).toBe(1);
    // A value of 128ths has nought, or one to seven decimals: two of their lengths have one place.
    expect(views.size).toBeLessThan(30);
  });

  it("has room for the longest", () => {
    const longest = {
      ...first,
      quantity: 0,
      value: -1.2345678901234567e-308,
      seq: 2 ** 48 - 1,
      uptime: 2 ** 48 - 1,
      boot: 0xffffff,
      epoch: 0xffff_ffff,
    };
    for (const quantity of QUANTITIES.keys()) {
      for (const time of [Number.NaN, 8.64e15, 1_795_175_351_184]) {
        const reading = { ...longest, quantity, time };
        expect(text(new ReadingText(quantity).write(reading, true))).toBe(readingJSON(reading, true));
      }
    }
  });
});
