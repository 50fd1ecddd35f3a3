import type { Flash, Slots } from "../../firmware/ports.js";
import { ChipFlash } from "../../host-sim/boards/virtual/chip-flash.js";
import {
  type Choice,
  chooseSlot,
  type OpenPartition,
  type PartitionName,
} from "../../host-sim/boot/bootloader.js";
import { chipFiles } from "../../host-sim/boot/chip-files.js";
import { makeImage } from "../../host-sim/boot/image.js";
import { ChipSlots, writeImage } from "../../host-sim/boot/slots.js";

/** Blocks of a slot here. */
const SLOT_BLOCKS = 3;

/** An image of some 5,000 bytes that is no firmware. */
export function imageOf(version: string): Uint8Array {
  return makeImage(version, `/* ${version} */`.padEnd(5_000, version));
}

/** A chip without firmware: its bootloader and its slots. */
export class BootedChip {
  readonly flash: ChipFlash;
  readonly open: OpenPartition;
  resets = 0;
  choice: Choice | undefined;
  slots!: Slots;

  constructor(flash: ChipFlash) {
    this.flash = flash;
    this.open = (name) => flash.partition(name);
  }

  /** What runs. */
  get version(): string | undefined {
    return this.choice?.version;
  }

  boot(): void {
    this.choice = chooseSlot(this.open);
    if (this.choice) this.slots = new ChipSlots(this.open, this.choice.slot, () => (this.resets += 1));
  }

  /** Does something with a partition. */
  on<Result>(name: PartitionName, task: (flash: Flash) => Result): Result {
    const flash = this.open(name);
    try {
      return task(flash);
    } finally {
      flash.close();
    }
  }

  /** Writes an image into the other slot, each block erased right before it. */
  download(image: Uint8Array): void {
    const slot = this.slots.open();
    const { blockLength } = slot.status();
    for (let position = 0; position < image.length; position += blockLength) {
      slot.eraseBlock(position / blockLength);
      slot.write(image.subarray(position, position + blockLength), position);
    }
    slot.close();
  }

  /** Anything may be in the beginning of each of the record's sectors. */
  scrambleRecord(random: () => number): void {
    for (const sector of [0, 4_096]) {
      const how = random();
      if (how < 0.5) this.flash.flipBits(1 + Math.floor(random() * 8), random, sector, sector + 32);
      else if (how < 0.75) this.flash.scramble(random, sector, sector + 32);
    }
  }
}

/** A chip that this image was flashed to. */
export function newChip(image: Uint8Array): BootedChip {
  return new BootedChip(new ChipFlash(image, SLOT_BLOCKS));
}

/**
 * Puts an image into the slot that does not run, in a directory of a chip that is off, and makes it the next one.
 * @param isConfirmed it has been booted and confirmed already
 */
export function installUpdate(directory: string, image: Uint8Array, isConfirmed = false): void {
  const open = chipFiles(directory);
  const slotsNow = () => new ChipSlots(open, (chooseSlot(open) as Choice).slot, () => {});
  const slots = slotsNow();
  const other = slots.open();
  writeImage(other, image);
  other.close();
  slots.activate();
  if (isConfirmed) slotsNow().confirm();
}
