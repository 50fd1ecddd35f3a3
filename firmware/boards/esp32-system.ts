/** What ESP-IDF knows of the chip it runs on, called through Moddable's foreign function interface (`ffi` in manifest.json). */

import FFI from "mc/ffi";
import type { HardwareWatchdog } from "../ports.js";

const native = new FFI();

/** By ESP-IDF's `esp_reset_reason_t`: 5 to 7 are its watchdogs, 10 to 12 SDIO, USB and JTAG, 14 a glitch of the supply. */
const REASONS: readonly string[] = Object.freeze([
  "unknown",
  "power-on",
  "external",
  "software",
  "panic",
  "watchdog",
  "watchdog",
  "watchdog",
  "deep-sleep",
  "brown-out",
  "external",
  "external",
  "external",
  "unknown",
  "brown-out",
  "panic",
]);

export function resetReason(): string {
  return REASONS[native.esp_reset_reason()] ?? "unknown";
}

/** Does not return. */
export function restart(): void {
  native.esp_restart();
}

/** Bytes, of all that ESP-IDF hands out; XS's own memory is in use already. */
export function freeMemory(): number {
  return native.esp_get_free_heap_size();
}

/** ESP-IDF's task watchdog, on behalf of the firmware; see `esp32/watchdog.c`. */
export const watchdog: HardwareWatchdog = Object.freeze({
  feed: () => {
    native.hearth_feed_watchdog();
  },
});
