/**
 * Which slot is to run next, as ESP-IDF notes it in the partition `otadata` (ESP-IDF Programming Guide, "Over The Air
 * Updates", "OTA data partition"; the layout is that of `esp_ota_select_entry_t`): two sectors with an entry each, so
 * that while one is erased and written again the other is whole. An entry is 32 bytes, numbers in little-endian order:
 *
 * | offset | bytes | what |
 * |---|---|---|
 * | 0 | 4 | number: the higher of two holds, and it runs slot (number - 1) modulo 2; all ones where there is none |
 * | 4 | 20 | a label, unused: ones |
 * | 24 | 4 | state |
 * | 28 | 4 | CRC-32 of the number alone |
 */

import type { Flash } from "../../firmware/ports.js";

/** How far an image has come (`esp_ota_img_states_t`). */
export const enum ImageState {
  /** Never booted. */
  NEW = 0,
  /** Booted, and not confirmed. */
  PENDING = 1,
  VALID = 2,
  /** It said itself that it does not work. */
  INVALID = 3,
  /** It was reset before it was confirmed. */
  ABORTED = 4,
}

/** The number of a slot: 0 is `ota_0`. */
export type Slot = 0 | 1;

export interface Entry {
  /** From 1 on. */
  readonly number: number;
  readonly state: number;
}

/** Sectors of the partition. */
export const SECTORS = 2;

const LENGTH = 32;
const STATE = 24;
const CRC = 28;
const NONE = 0xffff_ffff;

/** The entries as they are in flash; nothing is kept beside it. */
export class BootRecord {
  #flash: Flash;

  constructor(flash: Flash) {
    this.#flash = flash;
  }

  /** The entry of a sector, `undefined` where there is none or it is damaged. @throws where it cannot be read */
  read(sector: number): Entry | undefined {
    const bytes = new Uint8Array(LENGTH);
    this.#flash.read(bytes, sector * this.#flash.status().blockLength);
    const view = new DataView(bytes.buffer);
    const number = view.getUint32(0, true);
    if (number === NONE || number === 0 || view.getUint32(CRC, true) !== crcOf(number)) return undefined;
    return { number, state: view.getUint32(STATE, true) };
  }

  /** Both sectors' entries. @throws as `read` */
  entries(): (Entry | undefined)[] {
    return [this.read(0), this.read(1)];
  }

  /**
   * Erases a sector and writes an entry there. A power cut leaves what was there, nothing, or the new one.
   * @throws where that cannot be done
   */
  write(sector: number, { number, state }: Entry): void {
    const bytes = new Uint8Array(LENGTH).fill(0xff);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, number, true);
    view.setUint32(STATE, state, true);
    view.setUint32(CRC, crcOf(number), true);
    this.#flash.eraseBlock(sector);
    this.#flash.write(bytes, sector * this.#flash.status().blockLength);
  }
}

/** The slot that an entry runs. */
export function slotOf({ number }: Entry): Slot {
  return ((number - 1) % 2) as Slot;
}

/** Neither it nor the bootloader has said that it does not work. */
export function isUsable({ state }: Entry): boolean {
  return state !== ImageState.INVALID && state !== ImageState.ABORTED;
}

/** CRC-32 (ISO 3309) of a number's four bytes, begun with all zeros as ESP-IDF does it. */
function crcOf(number: number): number {
  let crc = number;
  for (let bit = 0; bit < 32; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  return ~crc >>> 0;
}
