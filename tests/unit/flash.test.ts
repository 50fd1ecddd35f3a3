import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Flash as FlashPort } from "../../firmware/ports.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { Flash } from "../../host-sim/storage/flash.js";
import { temporaryDirectory } from "../support/peers.js";

const BLOCKS = 4;
const SIZE = BLOCKS * 4_096;

let directory: ReturnType<typeof temporaryDirectory>;
let virtual: VirtualFlash;

beforeEach(() => {
  directory = temporaryDirectory();
  virtual = new VirtualFlash(BLOCKS);
});

afterEach(() => directory.remove());

/** What both have in common: they are the same part, on a disk and in memory. */
describe.each<[string, () => FlashPort]>([
  ["on a file", () => Flash.open({ directory: directory.path, path: "journal", blocks: BLOCKS })],
  ["in memory", () => virtual.open()],
])("a flash %s", (_name, open) => {
  let flash: FlashPort;

  beforeEach(() => {
    flash = open();
  });

  afterEach(() => flash.close());

  const read = (position: number, length: number) => {
    const bytes = new Uint8Array(length);
    expect(flash.read(bytes, position)).toBe(length);
    return [...bytes];
  };

  it("is erased at first, and has blocks of 4,096 bytes", () => {
    expect(flash.status()).toEqual({ size: SIZE, blockLength: 4_096, blocks: BLOCKS });
    expect(new Set(read(0, SIZE))).toEqual(new Set([0xff]));
  });

  it("turns ones into zeros only, whatever is written", () => {
    flash.write(Uint8Array.of(0xf0, 0x0f, 0x00), 4_095);
    flash.write(Uint8Array.of(0x3c, 0xff, 0xff), 4_095);
    expect(read(4_094, 5)).toEqual([0xff, 0x30, 0x0f, 0x00, 0xff]);
  });

  it("erases the block that is named, or those up to another, and nothing beside them", () => {
    flash.write(new Uint8Array(SIZE), 0);
    flash.eraseBlock(1);
    expect(read(4_095, 2)).toEqual([0, 0xff]);
    expect(read(8_191, 2)).toEqual([0xff, 0]);
    flash.eraseBlock(2, 4);
    expect(read(0, 4_096).every((byte) => byte === 0)).toBe(true);
    expect(read(4_096, SIZE - 4_096).every((byte) => byte === 0xff)).toBe(true);
  });

  it("leaves what is written to the caller, and writes and fills a view as a view", () => {
    const buffer = Uint8Array.of(1, 2, 3, 4);
    flash.write(buffer.subarray(1, 3), 10);
    buffer.fill(0);
    expect(read(9, 4)).toEqual([0xff, 2, 3, 0xff]);
    flash.read(buffer.subarray(1, 3), 10);
    expect([...buffer]).toEqual([0, 2, 3, 0]);
  });

  it.each<[string, (flash: FlashPort) => unknown]>([
    ["a read before the start", (f) => f.read(new Uint8Array(1), -1)],
    ["a read behind the end", (f) => f.read(new Uint8Array(2), SIZE - 1)],
    ["a read of more than there is", (f) => f.read(new Uint8Array(SIZE + 1), 0)],
    ["a read at no number", (f) => f.read(new Uint8Array(1), Number.NaN)],
    ["a write before the start", (f) => f.write(new Uint8Array(1), -1)],
    ["a write behind the end", (f) => f.write(new Uint8Array(2), SIZE - 1)],
    ["a write that begins at the end", (f) => f.write(new Uint8Array(1), SIZE)],
    ["an erase of block -1", (f) => f.eraseBlock(-1)],
    ["an erase of a block behind the last", (f) => f.eraseBlock(BLOCKS)],
    ["an erase up to a block behind the last", (f) => f.eraseBlock(0, BLOCKS + 1)],
    ["an erase of no block", (f) => f.eraseBlock(1, 1)],
    ["an erase backwards", (f) => f.eraseBlock(2, 1)],
  ])("refuses %s with a RangeError, and does nothing", (_what, action) => {
    flash.write(new Uint8Array(SIZE), 0);
    expect(() => action(flash)).toThrow(RangeError);
    expect(new Set(read(0, SIZE))).toEqual(new Set([0]));
  });

  it("takes the last byte and nothing at all", () => {
    flash.write(Uint8Array.of(5), SIZE - 1);
    flash.write(new Uint8Array(0), SIZE);
    expect(read(SIZE - 1, 1)).toEqual([5]);
    expect(read(SIZE, 0)).toEqual([]);
  });

  it("is closed for good, and once more is harmless", () => {
    flash.close();
    flash.close();
    for (const action of [
      () => flash.read(new Uint8Array(1), 0),
      () => flash.write(new Uint8Array(1), 0),
      () => flash.eraseBlock(0),
      () => flash.status(),
    ])
      expect(action).toThrow(SyntaxError);
  });

  it("holds after any writes and erases what a NOR flash holds, and so does one that is opened again", () => {
    const length = fc.integer({ min: 0, max: SIZE - 1 });
    const write = fc.tuple(length, fc.uint8Array({ maxLength: 300 }));
    const erase = fc.tuple(fc.integer({ min: 0, max: BLOCKS - 1 }), fc.integer({ min: 1, max: BLOCKS }));
    fc.assert(
      fc.property(fc.array(fc.oneof(write, erase), { maxLength: 20 }), (operations) => {
        flash.eraseBlock(0, BLOCKS);
        const model = new Uint8Array(SIZE).fill(0xff);
        for (const [at, what] of operations) {
          if (typeof what === "number") {
            const end = Math.min(at + what, BLOCKS);
            flash.eraseBlock(at, end);
            model.fill(0xff, at * 4_096, end * 4_096);
          } else {
            const data = what.subarray(0, SIZE - at);
            flash.write(data, at);
            for (let i = 0; i < data.length; i++) model[at + i] &= data[i];
          }
        }
        flash.close();
        flash = open();
        const cells = new Uint8Array(SIZE);
        flash.read(cells, 0);
        expect(Buffer.compare(cells, model)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
