import { describe, expect, it } from "@jest/globals";
import { ChipFlash } from "../../host-sim/boards/virtual/chip-flash.js";
import { PowerCut, VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { Partition } from "../../host-sim/boards/virtual/partition.js";
import { imageOf } from "../support/chip.js";

const BLOCK = 4_096;

describe("a partition", () => {
  const whole = () => {
    const flash = new VirtualFlash(6);
    flash.open().write(new Uint8Array(6 * BLOCK), 0);
    const partition = new Partition(flash.open(), 2, 3);
    const bytes = () => {
      const all = new Uint8Array(6 * BLOCK);
      flash.open().read(all, 0);
      return all;
    };
    return { flash, partition, bytes };
  };

  it("has its own size and its own positions", () => {
    const { partition, bytes } = whole();
    expect(partition.status()).toEqual({ size: 3 * BLOCK, blockLength: BLOCK, blocks: 3 });
    partition.eraseBlock(1);
    partition.write(Uint8Array.of(7), BLOCK);
    const read = new Uint8Array(2);
    expect(partition.read(read, BLOCK)).toBe(2);
    expect([...read]).toEqual([7, 0xff]);
    expect(bytes()[3 * BLOCK]).toBe(7);
  });

  it("erases nothing but its own blocks", () => {
    const { partition, bytes } = whole();
    partition.eraseBlock(0, 3);
    const all = bytes();
    expect(all.subarray(2 * BLOCK, 5 * BLOCK).every((byte) => byte === 0xff)).toBe(true);
    expect(all.subarray(0, 2 * BLOCK).every((byte) => byte === 0)).toBe(true);
    expect(all.subarray(5 * BLOCK).every((byte) => byte === 0)).toBe(true);
  });

  it("ends where it ends, though the flash goes on", () => {
    const { partition } = whole();
    const two = new Uint8Array(2);
    expect(() => partition.read(two, 3 * BLOCK - 1)).toThrow(RangeError);
    expect(() => partition.write(two, 3 * BLOCK - 1)).toThrow(RangeError);
    expect(() => partition.write(two, -1)).toThrow(RangeError);
    expect(() => partition.eraseBlock(3)).toThrow(RangeError);
    expect(() => partition.eraseBlock(0, 4)).toThrow(RangeError);
    expect(() => partition.eraseBlock(-1)).toThrow(RangeError);
    partition.write(two, 3 * BLOCK - 2);
  });

  it("fits into its flash", () => {
    const { flash } = whole();
    expect(() => new Partition(flash.open(), 4, 3)).toThrow(RangeError);
    new Partition(flash.open(), 3, 3);
  });

  it("is closed by itself", () => {
    const { partition, flash } = whole();
    const other = new Partition(flash.open(), 0, 2);
    partition.close();
    partition.close();
    expect(() => partition.read(new Uint8Array(1), 0)).toThrow(SyntaxError);
    other.read(new Uint8Array(1), 0);
  });
});

describe("the flash of a chip", () => {
  it("loses the power of all partitions at once", () => {
    const chip = new ChipFlash(imageOf("1.0.0"), 3);
    const open = (["otadata", "ota_0", "ota_1"] as const).map((name) => chip.partition(name));
    chip.cutAt(1, () => 0);
    expect(() => open[2].eraseBlock(0)).toThrow(PowerCut);
    for (const partition of open) expect(() => partition.read(new Uint8Array(1), 0)).toThrow(PowerCut);
  });

  it("keeps its partitions apart", () => {
    const chip = new ChipFlash(imageOf("1.0.0"), 3);
    const slot = chip.partition("ota_0");
    const other = chip.partition("ota_1");
    expect(other.status()).toEqual(slot.status());
    expect(slot.status().size).toBe(3 * BLOCK);
    slot.eraseBlock(0, 3);
    other.write(new Uint8Array(3 * BLOCK), 0);
    chip.partition("otadata").write(new Uint8Array(2 * BLOCK), 0);
    const bytes = new Uint8Array(3 * BLOCK);
    slot.read(bytes, 0);
    expect(bytes.every((byte) => byte === 0xff)).toBe(true);
  });

  it("has each partition open once, until it is closed or the power was away", () => {
    const chip = new ChipFlash(imageOf("1.0.0"), 3);
    const slot = chip.partition("ota_0");
    expect(() => chip.partition("ota_0")).toThrow("ota_0 is open already: close it first");
    chip.partition("ota_1");
    slot.close();
    chip.partition("ota_0");
    chip.reopen();
    expect(chip.partition("ota_0").status().blocks).toBe(3);
  });

  it("is its own, though the image was flashed to many", () => {
    const image = imageOf("1.0.0");
    const [one, other] = [new ChipFlash(image, 3), new ChipFlash(image, 3)];
    const bytes = (chip: ChipFlash) => {
      const read = new Uint8Array(image.length);
      const slot = chip.partition("ota_0");
      slot.read(read, 0);
      slot.close();
      return Buffer.from(read).toString("latin1");
    };
    expect(bytes(other)).toBe(Buffer.from(image).toString("latin1"));
    one.partition("ota_0").eraseBlock(0);
    expect(bytes(other)).toBe(Buffer.from(image).toString("latin1"));
    expect(bytes(new ChipFlash(image, 3))).toBe(bytes(other));
    expect(bytes(new ChipFlash(image, 2))).toBe(bytes(other));
  });
});
