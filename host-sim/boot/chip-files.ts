import fs from "node:fs";
import path from "node:path";
import { Flash } from "../storage/flash.js";
import { BootRecord, SECTORS } from "./boot-record.js";
import { type OpenPartition, type PartitionName, readImage } from "./bootloader.js";
import { writeImage } from "./slots.js";

/** Blocks of a slot: 1.5 MB, as on the ESP32. */
const SLOT_BLOCKS = 384;

/** The partitions of a chip as files in a directory, which are made where they are missing. */
export function chipFiles(directory: string): OpenPartition {
  return (name) => {
    const blocks = name === "otadata" ? SECTORS : SLOT_BLOCKS;
    return Flash.open({ directory, path: name, blocks });
  };
}

/** The file of a partition. */
export function partitionFile(directory: string, name: PartitionName): string {
  return path.join(directory, `${name}.flash`);
}

/** Whether there is a chip in a directory: one that may have taken an update. */
export function hasChip(directory: string): boolean {
  return fs.existsSync(partitionFile(directory, "otadata"));
}

/** Whether no update was ever taken on, so that a flash tool may write `ota_0`. @throws Error where it cannot be read */
export function isUntouched(open: OpenPartition): boolean {
  const flash = open("otadata");
  try {
    return new BootRecord(flash).entries().every((entry) => entry === undefined);
  } finally {
    flash.close();
  }
}

/** Writes an image to `ota_0`, unless it is there. @throws Error in one line where it cannot */
export function flashImage(open: OpenPartition, image: Uint8Array): void {
  const slot = open("ota_0");
  try {
    if (!holds(slot, image)) writeImage(slot, image);
  } finally {
    slot.close();
  }
}

function holds(slot: ReturnType<OpenPartition>, image: Uint8Array): boolean {
  try {
    return Buffer.compare(readImage(slot).image, image) === 0;
  } catch {
    return false;
  }
}
