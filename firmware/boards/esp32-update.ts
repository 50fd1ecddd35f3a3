/** ESP-IDF's "App OTA with rollback": which slot runs is a word of its bootloader's, in the partition `otadata`. */

import flash from "embedded:storage/flash";
import FFI from "mc/ffi";
import type { Flash, Slots, UpdateBoard } from "../ports.js";
import { updateChecks } from "./crypto/update.js";

const native = new FFI();

/** Numbers of ESP-IDF's `esp_err_t` that have words of their own. */
const ERRORS: Readonly<Record<number, string>> = Object.freeze({
  261: "the flash was laid out without it: flash the device by cable",
  5379: "there is no image that this chip can run",
  5381: "there is nothing to go back to",
});

/** @throws Error in one line, unless `error` is ESP_OK */
function check(error: number): void {
  if (error !== 0)
    throw new Error(`the other slot: ${ERRORS[error] ?? `error 0x${error.toString(16)} of ESP-IDF`}`);
}

const slots: Slots = Object.freeze<Slots>({
  get isPending() {
    return native.hearth_is_pending() !== 0;
  },
  // ESP-IDF writes to all of the flash but its bootloader, the partition table and the slot that runs.
  open: () => flash.open({ path: "nextota", mode: "r+" }) as unknown as Flash,
  activate: () => check(native.hearth_activate()),
  confirm: () => check(native.esp_ota_mark_app_valid_cancel_rollback()),
  goBack: () => check(native.esp_ota_mark_app_invalid_rollback_and_reboot()),
});

export const update: UpdateBoard = Object.freeze({ kind: native.hearth_chip(), slots, ...updateChecks });
