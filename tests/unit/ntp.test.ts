import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { judge, PACKET_LENGTH, timeOnArrival, Verdict, writeRequest } from "../../firmware/clock/ntp.js";
import { FIRST_DAY } from "../../firmware/version.js";
import { writeTimestamp } from "../../host-sim/world/time-server.js";

const NOW = 1_795_175_351_184; // 20 November 2026
const YEAR = 365.25 * 86_400_000;
/** The first millisecond of NTP's era 1. */
const ERA_1 = Date.UTC(2036, 1, 7, 6, 28, 16);

const nonce = Uint8Array.from([0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4]);
const request = new Uint8Array(PACKET_LENGTH);
writeRequest(request, () => 0);
request.set(nonce, 40);

interface Fields {
  leap: number;
  version: number;
  mode: number;
  stratum: number;
  reference: string;
  /** Seconds. */
  delay: number;
  dispersion: number;
  received: number;
  transmitted: number;
}

/** A good answer to `request`, but for `fields`. */
function answer(fields: Partial<Fields> = {}): Uint8Array {
  const {
    leap = 0,
    version = 4,
    mode = 4,
    stratum = 2,
    reference = "GPS\0",
    delay = 0.02,
    dispersion = 0.01,
  } = fields;
  const { transmitted = NOW, received = transmitted } = fields;
  const bytes = new Uint8Array(PACKET_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[0] = (leap << 6) | (version << 3) | mode;
  bytes[1] = stratum;
  view.setUint32(4, delay * 0x1_0000);
  view.setUint32(8, dispersion * 0x1_0000);
  bytes.set(Buffer.from(reference, "latin1"), 12);
  bytes.set(nonce, 24);
  writeTimestamp(view, 32, received);
  writeTimestamp(view, 40, transmitted);
  return bytes;
}

const verdict = (bytes: Uint8Array, firstDay = FIRST_DAY) => judge(request, bytes, firstDay);

describe("a request", () => {
  it("is 48 bytes of version 4 from a client, with a random number and nothing else", () => {
    const bytes = new Uint8Array(PACKET_LENGTH).fill(0xff);
    let next = 0;
    writeRequest(bytes, () => [0, 0.999_999, 0.5, 0.25, 0.125, 0.3, 0.7, 0.9][next++ % 8]);
    expect([...bytes.subarray(0, 40)]).toEqual([0x23, ...new Array(39).fill(0)]);
    expect([...bytes.subarray(40)]).toEqual([0, 255, 128, 64, 32, 76, 179, 230]);
    expect(next).toBe(8);
  });
});

describe("an answer", () => {
  it("is good when it belongs to the request and its server knows a time that can be", () => {
    expect(verdict(answer())).toBe(Verdict.GOOD);
    for (const stratum of [1, 15]) expect(verdict(answer({ stratum }))).toBe(Verdict.GOOD);
    // A leap second is announced: no reason for doubt.
    for (const leap of [1, 2]) expect(verdict(answer({ leap }))).toBe(Verdict.GOOD);
    expect(verdict(answer({ version: 3 }))).toBe(Verdict.GOOD);
  });

  it("may be longer, by an extension or a signature", () => {
    expect(verdict(Uint8Array.from([...answer(), ...new Uint8Array(20)]))).toBe(Verdict.GOOD);
  });

  it.each([
    ["is too short", answer().subarray(0, 47)],
    ["is empty", new Uint8Array(0)],
    ["has another mode: a request that came back", answer({ mode: 3 })],
    ["has another mode: a broadcast", answer({ mode: 5 })],
    ["is of version 2", answer({ version: 2 })],
    ["is of version 5", answer({ version: 5 })],
  ])("that %s is none", (_what, bytes) => {
    expect(verdict(bytes)).toBe(Verdict.FOREIGN);
  });

  it("that differs in a bit of the number that was sent is none, whatever else it says", () => {
    for (let bit = 0; bit < 64; bit++) {
      for (const fields of [{}, { stratum: 0, reference: "DENY" }, { leap: 3 }]) {
        const bytes = answer(fields);
        bytes[24 + (bit >> 3)] ^= 1 << (bit & 7);
        expect(verdict(bytes)).toBe(Verdict.FOREIGN);
      }
    }
  });

  it.each([
    ["DENY", Verdict.REFUSED],
    ["RSTR", Verdict.REFUSED],
    ["RATE", Verdict.SLOWER],
    ["INIT", Verdict.UNSYNCHRONISED],
    ["deny", Verdict.UNSYNCHRONISED],
    ["\xff\xff\xff\xff", Verdict.UNSYNCHRONISED],
  ])("of stratum 0 is a kiss-o'-death: %j", (reference, expected) => {
    for (const leap of [0, 3]) expect(verdict(answer({ stratum: 0, reference, leap }))).toBe(expected);
  });

  it.each([
    ["a leap indicator of 3", answer({ leap: 3 })],
    ["stratum 16", answer({ stratum: 16 })],
    ["stratum 255", answer({ stratum: 255 })],
    ["a transmit timestamp of zero", answer().fill(0, 40, 48)],
    ["an error of 16 s", answer({ delay: 0, dispersion: 16 })],
    ["a way of 32 s to its source", answer({ delay: 32, dispersion: 0 })],
    ["an error of 18 hours", answer({ dispersion: 65_535 })],
  ])("with %s is of a server that does not know the time", (_what, bytes) => {
    expect(verdict(bytes)).toBe(Verdict.UNSYNCHRONISED);
  });

  it("of a server that is 10 s unsure of itself, as Windows domain controllers are, is good", () => {
    expect(verdict(answer({ dispersion: 10.376 }))).toBe(Verdict.GOOD);
    expect(verdict(answer({ delay: 31.9, dispersion: 0 }))).toBe(Verdict.GOOD);
  });

  it("that was sent before its request arrived cannot be", () => {
    expect(verdict(answer({ received: NOW + 1 }))).toBe(Verdict.IMPLAUSIBLE);
    expect(verdict(answer({ received: NOW + 3 * YEAR }))).toBe(Verdict.IMPLAUSIBLE);
    expect(verdict(answer({ received: NOW - 3 * YEAR }))).toBe(Verdict.GOOD);
  });

  it("is believed from the firmware's first day for 20 years", () => {
    expect(verdict(answer({ transmitted: FIRST_DAY }))).toBe(Verdict.GOOD);
    expect(verdict(answer({ transmitted: FIRST_DAY - 1 }))).toBe(Verdict.IMPLAUSIBLE);
    expect(verdict(answer({ transmitted: FIRST_DAY + 20 * YEAR - 1 }))).toBe(Verdict.GOOD);
    expect(verdict(answer({ transmitted: FIRST_DAY + 20 * YEAR + 1 }))).toBe(Verdict.IMPLAUSIBLE);
  });

  it.each([
    ["1970", 0],
    ["2000, to which clocks with an empty battery return", Date.UTC(2000, 0, 1)],
    ["2004, where GPS receivers roll over to", Date.UTC(2004, 5, 1)],
    ["2106", Date.UTC(2106, 0, 1)],
  ])("of %s cannot be", (_what, transmitted) => {
    expect(verdict(answer({ transmitted: transmitted + 1_000 }))).toBe(Verdict.IMPLAUSIBLE);
  });

  it("is refused, and nothing thrown, when it is any bytes at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 100 }), (bytes) => {
        expect(verdict(bytes)).toBe(Verdict.FOREIGN);
      }),
    );
  });

  it("with the right number in it and anything around is good only where all checks hold", () => {
    const flags = fc.constantFrom(0x24, 0x1c, 0x64, 0xe4, 0x23);
    const stratum = fc.constantFrom(0, 1, 2, 15, 16, 255);
    // Timestamps near each other and near now, so that good ones come up as well.
    const moment = fc.integer({ min: -3, max: 3 }).map((years) => NOW + years * 10 * YEAR);
    let good = 0;
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 48, maxLength: 100 }),
        flags,
        stratum,
        fc.boolean(),
        moment,
        fc.integer({ min: -50, max: 50 }),
        (noise, first, second, isQuiet, transmitted, taken) => {
          const bytes = noise.slice();
          const view = new DataView(bytes.buffer);
          bytes[0] = first;
          bytes[1] = second;
          if (isQuiet) bytes.fill(0, 4, 12);
          bytes.set(nonce, 24);
          writeTimestamp(view, 32, transmitted - taken);
          writeTimestamp(view, 40, transmitted);
          const distance = (view.getUint32(4) / 2 + view.getUint32(8)) / 0x1_0000;
          const isGood =
            (first === 0x24 || first === 0x1c || first === 0x64) &&
            second >= 1 &&
            second <= 15 &&
            distance < 16 &&
            taken >= 0 &&
            transmitted >= FIRST_DAY &&
            transmitted <= FIRST_DAY + 20 * YEAR;
          if (isGood) good += 1;
          expect(verdict(bytes) === Verdict.GOOD).toBe(isGood);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(good).toBeGreaterThan(20);
  });
});

describe("the time in an answer", () => {
  const time = (bytes: Uint8Array, roundTrip: number) => timeOnArrival(bytes, roundTrip, FIRST_DAY);

  it("is the server's, and half of what was spent on the way", () => {
    expect(time(answer(), 0)).toBe(NOW);
    expect(time(answer(), 100)).toBe(NOW + 50);
    expect(time(answer({ received: NOW - 60 }), 100)).toBe(NOW + 20);
  });

  it("is the server's where it says that it took longer than the whole", () => {
    expect(time(answer({ received: NOW - 5_000 }), 100)).toBe(NOW);
  });

  it("is exact to the millisecond for any moment of the 20 years, across the end of era 0", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: FIRST_DAY, max: FIRST_DAY + 20 * YEAR }),
        fc.integer({ min: 0, max: 5_000 }),
        fc.integer({ min: 0, max: 1_000 }),
        (moment, way, taken) => {
          const bytes = answer({ transmitted: moment, received: moment - taken });
          expect(Math.abs(time(bytes, 2 * way + taken) - (moment + way))).toBeLessThanOrEqual(1);
          expect(verdict(bytes)).toBe(Verdict.GOOD);
        },
      ),
    );
  });

  it("goes on across 7 February 2036, also when the server has the request at that moment", () => {
    for (let moment = ERA_1 - 3; moment <= ERA_1 + 3; moment++) {
      const bytes = answer({ transmitted: moment, received: moment - 2 });
      // The first moment of the era is written as what means "no time": one in 2^64 is not believed.
      expect(verdict(bytes)).toBe(moment === ERA_1 ? Verdict.UNSYNCHRONISED : Verdict.GOOD);
      expect(time(bytes, 12)).toBe(moment + 5);
    }
  });

  it("is a whole number of milliseconds", () => {
    for (let i = 0; i < 50; i++)
      expect(Number.isInteger(time(answer({ transmitted: NOW + i }), i))).toBe(true);
  });
});
