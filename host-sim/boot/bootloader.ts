import type { Flash } from "../../firmware/ports.js";
import { BootRecord, type Entry, ImageState, isUsable, SECTORS, type Slot, slotOf } from "./boot-record.js";
import { LONGEST_HEADER, parseHeader, parseImage } from "./image.js";

/** The partitions that the bootloader knows. */
export type PartitionName = "otadata" | "ota_0" | "ota_1";

/** Opens a partition of a chip; whoever opens closes. @throws where it cannot be had */
export type OpenPartition = (name: PartitionName) => Flash;

/** What a reset led to. */
export interface Choice {
  readonly slot: Slot;
  /** The image, without what follows it in the slot; it is whole. */
  readonly image: Uint8Array;
  readonly version: string;
  /** Digest of its code. */
  readonly digest: string;
  /** What else was decided: a line each. */
  readonly notes: readonly string[];
}

/**
 * Chooses the slot to run at a reset, as ESP-IDF's bootloader does with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE (ESP-IDF
 * Programming Guide, "Over The Air Updates", "App Rollback"): of the record's entries the usable one with the higher
 * number. A new image becomes a pending one as it is booted; one that is still pending at a reset was not confirmed and
 * is aborted. An image that is not what its first line says is passed over, and its entry with it. Where no entry holds,
 * which is so from the first flash to the first update, `ota_0` runs, or the slot that no entry speaks against.
 *
 * Here an image runs only once its state was written, so that one which cannot be noted as pending is not tried without
 * end; ESP-IDF's bootloader goes on.
 * @returns `undefined` where no slot has an image that can run
 * @throws where the flash cannot be read
 */
export function chooseSlot(open: OpenPartition): Choice | undefined {
  const notes: string[] = [];
  const flash = open("otadata");
  try {
    const record = new BootRecord(flash);
    abortPending(record, notes);
    for (const sector of byNumber(record.entries())) {
      const entry = record.read(sector);
      if (!entry || isDoubtful(entry)) continue;
      const found = takeImage(open, slotOf(entry), notes);
      if (!found) note(record, sector, entry, ImageState.INVALID, notes);
      else if (entry.state !== ImageState.NEW || note(record, sector, entry, ImageState.PENDING, notes))
        return { ...found, notes };
    }
    for (const slot of byTrust(record.entries())) {
      const found = takeImage(open, slot, notes);
      if (found) return { ...found, notes };
    }
    return undefined;
  } finally {
    flash.close();
  }
}

/** The numbers of the sectors, the one first whose entry has the higher number. */
function byNumber(entries: readonly (Entry | undefined)[]): number[] {
  return (entries[0]?.number ?? 0) >= (entries[1]?.number ?? 0) ? [0, 1] : [1, 0];
}

/** The slots, those last that an entry speaks against. */
function byTrust(entries: readonly (Entry | undefined)[]): Slot[] {
  const isDoubted = (slot: Slot) =>
    entries.some((entry) => entry && slotOf(entry) === slot && isDoubtful(entry));
  return isDoubted(0) && !isDoubted(1) ? [1, 0] : [0, 1];
}

/** One that is still pending by now is one of which could not be noted that it was given up. */
function isDoubtful(entry: Entry): boolean {
  return !isUsable(entry) || entry.state === ImageState.PENDING;
}

function abortPending(record: BootRecord, notes: string[]): void {
  for (let sector = 0; sector < SECTORS; sector++) {
    const entry = record.read(sector);
    if (entry?.state !== ImageState.PENDING) continue;
    notes.push(`what ran from ${nameOf(slotOf(entry))} was reset before it was confirmed: it is given up`);
    note(record, sector, entry, ImageState.ABORTED, notes);
  }
}

/** Changes an entry's state. @returns false where that cannot be written */
function note(
  record: BootRecord,
  sector: number,
  { number }: Entry,
  state: ImageState,
  notes: string[],
): boolean {
  try {
    record.write(sector, { number, state });
    return true;
  } catch (error) {
    notes.push(`the boot record cannot be written (${(error as Error).message})`);
    return false;
  }
}

function takeImage(open: OpenPartition, slot: Slot, notes: string[]): Omit<Choice, "notes"> | undefined {
  const flash = open(nameOf(slot));
  try {
    return { slot, ...readImage(flash) };
  } catch (error) {
    notes.push(`${nameOf(slot)} cannot run: ${(error as Error).message}`);
    return undefined;
  } finally {
    flash.close();
  }
}

/**
 * The image at the beginning of a slot.
 * @throws Error in one line where there is none, it is damaged, or it cannot be read
 */
export function readImage(flash: Flash): Pick<Choice, "image" | "version" | "digest"> {
  const { size } = flash.status();
  const beginning = new Uint8Array(Math.min(LONGEST_HEADER, size));
  flash.read(beginning, 0);
  const { offset, length } = parseHeader(beginning);
  const image = new Uint8Array(Math.min(offset + length, size));
  flash.read(image, 0);
  const { version, digest } = parseImage(image);
  return { image, version, digest };
}

export function nameOf(slot: Slot): PartitionName {
  return slot === 0 ? "ota_0" : "ota_1";
}
