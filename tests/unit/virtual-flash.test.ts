import { beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { PowerCut, VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";

const BLOCKS = 4;
const BLOCK = 4_096;
const SIZE = BLOCKS * BLOCK;

let chip: VirtualFlash;

beforeEach(() => {
  chip = new VirtualFlash(BLOCKS);
});

/** All cells, as the next one to open it finds them. */
function cells(flash = chip): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  flash.reopen().read(bytes, 0);
  return bytes;
}

const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;

/** Numbers that a test gives itself; the last goes on. */
function draws(...values: number[]): () => number {
  return () => (values.length > 1 ? (values.shift() as number) : values[0]);
}

/** Drawn second, it cuts a write between two bytes; after 0 that is before the first. */
const BEFORE = 0.5;

describe("a power cut", () => {
  it("comes within the n-th write or erase from now, and within no read", () => {
    const flash = chip.open();
    chip.cutAt(3, seededRandom(1));
    flash.write(Uint8Array.of(1), 0);
    flash.read(new Uint8Array(1), 0);
    flash.eraseBlock(1, 3);
    expect(() => flash.write(Uint8Array.of(1), 2)).toThrow(PowerCut);
  });

  it("leaves what was open without power for good: all throws, nothing changes, closing is harmless", () => {
    const flash = chip.open();
    const other = chip.open();
    chip.cutAt(1, draws(0, BEFORE));
    expect(() => flash.write(Uint8Array.of(0), 0)).toThrow(PowerCut);
    const dead = () => {
      for (const handle of [flash, other]) {
        expect(() => handle.read(new Uint8Array(1), 0)).toThrow(PowerCut);
        expect(() => handle.write(Uint8Array.of(0), 0)).toThrow(PowerCut);
        expect(() => handle.eraseBlock(0)).toThrow(PowerCut);
        expect(() => handle.status()).toThrow(PowerCut);
      }
    };
    dead();
    expect(() => chip.open()).toThrow(PowerCut);
    const { operations } = chip;
    const alive = chip.reopen();
    dead();
    expect(chip.operations).toBe(operations);
    alive.write(Uint8Array.of(7), 0);
    expect(cells()[0]).toBe(7);
    for (const handle of [flash, other]) handle.close();
  });

  it("can be taken back, and comes once", () => {
    chip.cutAt(1, seededRandom(1));
    chip.cutAt(0, seededRandom(1));
    chip.open().write(Uint8Array.of(0), 0);
    chip.cutAt(1, seededRandom(1));
    expect(() => chip.open().write(Uint8Array.of(0), 0)).toThrow(PowerCut);
    const flash = chip.reopen();
    for (let i = 0; i < 10; i++) flash.write(Uint8Array.of(0), i);
    expect(() => chip.cutAt(-1, Math.random)).toThrow(RangeError);
    expect(() => chip.cutAt(0.5, Math.random)).toThrow(RangeError);
  });
});

describe("a write that is cut", () => {
  const old = Uint8Array.from({ length: 100 }, (_, i) => 0xff ^ (i & 0x11));
  const data = Uint8Array.from({ length: 100 }, (_, i) => 0xf0 ^ i);

  /** Where the cut fell with this seed: bytes that are whole, and whether the next one was begun. */
  function cutWith(seed: number): { whole: number; isTorn: boolean } {
    const flash = new VirtualFlash(BLOCKS);
    flash.open().write(old, BLOCK - 50);
    flash.cutAt(1, seededRandom(seed));
    expect(() => flash.open().write(data, BLOCK - 50)).toThrow(PowerCut);
    const after = cells(flash);
    expect(after.subarray(0, BLOCK - 50).every((byte) => byte === 0xff)).toBe(true);
    expect(after.subarray(BLOCK + 50).every((byte) => byte === 0xff)).toBe(true);
    let whole = 0;
    const at = (i: number) => after[BLOCK - 50 + i];
    while (whole < 100 && at(whole) === (old[whole] & data[whole])) whole += 1;
    expect(same(after.subarray(BLOCK - 50 + whole + 1, BLOCK + 50), old.subarray(whole + 1))).toBe(true);
    if (whole === 100) return { whole, isTorn: false };
    // Some of the bits that were to be cleared are, and no other.
    expect(at(whole) | old[whole]).toBe(old[whole]);
    expect(at(whole) & data[whole] & old[whole]).toBe(data[whole] & old[whole]);
    return { whole, isTorn: at(whole) !== old[whole] };
  }

  it("leaves a prefix of its bytes and some bits of one more, nothing or all, over two blocks", () => {
    const cuts = Array.from({ length: 1_000 }, (_, seed) => cutWith(seed));
    const lengths = new Set(cuts.map(({ whole }) => whole));
    expect(lengths.size).toBeGreaterThan(90);
    expect(cuts.some(({ whole, isTorn }) => whole === 0 && !isTorn)).toBe(true);
    expect(cuts.some(({ whole, isTorn }) => whole === 0 && isTorn)).toBe(true);
    expect(cuts.some(({ whole }) => whole === 100)).toBe(true);
    const torn = cuts.filter(({ isTorn }) => isTorn).length;
    expect(torn).toBeGreaterThan(200);
    expect(torn).toBeLessThan(800);
  });

  it("may be of no bytes", () => {
    chip.cutAt(1, draws(0.999));
    expect(() => chip.open().write(new Uint8Array(0), 0)).toThrow(PowerCut);
    expect(cells().every((byte) => byte === 0xff)).toBe(true);
  });
});

describe("an erase that is cut", () => {
  const before = Uint8Array.from({ length: SIZE }, (_, i) => (i * 7) & 0xff);

  function cutWith(seed: number): Uint8Array {
    const flash = new VirtualFlash(BLOCKS);
    flash.open().write(before, 0);
    flash.cutAt(1, seededRandom(seed));
    expect(() => flash.open().eraseBlock(1, 3)).toThrow(PowerCut);
    return cells(flash);
  }

  /** Of the block in which the cut fell: "nothing", "all", "pages" or "bits". */
  function what(block: Uint8Array, old: Uint8Array): string {
    expect(block.every((byte, i) => (byte & old[i]) === old[i])).toBe(true);
    if (same(block, old)) return "nothing";
    if (block.every((byte) => byte === 0xff)) return "all";
    for (let page = 0; page < BLOCK; page += 256) {
      const bytes = block.subarray(page, page + 256);
      if (!same(bytes, old.subarray(page, page + 256)) && !bytes.every((byte) => byte === 0xff))
        return "bits";
    }
    return "pages";
  }

  it("leaves each bit as it was or 1, in one block, with those before it whole and those after it untouched", () => {
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 200; seed++) {
      const after = cutWith(seed);
      const [zero, one, two, three] = [0, 1, 2, 3].map((block) =>
        after.subarray(block * BLOCK, (block + 1) * BLOCK),
      );
      expect(same(zero, before.subarray(0, BLOCK)) && same(three, before.subarray(3 * BLOCK))).toBe(true);
      const first = what(one, before.subarray(BLOCK, 2 * BLOCK));
      const second = what(two, before.subarray(2 * BLOCK, 3 * BLOCK));
      if (first !== "all") expect(second).toBe("nothing");
      const key = `${first}, ${second}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual([
      "all, all",
      "all, bits",
      "all, nothing",
      "all, pages",
      "bits, nothing",
      "nothing, nothing",
      "pages, nothing",
    ]);
    for (const count of seen.values()) expect(count).toBeGreaterThan(10);
  });

  it("counts as wear", () => {
    chip.cutAt(1, draws(0));
    expect(() => chip.open().eraseBlock(2)).toThrow(PowerCut);
    expect([0, 1, 2, 3].map((block) => chip.erases(block))).toEqual([0, 0, 1, 0]);
  });
});

describe("the same script and the same seed", () => {
  it("leave the same bytes", () => {
    const run = (seed: number) => {
      const flash = new VirtualFlash(BLOCKS);
      const random = seededRandom(seed);
      flash.open().write(new Uint8Array(SIZE), 0);
      flash.cutAt(1, random);
      expect(() => flash.open().eraseBlock(0, 4)).toThrow(PowerCut);
      flash.cutAt(1, random);
      expect(() => flash.reopen().write(new Uint8Array(SIZE), 0)).toThrow(PowerCut);
      flash.flipBits(5, random);
      return Buffer.from(cells(flash)).toString("latin1");
    };
    expect(run(5)).toBe(run(5));
    expect(new Set([1, 2, 3, 4, 5].map(run)).size).toBe(5);
  });
});

describe("the counts", () => {
  it("are of writes, of erases for each block, and of both", () => {
    const flash = chip.open();
    flash.write(Uint8Array.of(1, 2), 0);
    flash.write(Uint8Array.of(1, 2), 2);
    flash.eraseBlock(1);
    flash.eraseBlock(1, 3);
    flash.read(new Uint8Array(1), 0);
    expect([chip.writes, chip.operations]).toEqual([2, 4]);
    expect([0, 1, 2, 3].map((block) => chip.erases(block))).toEqual([0, 2, 1, 0]);
  });

  it("tell of a write to bytes that were not erased", () => {
    const flash = chip.open();
    flash.write(Uint8Array.of(1, 0xff, 3), 0);
    flash.write(Uint8Array.of(0xff, 2, 0xff), 0); // into the gap
    expect(chip.programmedTwice).toBe(0);
    flash.write(Uint8Array.of(2, 0, 0), 2);
    expect(chip.programmedTwice).toBe(1);
    flash.eraseBlock(0);
    flash.write(Uint8Array.of(0, 0, 0), 0);
    expect(chip.programmedTwice).toBe(1);
  });

  it("leave out what was refused", () => {
    const flash = chip.open();
    expect(() => flash.write(Uint8Array.of(0), SIZE)).toThrow(RangeError);
    expect(() => flash.eraseBlock(BLOCKS)).toThrow(RangeError);
    expect([chip.writes, chip.operations]).toEqual([0, 0]);
  });
});

describe("a flash that fails without a cut", () => {
  it("throws as long as it is told to, changes nothing, and keeps its power", () => {
    const flash = chip.open();
    flash.write(Uint8Array.of(5), 0);
    chip.failWrites = true;
    chip.failErases = true;
    chip.failReads = true;
    chip.cutAt(1, Math.random);
    expect(() => flash.write(Uint8Array.of(0), 0)).toThrow(/^write failed$/);
    expect(() => flash.eraseBlock(0)).toThrow(/^erase failed$/);
    expect(() => flash.read(new Uint8Array(1), 0)).toThrow(/^read failed$/);
    expect(flash.status().blocks).toBe(BLOCKS);
    chip.failWrites = false;
    chip.failErases = false;
    chip.failReads = false;
    chip.cutAt(0, Math.random);
    expect([chip.writes, chip.operations, chip.erases(0)]).toEqual([1, 1, 0]);
    expect(cells()[0]).toBe(5);
  });
});

describe("bit rot", () => {
  it("turns over as many bits as it is told to, either way, in its range", () => {
    chip.open().write(new Uint8Array(BLOCK), BLOCK);
    const before = cells();
    chip.flipBits(20, seededRandom(1), BLOCK - 1_000, BLOCK + 1_000);
    const after = cells();
    const bits = (byte: number) => byte.toString(2).replaceAll("0", "").length;
    const changed = [...after.keys()].filter((i) => after[i] !== before[i]);
    expect(changed.every((i) => i >= BLOCK - 1_000 && i < BLOCK + 1_000)).toBe(true);
    const up = changed.reduce((sum, i) => sum + bits(after[i] & ~before[i]), 0);
    const down = changed.reduce((sum, i) => sum + bits(before[i] & ~after[i]), 0);
    expect(up + down).toBe(20);
    expect(Math.min(up, down)).toBeGreaterThan(3);
  });

  it("reaches the first and the last byte where no range is given", () => {
    chip.flipBits(1, draws(0));
    chip.flipBits(1, draws(0.999_999));
    const after = cells();
    expect([after[0], after[SIZE - 1]]).toEqual([0xfe, 0x7f]);
  });

  it("leaves anything in the bytes that are scrambled, and the others as they were", () => {
    chip.scramble(seededRandom(1), 10, 1_010);
    const after = cells();
    expect(new Set(after.subarray(10, 1_010)).size).toBeGreaterThan(200);
    expect(after.subarray(0, 10).every((byte) => byte === 0xff)).toBe(true);
    expect(after.subarray(1_010).every((byte) => byte === 0xff)).toBe(true);
  });
});

describe("a snapshot", () => {
  it("brings cells, wear and counts back, as often as wanted, whatever was done since", () => {
    const flash = chip.open();
    flash.write(Uint8Array.of(1, 2, 3), 0);
    flash.write(Uint8Array.of(1, 2, 3), 1);
    flash.eraseBlock(1);
    const snapshot = chip.snapshot();
    const before = cells();
    const counts = () => [chip.writes, chip.operations, chip.programmedTwice, chip.erases(0), chip.erases(1)];
    const counted = counts();
    for (const disturb of [
      () => chip.reopen().write(new Uint8Array(SIZE), 0),
      () => chip.reopen().eraseBlock(0, 4),
      () => chip.flipBits(100, seededRandom(1)),
      () => chip.scramble(seededRandom(1), 0, SIZE),
    ]) {
      disturb();
      expect(same(cells(), before)).toBe(false);
      chip.restore(snapshot);
      expect(same(cells(), before)).toBe(true);
      expect(counts()).toEqual(counted);
    }
  });

  it("takes back a cut that has not come, and leaves power that is off", () => {
    const snapshot = chip.snapshot();
    chip.cutAt(1, Math.random);
    chip.restore(snapshot);
    chip.open().write(Uint8Array.of(0), 0);
    chip.cutAt(1, Math.random);
    expect(() => chip.open().eraseBlock(0)).toThrow(PowerCut);
    chip.restore(snapshot);
    expect(() => chip.open()).toThrow(PowerCut);
    expect(cells().every((byte) => byte === 0xff)).toBe(true);
  });

  it("lets a test try each cut of a script from the same state", () => {
    const script = () => {
      const flash = chip.reopen();
      flash.eraseBlock(1);
      flash.write(Uint8Array.of(1), 0);
      flash.write(Uint8Array.of(2), 1);
    };
    chip.open().write(Uint8Array.of(0), BLOCK);
    const snapshot = chip.snapshot();
    script();
    const { operations } = chip;
    chip.restore(snapshot);
    for (let cut = 1; cut <= operations - snapshot.operations; cut++) {
      chip.restore(snapshot);
      chip.cutAt(cut, draws(0, BEFORE));
      expect(script).toThrow(PowerCut);
      expect(cells()[0]).toBe(cut > 2 ? 1 : 0xff);
    }
    expect(operations - snapshot.operations).toBe(3);
  });

  it("is not changed by what comes after another one", () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 10 }), (all) => {
        const flash = new VirtualFlash(BLOCKS);
        const kept = all.map((data) => {
          flash.open().write(data, BLOCK - 10);
          return { snapshot: flash.snapshot(), cells: cells(flash) };
        });
        for (const one of kept) {
          flash.restore(one.snapshot);
          expect(same(cells(flash), one.cells)).toBe(true);
        }
      }),
    );
  });
});

describe("a thousand of them", () => {
  it("take memory for what is written only", () => {
    const before = process.memoryUsage().arrayBuffers;
    const many = Array.from({ length: 1_000 }, () => new VirtualFlash());
    for (const flash of many) flash.open().write(Uint8Array.of(1, 2, 3), 5);
    // A whole one is 896 KB; one block and the wear of 224 are 5 KB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000 * 8_000);
    expect(many[999].open().status().size).toBe(0xe0000);
  });
});

describe("as a board's journal", () => {
  it("says how many erases a block stands only where that is known", () => {
    expect(new VirtualFlash(1, 10_000).endurance).toBe(10_000);
    expect("endurance" in chip).toBe(false);
  });
});
