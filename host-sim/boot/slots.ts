import type { Flash, Slots } from "../../firmware/ports.js";
import { BootRecord, type Entry, ImageState, isUsable, SECTORS, type Slot, slotOf } from "./boot-record.js";
import { nameOf, type OpenPartition, readImage } from "./bootloader.js";

/** What the firmware that runs has of the two slots, over the partitions of its chip. */
export class ChipSlots implements Slots {
  #open: OpenPartition;
  #running: Slot;
  #reset: () => void;
  #isPending: boolean;

  /**
   * @param running what the bootloader chose
   * @param reset resets the chip
   * @throws where the boot record cannot be read
   */
  constructor(open: OpenPartition, running: Slot, reset: () => void) {
    this.#open = open;
    this.#running = running;
    this.#reset = reset;
    this.#isPending = this.#withRecord((record) => {
      const sector = this.#sector(record);
      return sector !== undefined && record.read(sector)?.state === ImageState.PENDING;
    });
  }

  get isPending(): boolean {
    return this.#isPending;
  }

  /** The slot that does not run. */
  get next(): "ota_0" | "ota_1" {
    return this.#running === 0 ? "ota_1" : "ota_0";
  }

  open(): Flash {
    if (this.#isPending) throw new Error("the other slot is what the device goes back to");
    return this.#open(this.next);
  }

  activate(): void {
    if (this.#isPending) throw new Error("what runs has not been confirmed");
    this.#checkOther();
    this.#withRecord((record) => {
      const own = this.#sector(record);
      const entries = record.entries();
      const highest = Math.max(0, ...entries.map((entry) => entry?.number ?? 0));
      let number = highest + 1;
      while (slotOf({ number, state: ImageState.NEW }) === this.#running) number += 1;
      // The entry of what runs stays, to be gone back to.
      const sector = own === undefined ? lowest(entries) : 1 - own;
      record.write(sector, { number, state: ImageState.NEW });
    });
  }

  confirm(): void {
    if (!this.#isPending) return;
    this.#note(ImageState.VALID);
    this.#isPending = false;
  }

  goBack(): void {
    if (!this.#isPending) throw new Error("what runs has been confirmed: there is nothing to go back to");
    this.#checkOther();
    this.#note(ImageState.INVALID);
    this.#reset();
  }

  /** @throws Error where no image can run that is in the other slot */
  #checkOther(): void {
    const flash = this.#open(this.next);
    try {
      readImage(flash);
    } finally {
      flash.close();
    }
  }

  #note(state: ImageState): void {
    this.#withRecord((record) => {
      const sector = this.#sector(record);
      const entry = sector === undefined ? undefined : record.read(sector);
      if (sector === undefined || !entry)
        throw new Error(`the boot record has no entry for ${nameOf(this.#running)}`);
      record.write(sector, { number: entry.number, state });
    });
  }

  /** The sector of the entry by which what runs was chosen; `undefined` where none was. */
  #sector(record: BootRecord): number | undefined {
    let best: number | undefined;
    let number = 0;
    for (let sector = 0; sector < SECTORS; sector++) {
      const entry = record.read(sector);
      if (!entry || !isUsable(entry) || slotOf(entry) !== this.#running || entry.number <= number) continue;
      best = sector;
      number = entry.number;
    }
    return best;
  }

  #withRecord<Result>(task: (record: BootRecord) => Result): Result {
    const flash = this.#open("otadata");
    try {
      return task(new BootRecord(flash));
    } finally {
      flash.close();
    }
  }
}

/** The sector of the lower number. */
function lowest(entries: readonly (Entry | undefined)[]): number {
  return (entries[0]?.number ?? 0) <= (entries[1]?.number ?? 0) ? 0 : 1;
}

/**
 * Writes an image to the beginning of a slot, as a flash tool does; the rest of it is erased.
 * @throws Error where it does not fit, or cannot be written
 */
export function writeImage(slot: Flash, image: Uint8Array): void {
  const { size, blocks } = slot.status();
  if (image.length > size) throw new Error(`the image has ${image.length} bytes, and the slot ${size}`);
  slot.eraseBlock(0, blocks);
  slot.write(image, 0);
}
