import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { chooseSlot } from "../../host-sim/boot/bootloader.js";
import { chipFiles, flashImage } from "../../host-sim/boot/chip-files.js";
import { makeImage } from "../../host-sim/boot/image.js";
import { ChipSlots } from "../../host-sim/boot/slots.js";
import { Update, type UpdateOptions } from "../../host-sim/boot/update.js";
import { Flash } from "../../host-sim/storage/flash.js";
import { temporaryDirectory } from "../support/peers.js";
import { thrown } from "../support/thrown.js";

const BLOCKS = 384;
const IMAGE = makeImage("0.2.0", `firmware = ${"x".repeat(20_000)}`);

let scratch: ReturnType<typeof temporaryDirectory>;
let slots: ChipSlots;
let partition: Flash;

const openFlash = () => chipFiles(scratch.path);
const nextVersion = () => chooseSlot(openFlash())?.version;

beforeEach(() => {
  scratch = temporaryDirectory();
  flashImage(openFlash(), makeImage("0.1.0", "firmware = 1"));
  slots = new ChipSlots(openFlash(), 0, () => {});
  partition = Flash.open({ directory: scratch.path, path: "ota_1", blocks: BLOCKS, lock: false });
});

afterEach(() => {
  partition.close();
  scratch.remove();
});

const open = (options: object = {}) => Update.open({ partition, ...options } as UpdateOptions, slots);

describe("update", () => {
  it.each([
    ["no options", undefined, "TypeError"],
    ["no partition", {}, "Error"],
    ["a name as the partition", { partition: "nextota" }, "SyntaxError"],
  ])("opened with %s throws what Moddable's does", (_name, options, error) => {
    expect(thrown(() => Update.open(options as never, slots))).toBe(error);
  });

  it.each([
    ["mode w", { mode: "w" }, "nothing"],
    ["mode a", { mode: "a" }, "nothing"],
    ["mode w+", { mode: "w+" }, "RangeError"],
    ["a number as mode", { mode: 12 }, "RangeError"],
    ["a Symbol as mode", { mode: Symbol("a") }, "TypeError"],
    ["no bytes", { byteLength: 0 }, "nothing"],
    ["the whole slot", { byteLength: BLOCKS * 4_096 }, "nothing"],
    ["a byte more than the slot", { byteLength: BLOCKS * 4_096 + 1 }, "RangeError"],
    ["a length that is none", { byteLength: "abcd" }, "RangeError"],
    ["a negative length", { byteLength: -1 }, "RangeError"],
    ["a Symbol as length", { byteLength: Symbol("1") }, "TypeError"],
    ["a format that is none", { format: "number" }, "RangeError"],
  ])("opened with %s throws what Moddable's does", (_name, options, error) => {
    expect(thrown(() => open(options).close())).toBe(error);
  });

  it("wants a partition that is open, and can be written: SyntaxError, Error", () => {
    const readOnly = Flash.open({ directory: scratch.path, path: "ota_1", mode: "r", blocks: BLOCKS });
    expect(thrown(() => open({ partition: readOnly }))).toBe("Error");
    readOnly.close();
    partition.close();
    expect(thrown(() => open())).toBe("SyntaxError");
  });

  it("refuses the slot that runs: Error", () => {
    const running = Flash.open({ directory: scratch.path, path: "ota_0", blocks: BLOCKS });
    expect(thrown(() => open({ partition: running }))).toBe("Error");
    running.close();
  });

  it("takes an image from its beginning on, over whatever is there, and has it run next", () => {
    partition.write(new Uint8Array(50_000), 0);
    const update = open();
    for (let at = 0; at < IMAGE.length; at += 1_000) update.write(IMAGE.subarray(at, at + 1_000));
    expect(nextVersion()).toBe("0.1.0");
    update.complete();
    update.close();
    expect(nextVersion()).toBe("0.2.0");
  });

  it("takes the parts of an image in any order with mode w", () => {
    const update = open({ mode: "w", byteLength: IMAGE.length });
    update.write(IMAGE.subarray(5_000), 5_000);
    update.write(IMAGE.subarray(0, 5_000), 0);
    update.complete();
    expect(nextVersion()).toBe("0.2.0");
  });

  it("refuses to complete what is no image, or nothing: Error, and the old one stays", () => {
    for (const left of [new Uint8Array(1), IMAGE]) {
      partition.write(left, 0); // an image that was there before does not count
      expect(thrown(() => open().complete())).toBe("Error");
      partition.eraseBlock(0, 8);
    }
    const damaged = open();
    damaged.write(IMAGE.map((byte, at) => (at === 9_000 ? byte ^ 1 : byte)));
    expect(thrown(() => damaged.complete())).toBe("Error");
    expect(nextVersion()).toBe("0.1.0");
  });

  it("wants a place with mode w, and none with a: SyntaxError, Error", () => {
    const [appends, places] = [open(), open({ mode: "w" })];
    expect(thrown(() => places.write(new ArrayBuffer(1)))).toBe("SyntaxError");
    expect(thrown(() => places.write(new ArrayBuffer(1), -1))).toBe("RangeError");
    expect(thrown(() => appends.write(new ArrayBuffer(1), 0))).toBe("Error");
  });

  it("takes byte buffers alone, and no more than the slot holds", () => {
    const update = open();
    const write = update.write.bind(update) as (...args: unknown[]) => void;
    expect(thrown(() => write())).toBe("SyntaxError");
    for (const data of [1, "text", {}, new Uint32Array(1)])
      expect(thrown(() => write(data))).toBe("TypeError");
    expect(thrown(() => write(new ArrayBuffer(BLOCKS * 4_096 + 1)))).toBe("Error");
  });

  it("is complete once: Error; and closed for good: SyntaxError", () => {
    const update = open();
    update.write(IMAGE);
    update.complete();
    expect(thrown(() => update.complete())).toBe("Error");
    expect(thrown(() => update.write(IMAGE))).toBe("Error");
    update.close();
    update.close();
    expect(thrown(() => update.complete())).toBe("SyntaxError");
    expect(thrown(() => update.write(IMAGE))).toBe("SyntaxError");
    for (const method of [update.write, update.complete, update.close])
      expect(thrown(() => (method as () => void).call({}))).toBe("SyntaxError");
  });

  it("is of no effect when it is closed before it was complete", () => {
    const update = open();
    update.write(IMAGE);
    update.close();
    expect(nextVersion()).toBe("0.1.0");
  });
});
