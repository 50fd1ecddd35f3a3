import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import type { Flash } from "../../firmware/ports.js";
import { SlotImage } from "../../firmware/update/slot-image.js";
import { ChipFlash } from "../../host-sim/boards/virtual/chip-flash.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { imageOf } from "../support/chip.js";

const BLOCK = 4_096;
const KEPT_NOT = "the flash does not keep what is written to it";

const sha256 = (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest());

function bytesOf(size: number, seed = size + 1): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: size }, () => random() * 256);
}

const take = (flash: Flash, data: Uint8Array) => new SlotImage(flash, data.length, sha256(data));

/** Fetches blocks as a download does. @param step bytes that come at once */
function fetch(image: SlotImage, data: Uint8Array, step = 1_460, blocks = Number.POSITIVE_INFINITY): void {
  for (let block = 0; block < blocks && !image.isComplete; block++) {
    image.beginBlock();
    const { done, last } = image;
    for (let at = done; at <= last; at += step) image.write(data.subarray(at, Math.min(at + step, last + 1)));
    image.endBlock();
  }
}

/** What is in the slot, read back. */
function isThere(image: SlotImage): boolean {
  const hash = createHash("sha256");
  const digest = {
    write: (part: Uint8Array) => void hash.update(part),
    close: () => new Uint8Array(hash.digest()),
  };
  let at = 0;
  while (at < image.size) at = image.digestBlock(digest, at);
  return image.isDigest(digest.close());
}

/** A slot of 16 blocks in which everything stood before. */
function used(): VirtualFlash {
  const flash = new VirtualFlash(16);
  flash.scramble(seededRandom(1), 0, 16 * BLOCK);
  return flash;
}

const LENGTHS = [1, 2, 511, 512, 513, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1];
LENGTHS.push(15 * BLOCK - 1, 15 * BLOCK);

describe("an image on its way into a slot", () => {
  it.each(LENGTHS)("of %d bytes comes to be there, whatever stood there before", (size) => {
    const flash = used();
    const data = bytesOf(size);
    const image = take(flash.open(), data);
    expect([image.size, image.done, image.isComplete]).toEqual([size, 0, false]);
    expect(image.last).toBe(Math.min(size, BLOCK) - 1);
    fetch(image, data);
    expect([image.done, image.isComplete]).toEqual([size, true]);
    expect(isThere(image)).toBe(true);
    const read = new Uint8Array(size);
    flash.open().read(read, 0);
    // Nothing that a bootloader would run, until it is known to be right.
    expect(read[0]).toBe(0xff);
    image.release();
    image.release();
    flash.open().read(read, 0);
    expect(Buffer.from(read).equals(data)).toBe(true);
    expect(isThere(image)).toBe(true);
  });

  it.each([1, 7, 511, 512, 513, BLOCK])("comes in pieces of %d bytes", (step) => {
    const data = bytesOf(2 * BLOCK + 100);
    const image = take(used().open(), data);
    fetch(image, data, step);
    expect(isThere(image)).toBe(true);
  });

  it("goes on where it was, after a restart behind each of its blocks", () => {
    const data = bytesOf(5 * BLOCK + 1);
    const flash = used();
    for (let blocks = 0; blocks <= 6; blocks++) {
      const image = take(flash.open(), data);
      expect(image.done).toBe(Math.min(blocks * BLOCK, data.length));
      expect(image.isComplete).toBe(blocks === 6);
      fetch(image, data, 1_460, 1);
    }
    expect(isThere(take(flash.open(), data))).toBe(true);
    // Each block once, and the notes.
    const erases = Array.from({ length: 16 }, (_, block) => flash.erases(block));
    expect(erases).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(flash.programmedTwice).toBe(0);
  });

  it("fetches a block again of which only a part came", () => {
    const data = bytesOf(3 * BLOCK);
    const flash = used();
    const image = take(flash.open(), data);
    fetch(image, data, 1_460, 1);
    image.beginBlock();
    image.write(bytesOf(1_000, 99));
    image.beginBlock();
    image.write(bytesOf(2_000, 98));
    const again = take(flash.open(), data);
    expect(again.done).toBe(BLOCK);
    fetch(again, data);
    expect(isThere(again)).toBe(true);
  });

  it("wears nothing out while nothing comes", () => {
    const data = bytesOf(3 * BLOCK);
    const flash = used();
    const image = take(flash.open(), data);
    fetch(image, data, 1_460, 1);
    for (let attempt = 0; attempt < 1_000; attempt++) image.beginBlock();
    expect(flash.erases(1)).toBe(0);
    image.write(new Uint8Array(0));
    expect(flash.erases(1)).toBe(0);
    fetch(image, data);
    expect(isThere(image)).toBe(true);
  });

  it("begins anew for another image, and for the same bytes with another digest", () => {
    const flash = used();
    const data = bytesOf(3 * BLOCK);
    fetch(take(flash.open(), data), data);
    const other = bytesOf(3 * BLOCK, 4);
    expect(take(flash.open(), other).done).toBe(0);
    // The first one's notes are gone.
    expect(take(flash.open(), data).done).toBe(0);
    const wrong = sha256(data);
    wrong[31] ^= 1;
    expect(new SlotImage(flash.open(), data.length, wrong).done).toBe(0);
  });

  it("begins anew where the notes are of another layout", () => {
    const flash = used();
    const data = bytesOf(3 * BLOCK);
    fetch(take(flash.open(), data), data);
    const notes = new Uint8Array(BLOCK);
    flash.open().read(notes, 15 * BLOCK);
    expect(Buffer.from(notes.subarray(0, 4)).toString("latin1")).toBe("HUA1");
    notes[3] = 0x32;
    flash.open().eraseBlock(15);
    flash.open().write(notes, 15 * BLOCK);
    expect(take(flash.open(), data).done).toBe(0);
  });

  it("is told by each bit of its digest", () => {
    const flash = used();
    const data = bytesOf(BLOCK);
    const digest = sha256(data);
    const image = take(flash.open(), data);
    expect(image.isDigest(digest)).toBe(true);
    for (let bit = 0; bit < 256; bit++) {
      const changed = digest.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(image.isDigest(changed)).toBe(false);
    }
    expect(image.isDigest(new Uint8Array(0))).toBe(false);
  });

  it("forgets all when it is told to, also over a restart", () => {
    const flash = used();
    const data = bytesOf(3 * BLOCK);
    const image = take(flash.open(), data);
    fetch(image, data);
    image.discard();
    expect([image.done, image.isComplete]).toEqual([0, false]);
    expect(take(flash.open(), data).done).toBe(0);
    fetch(image, data);
    expect(isThere(image)).toBe(true);
    expect(take(flash.open(), data).isComplete).toBe(true);
  });

  it("fetches the block again whose mark is torn", () => {
    const data = bytesOf(5 * BLOCK);
    for (const torn of [0xff, 0xfe, 0x7f, 0x01, 0x80]) {
      const flash = used();
      fetch(take(flash.open(), data), data);
      const at = 15 * BLOCK + 64;
      const notes = new Uint8Array(BLOCK);
      flash.open().read(notes, 15 * BLOCK);
      notes[66] = torn;
      flash.open().eraseBlock(15);
      flash.open().write(notes, 15 * BLOCK);
      const image = take(flash.open(), data);
      expect(image.done).toBe(2 * BLOCK);
      fetch(image, data, 1_460, 1);
      const mark = new Uint8Array(1);
      flash.open().read(mark, at + 2);
      expect(mark[0]).toBe(0);
      expect(take(flash.open(), data).isComplete).toBe(true);
      expect(isThere(image)).toBe(true);
    }
  });

  it("comes to be there over a power cut at each operation, another image's notes being there", () => {
    const before = bytesOf(3 * BLOCK + 5, 11);
    const data = bytesOf(3 * BLOCK + 5, 12);
    const flash = used();
    fetch(take(flash.open(), before), before);
    const start = flash.snapshot();
    fetch(take(flash.open(), data), data);
    const operations = flash.operations - start.operations;
    for (let seed = 0; seed < 4; seed++) {
      for (let cut = 1; cut <= operations; cut++) {
        flash.restore(start);
        flash.cutAt(cut, seededRandom(1_000 * seed + cut));
        expect(() => fetch(take(flash.open(), data), data)).toThrow("the power went");
        const image = take(flash.reopen(), data);
        fetch(image, data);
        expect(isThere(image)).toBe(true);
        // At most one block twice.
        for (let block = 0; block < 4; block++)
          expect(flash.erases(block) - start.erases[block]).toBeLessThanOrEqual(2);
      }
    }
    expect(operations).toBeGreaterThan(20);
  });

  it("goes back to the image whose notes a cut left half erased, or begins anew", () => {
    const one = bytesOf(4 * BLOCK, 21);
    const other = bytesOf(4 * BLOCK, 22);
    const flash = used();
    fetch(take(flash.open(), one), one);
    const start = flash.snapshot();
    for (let seed = 0; seed < 50; seed++) {
      flash.restore(start);
      flash.cutAt(1, seededRandom(seed));
      expect(() => take(flash.open(), other)).toThrow("the power went");
      const image = take(flash.reopen(), one);
      fetch(image, one);
      expect(isThere(image)).toBe(true);
    }
  });

  it.each([
    ["failReads", "read failed"],
    ["failWrites", "write failed"],
    ["failErases", "erase failed"],
  ] as const)("says that the flash fails: %s", (what, reason) => {
    const data = bytesOf(2 * BLOCK);
    const flash = used();
    flash[what] = true;
    expect(() => take(flash.open(), data)).toThrow(reason);
    flash[what] = false;
    const image = take(flash.open(), data);
    fetch(image, data, 1_460, 1);
    flash[what] = true;
    expect(() => fetch(image, data)).toThrow(reason);
    flash[what] = false;
    fetch(image, data);
    expect(isThere(image)).toBe(true);
    flash[what] = true;
    if (what === "failReads") expect(() => isThere(image)).toThrow(reason);
    else expect(() => image.discard()).toThrow(reason);
  });

  /** A flash that does something else than it says. */
  const unfaithful = (changes: Partial<Flash>): Flash => {
    const flash = used().open();
    return {
      read: (into, position) => flash.read(into, position),
      write: (data, position) => flash.write(data, position),
      eraseBlock: (start, end) => flash.eraseBlock(start, end),
      status: () => flash.status(),
      close: () => flash.close(),
      ...changes,
    };
  };

  it("says that the flash does not keep what is written", () => {
    const data = bytesOf(2 * BLOCK);
    // Nothing at all.
    expect(() => take(unfaithful({ write: () => {} }), data)).toThrow(KEPT_NOT);
    expect(() => take(unfaithful({ eraseBlock: () => {} }), data)).toThrow(KEPT_NOT);
    // One bit of the last byte of each piece.
    const flash = used().open();
    const image = take(
      unfaithful({
        ...{
          eraseBlock: (start) => flash.eraseBlock(start),
          read: (into, position) => flash.read(into, position),
        },
        write: (part, position) => {
          const kept = part.slice();
          if (position < BLOCK) kept[kept.length - 1] &= ~(kept[kept.length - 1] & -kept[kept.length - 1]);
          flash.write(kept, position);
        },
      }),
      data,
    );
    expect(() => fetch(image, data)).toThrow(KEPT_NOT);
    expect(image.done).toBe(0);
  });

  it("says so of a block that does not erase", () => {
    const flash = used().open();
    const data = bytesOf(2 * BLOCK);
    const image = take(
      unfaithful({
        ...{ write: (part, at) => flash.write(part, at), read: (into, at) => flash.read(into, at) },
        eraseBlock: (start) => {
          if (start !== 1) flash.eraseBlock(start);
        },
      }),
      data,
    );
    fetch(image, data, 1_460, 1);
    expect(() => fetch(image, data)).toThrow(KEPT_NOT);
    expect(image.done).toBe(BLOCK);
  });

  it("has the room of its slot less a block, and less than the notes have bytes for", () => {
    const status = (blocks: number, blockLength = BLOCK) =>
      SlotImage.room(unfaithful({ status: () => ({ size: blocks * blockLength, blockLength, blocks }) }));
    expect(status(2)).toBe(BLOCK);
    expect(status(480)).toBe(479 * BLOCK);
    expect(status(4_033)).toBe(4_032 * BLOCK);
    expect(status(4_034)).toBe(4_032 * BLOCK);
    expect(status(9_000)).toBe(4_032 * BLOCK);
    expect(status(16, 65_536)).toBe(15 * 65_536);
  });

  it("may have more blocks than are read at once, up to the last that the notes have a byte for", () => {
    const blocks = 4_033;
    const flash = new VirtualFlash(blocks);
    const data = new Uint8Array((blocks - 1) * BLOCK);
    const digest = sha256(data);
    const image = new SlotImage(flash.open(), data.length, digest);
    const part = data.subarray(0, 8);
    for (const stop of [511, 512, 513, 1_024, 4_031, 4_032]) {
      while (image.done < stop * BLOCK) {
        image.beginBlock();
        image.write(part);
        image.endBlock();
      }
      const again = new SlotImage(flash.open(), data.length, digest);
      expect(again.done).toBe(stop * BLOCK);
    }
    expect(new SlotImage(flash.open(), data.length, digest).isComplete).toBe(true);
  });

  it("stays within its slot, and leaves what runs as it is", () => {
    const running = imageOf("0.1.0");
    const chip = new ChipFlash(running, 4);
    const data = bytesOf(3 * BLOCK);
    const slot = chip.partition("ota_1");
    expect(SlotImage.room(slot)).toBe(3 * BLOCK);
    const before = new Uint8Array(6 * BLOCK);
    chip.open().read(before, 0);
    const image = take(slot, data);
    fetch(image, data);
    expect(isThere(image)).toBe(true);
    const after = new Uint8Array(6 * BLOCK);
    chip.open().read(after, 0);
    expect(Buffer.from(after).equals(before)).toBe(true);
  });

  it("takes no more memory for a large image than for a small one", () => {
    const flash = new VirtualFlash(16).open();
    const longest: number[] = [];
    const image = take(
      unfaithful({
        ...{ write: (part, at) => flash.write(part, at), eraseBlock: (start) => flash.eraseBlock(start) },
        read: (into, at) => {
          longest.push(into.length);
          return flash.read(into, at);
        },
      }),
      bytesOf(15 * BLOCK),
    );
    fetch(image, bytesOf(15 * BLOCK), BLOCK);
    expect(isThere(image)).toBe(true);
    expect(Math.max(...longest)).toBe(512);
  });
});
