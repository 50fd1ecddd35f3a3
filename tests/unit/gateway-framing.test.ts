import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Framing, TOO_LONG } from "../../services/gateway/framing.js";

const LIMIT = 16;

const show = (line: Uint8Array | typeof TOO_LONG) =>
  line === TOO_LONG ? "too long" : Buffer.from(line).toString("latin1");

/** All lines of these pieces, the rest included where `end`. */
function lines(pieces: readonly Uint8Array[], end = true): string[] {
  const framing = new Framing(LIMIT);
  const found: string[] = [];
  for (const piece of pieces) {
    framing.push(piece);
    for (let line = framing.next(); line !== undefined; line = framing.next()) found.push(show(line));
    expect(framing.hasMore).toBe(false);
    expect(framing.held).toBeLessThanOrEqual(LIMIT);
  }
  const rest = end ? framing.flush() : undefined;
  if (rest !== undefined) found.push(show(rest));
  return found;
}

const text = (...parts: string[]) => lines(parts.map((part) => Buffer.from(part)));

/** What the lines are, said without a machine: cut at CR and LF, empty ones left out, long ones told once. */
function model(bytes: Uint8Array): string[] {
  return Buffer.from(bytes)
    .toString("latin1")
    .split(/[\r\n]/)
    .filter((line) => line !== "")
    .map((line) => (line.length > LIMIT ? "too long" : line));
}

// Line ends and digits in plenty, every other byte now and then.
const byte = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(10, 13) },
  { weight: 5, arbitrary: fc.integer({ min: 48, max: 57 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
);
const stream = fc.array(byte, { maxLength: 200 });

describe("the framing of a connection", () => {
  it("takes CR, LF or both as the end of a line, and leaves empty lines out", () => {
    expect(text("a\nb\r\nc\rd\n\n\r\n\re\n")).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("gives the same lines whatever the pieces in which the bytes come", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(20), { maxLength: 60 }), (all, sizes) => {
        const bytes = Uint8Array.from(all);
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        pieces.push(bytes.subarray(at));
        expect(lines(pieces)).toEqual(model(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it("takes a line of exactly the limit, and says of a longer one once that it is too long", () => {
    const full = "x".repeat(LIMIT);
    expect(text(`${full}\n`)).toEqual([full]);
    expect(text(full)).toEqual([full]);
    expect(text(`${full}x\nok\n`)).toEqual(["too long", "ok"]);
    expect(text(full, "x", "xx", "x\nok")).toEqual(["too long", "ok"]);
  });

  it("skips endless data without a newline and holds nothing of it", () => {
    const framing = new Framing(LIMIT);
    let told = 0;
    for (let i = 0; i < 1_000; i++) {
      framing.push(Buffer.alloc(1_000, "x"));
      for (let line = framing.next(); line !== undefined; line = framing.next()) told += 1;
      expect(framing.held).toBe(0);
    }
    expect(told).toBe(1);
    expect(framing.isMidLine).toBe(true);
    expect(framing.flush()).toBeUndefined();
    framing.push(Buffer.from("\n21.4\n"));
    expect(show(framing.next() as Uint8Array)).toBe("21.4");
    expect(framing.isMidLine).toBe(false);
  });

  it("counts what it was handed and has not looked at, and refuses more before", () => {
    const framing = new Framing(LIMIT);
    framing.push(Buffer.from("a\nbc\nd"));
    expect(show(framing.next() as Uint8Array)).toBe("a");
    expect(framing.held).toBe(4);
    expect(() => framing.push(Buffer.from("e"))).toThrow("not looked at");
  });

  it("gives copies: a line holds no chunk in memory", () => {
    const framing = new Framing(LIMIT);
    const chunk = new Uint8Array(1_000).fill(0x0a);
    chunk[500] = 0x61;
    framing.push(chunk);
    expect((framing.next() as Uint8Array).buffer.byteLength).toBe(1);
  });

  it("leaves out the rest of a line that it joined in its middle", () => {
    const framing = new Framing(LIMIT);
    framing.skip();
    framing.push(Buffer.from("1.4\n21.4\n"));
    expect(show(framing.next() as Uint8Array)).toBe("21.4");
  });
});
