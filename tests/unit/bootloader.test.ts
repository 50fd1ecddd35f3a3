import { beforeEach, describe, expect, it } from "@jest/globals";
import { BootRecord, type Entry, ImageState } from "../../host-sim/boot/boot-record.js";
import { writeImage } from "../../host-sim/boot/slots.js";
import { type BootedChip, imageOf, newChip } from "../support/chip.js";

let chip: BootedChip;
const entries = () => chip.on("otadata", (flash) => new BootRecord(flash).entries());
const entry = (number: number, state: ImageState): Entry => ({ number, state });

beforeEach(() => {
  chip = newChip(imageOf("1.0.0"));
  chip.boot();
});

/** Goes on to a new image that was not confirmed yet. */
function tryOut(version: string): void {
  chip.download(imageOf(version));
  chip.slots.activate();
  chip.boot();
}

/** In the slot that does not run. */
function damageOther(): void {
  const slot = chip.slots.open();
  slot.write(Uint8Array.of(0), 3_000);
  slot.close();
}

describe("a chip that was flashed", () => {
  it("runs ota_0 for good, and its record stays blank", () => {
    expect(chip.choice).toMatchObject({ slot: 0, version: "1.0.0", notes: [] });
    expect(chip.slots.isPending).toBe(false);
    expect(entries()).toEqual([undefined, undefined]);
    const { operations } = chip.flash;
    chip.slots.confirm();
    chip.boot();
    expect(chip.flash.operations).toBe(operations);
  });

  it("runs the very bytes that were flashed", () => {
    expect(Buffer.compare(chip.choice?.image as Uint8Array, imageOf("1.0.0"))).toBe(0);
  });

  it("has nothing to go back to, and nothing to go on to", () => {
    expect(() => chip.slots.goBack()).toThrow(/nothing to go back to/);
    expect(() => chip.slots.activate()).toThrow(/no image/);
    expect(entries()).toEqual([undefined, undefined]);
    expect(chip.resets).toBe(0);
  });

  it("takes no image that is larger than the slot", () => {
    const slot = chip.slots.open();
    expect(() => writeImage(slot, new Uint8Array(slot.status().size + 1))).toThrow(/bytes, and the slot/);
    writeImage(slot, new Uint8Array(slot.status().size));
  });

  it("runs nothing when there is no image at all", () => {
    chip.on("ota_0", (flash) => flash.eraseBlock(0));
    chip.boot();
    expect(chip.choice).toBeUndefined();
  });
});

describe("a new image", () => {
  beforeEach(() => {
    chip.download(imageOf("2.0.0"));
  });

  it("runs only when the record says so", () => {
    chip.boot();
    expect(chip.version).toBe("1.0.0");
    chip.slots.activate();
    expect(entries()).toEqual([entry(2, ImageState.NEW), undefined]);
    chip.boot();
    expect(chip.choice).toMatchObject({ slot: 1, version: "2.0.0", notes: [] });
  });

  it("is not activated when a byte of it is another", () => {
    damageOther();
    expect(() => chip.slots.activate()).toThrow(/damaged/);
    expect(entries()).toEqual([undefined, undefined]);
  });

  it("is pending once it runs, and stays when it was confirmed", () => {
    chip.slots.activate();
    chip.boot();
    expect(chip.slots.isPending).toBe(true);
    expect(entries()).toEqual([entry(2, ImageState.PENDING), undefined]);
    chip.slots.confirm();
    expect(chip.slots.isPending).toBe(false);
    for (let i = 0; i < 3; i++) chip.boot();
    expect(chip.version).toBe("2.0.0");
    expect(chip.slots.isPending).toBe(false);
    expect(entries()).toEqual([entry(2, ImageState.VALID), undefined]);
  });

  it("that was not confirmed is given up at the next reset, and says so", () => {
    chip.slots.activate();
    chip.boot();
    chip.boot();
    expect(chip.choice).toMatchObject({ slot: 0, version: "1.0.0" });
    expect(chip.choice?.notes).toEqual([
      "what ran from ota_1 was reset before it was confirmed: it is given up",
    ]);
    expect(chip.slots.isPending).toBe(false);
    expect(entries()).toEqual([entry(2, ImageState.ABORTED), undefined]);
    chip.boot();
    expect(chip.choice).toMatchObject({ version: "1.0.0", notes: [] });
  });

  it("goes back by itself, by a reset", () => {
    chip.slots.activate();
    chip.boot();
    chip.slots.goBack();
    expect(chip.resets).toBe(1);
    expect(entries()).toEqual([entry(2, ImageState.INVALID), undefined]);
    chip.boot();
    expect(chip.choice).toMatchObject({ version: "1.0.0", notes: [] });
  });

  it("keeps the other slot closed, and takes no other one on, while it is pending", () => {
    chip.slots.activate();
    chip.boot();
    expect(() => chip.slots.open()).toThrow(/goes back to/);
    expect(() => chip.slots.activate()).toThrow(/not been confirmed/);
    chip.slots.confirm();
    expect(() => chip.slots.goBack()).toThrow(/confirmed/);
    chip.slots.open().close();
  });

  it("does not go back where there is nothing that could run", () => {
    chip.slots.activate();
    chip.boot();
    chip.on("ota_0", (flash) => flash.write(Uint8Array.of(0), 3_000));
    expect(() => chip.slots.goBack()).toThrow(/damaged/);
    expect(chip.resets).toBe(0);
    expect(entries()).toEqual([entry(2, ImageState.PENDING), undefined]);
  });

  it("that became unreadable after it was activated is passed over for good", () => {
    chip.slots.activate();
    damageOther();
    chip.boot();
    expect(chip.choice).toMatchObject({ slot: 0, version: "1.0.0" });
    expect(chip.choice?.notes[0]).toMatch(/^ota_1 cannot run: the image is damaged/);
    expect(chip.slots.isPending).toBe(false);
    expect(entries()).toEqual([entry(2, ImageState.INVALID), undefined]);
    tryOut("3.0.0");
    expect(chip.version).toBe("3.0.0");
    chip.boot();
    expect(chip.version).toBe("1.0.0");
  });

  it("is not tried while its trial cannot be noted", () => {
    chip.slots.activate();
    chip.flash.failWrites = true;
    chip.flash.failErases = true;
    chip.boot();
    expect(chip.version).toBe("1.0.0");
    expect(chip.choice?.notes[0]).toMatch(/boot record cannot be written/);
    chip.flash.failWrites = chip.flash.failErases = false;
    chip.boot();
    expect(chip.version).toBe("2.0.0");
  });

  it("is not run again where it cannot be noted that it was given up", () => {
    chip.slots.activate();
    chip.boot();
    chip.flash.failErases = true;
    chip.boot();
    expect(chip.version).toBe("1.0.0");
  });

  it("stays pending where its confirmation cannot be written", () => {
    chip.slots.activate();
    chip.boot();
    chip.flash.failErases = true;
    expect(() => chip.slots.confirm()).toThrow();
    expect(chip.slots.isPending).toBe(true);
  });
});

describe("one update after another", () => {
  it("goes from slot to slot with numbers that grow, and leaves the entry of what runs", () => {
    const seen = [];
    for (const version of ["2.0.0", "3.0.0", "4.0.0", "5.0.0"]) {
      tryOut(version);
      chip.slots.confirm();
      seen.push([chip.version, chip.choice?.slot, entries().map((one) => one?.number)]);
    }
    expect(seen).toEqual([
      ["2.0.0", 1, [2, undefined]],
      ["3.0.0", 0, [2, 3]],
      ["4.0.0", 1, [4, 3]],
      ["5.0.0", 0, [4, 5]],
    ]);
  });

  it("can be tried again after it was given up, as often as one likes", () => {
    tryOut("2.0.0");
    chip.slots.confirm();
    for (let i = 0; i < 5; i++) {
      tryOut("3.0.0");
      expect(chip.choice).toMatchObject({ slot: 0, version: "3.0.0" });
      expect(chip.slots.isPending).toBe(true);
      chip.boot();
      expect(chip.choice).toMatchObject({ slot: 1, version: "2.0.0" });
    }
  });

  it("falls back to a slot that no entry speaks against, where the entry of what was confirmed is lost", () => {
    tryOut("2.0.0");
    chip.slots.confirm();
    tryOut("3.0.0");
    chip.on("otadata", (flash) => flash.write(Uint8Array.of(0), 0));
    chip.boot();
    expect(entries()).toEqual([undefined, entry(3, ImageState.ABORTED)]);
    expect(chip.choice).toMatchObject({ slot: 1, version: "2.0.0" });
    tryOut("4.0.0");
    expect(chip.version).toBe("4.0.0");
    chip.boot();
    expect(chip.version).toBe("2.0.0");
  });

  it("rather runs what was given up than nothing", () => {
    tryOut("2.0.0");
    chip.on("ota_0", (flash) => flash.eraseBlock(0));
    chip.boot();
    expect(chip.version).toBe("2.0.0");
    expect(chip.slots.isPending).toBe(false);
  });
});

describe("the record", () => {
  it("is laid out as ESP-IDF's otadata", () => {
    tryOut("2.0.0");
    const bytes = new Uint8Array(8_192);
    chip.on("otadata", (flash) => flash.read(bytes, 0));
    // Number 2, no label, pending, and the check that ESP-IDF writes for a number of 2.
    const expected = `02000000${"ff".repeat(20)}010000007437f655${"ff".repeat(8_192 - 32)}`;
    expect(Buffer.from(bytes).toString("hex")).toBe(expected);
  });

  it("has no entry with the number of an erased one, whatever its check", () => {
    chip.on("otadata", (flash) => new BootRecord(flash).write(0, entry(0xffff_ffff, ImageState.NEW)));
    expect(entries()).toEqual([undefined, undefined]);
  });

  it("has no entry with the number 0, whatever its check", () => {
    chip.on("otadata", (flash) => flash.write(new Uint8Array(4), 0));
    chip.on("otadata", (flash) => flash.write(new Uint8Array(4_096), 4_096));
    expect(entries()).toEqual([undefined, undefined]);
    chip.boot();
    expect(chip.version).toBe("1.0.0");
  });
});
