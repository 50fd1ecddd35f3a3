import type { Flash } from "../../../firmware/ports.js";
import { SECTORS } from "../../boot/boot-record.js";
import type { PartitionName } from "../../boot/bootloader.js";
import { writeImage } from "../../boot/slots.js";
import { type FlashSnapshot, VirtualFlash } from "./flash.js";
import { Partition } from "./partition.js";

/** Blocks of a slot by default: 512 KB. */
const SLOT_BLOCKS = 128;

/** What a flash is right after an image was flashed, so that a thousand devices share its bytes. */
const flashed = new WeakMap<Uint8Array, { slotBlocks: number; snapshot: FlashSnapshot }>();

/** The flash of a chip with two slots: boot record, `ota_0` and `ota_1` in one, which loses its power as one. */
export class ChipFlash extends VirtualFlash {
  readonly #slotBlocks: number;
  /** Partitions that are open. */
  readonly #inUse = new Set<PartitionName>();

  /**
   * @param image for `ota_0`, as it is written before a device is first switched on
   * @param slotBlocks size of a slot in blocks of 4,096 bytes
   */
  constructor(image: Uint8Array, slotBlocks = SLOT_BLOCKS) {
    super(SECTORS + 2 * slotBlocks);
    this.#slotBlocks = slotBlocks;
    const known = flashed.get(image);
    if (known?.slotBlocks === slotBlocks) {
      this.restore(known.snapshot);
      return;
    }
    const slot = this.partition("ota_0");
    writeImage(slot, image);
    slot.close();
    flashed.set(image, { slotBlocks, snapshot: this.snapshot() });
  }

  /** @throws PowerCut while the power is off; Error where it is open already, as a file that has a lock */
  partition(name: PartitionName): Flash {
    const flash = this.open();
    if (this.#inUse.has(name)) throw new Error(`${name} is open already: close it first`);
    const blocks = this.#slotBlocks;
    const [first, count] =
      name === "otadata" ? [0, SECTORS] : [SECTORS + (name === "ota_0" ? 0 : blocks), blocks];
    const partition = new Partition(flash, first, count, () => this.#inUse.delete(name));
    this.#inUse.add(name);
    return partition;
  }

  override reopen(): Flash {
    // Whoever had them is gone.
    this.#inUse.clear();
    return super.reopen();
  }
}
