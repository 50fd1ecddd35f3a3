import type { Chip } from "./bus.js";

const enum Register {
  TEMPERATURE = 0x00,
  CONFIGURATION = 0x01,
  DEVICE_ID = 0x0f,
}

const SOFT_RESET = 0x0002;
const DATA_READY = 0x2000;
const CONFIGURATION_DEFAULT = 0x0220;
/** The temperature register before the first conversion: -256 °C. */
const NOT_MEASURED = 0x8000;

/** Milliseconds of one conversion, section 6.5 of the datasheet. */
const CONVERSION = 15.5;
/** Milliseconds of a cycle by CONV, bits 7 to 9, where the conversions themselves are not longer; table 7-7. */
const CYCLES = [15.5, 125, 250, 500, 1_000, 4_000, 8_000, 16_000];
const AVERAGES = [1, 8, 32, 64];

/** The registers of a Texas Instruments TMP117 in continuous conversion mode (datasheet SNOSD82D, section 7). */
export class TMP117Chip implements Chip {
  #milliseconds: () => number;
  #temperature: () => number;
  #pointer = 0;
  #configuration = CONFIGURATION_DEFAULT;
  #startedAt: number;
  /** Conversions whose result has been seen, through the temperature or the configuration register. */
  #seen = 0;

  /**
   * @param milliseconds the time, from any moment on
   * @param temperature of the part, in degrees Celsius
   */
  constructor(milliseconds: () => number, temperature: () => number) {
    this.#milliseconds = milliseconds;
    this.#temperature = temperature;
    this.#startedAt = milliseconds();
  }

  write(data: Uint8Array): boolean {
    if (data.length === 0) return true;
    this.#pointer = data[0];
    if (data.length >= 3) this.#writeRegister((data[1] << 8) | data[2]);
    return true;
  }

  read(into: Uint8Array): boolean {
    const value = this.#readRegister();
    for (let i = 0; i < into.length; i++) into[i] = i === 0 ? value >> 8 : i === 1 ? value & 0xff : 0xff;
    return true;
  }

  #writeRegister(value: number): void {
    if (this.#pointer !== Register.CONFIGURATION) return;
    this.#configuration = (value & SOFT_RESET) !== 0 ? CONFIGURATION_DEFAULT : value & 0x0ffc;
    this.#startedAt = this.#milliseconds();
    this.#seen = 0;
  }

  #readRegister(): number {
    switch (this.#pointer) {
      case Register.TEMPERATURE: {
        const count = this.#conversions();
        this.#seen = count;
        if (count === 0) return NOT_MEASURED;
        const raw = Math.round(this.#temperature() / 0.0078125);
        return Math.max(-32_768, Math.min(32_767, raw)) & 0xffff;
      }
      case Register.CONFIGURATION: {
        const count = this.#conversions();
        const ready = count > this.#seen ? DATA_READY : 0;
        this.#seen = count;
        return this.#configuration | ready;
      }
      case Register.DEVICE_ID:
        return 0x0117;
      default:
        return 0;
    }
  }

  /** Conversions that have ended since the start. */
  #conversions(): number {
    const first = CONVERSION * AVERAGES[(this.#configuration >> 5) & 3];
    const cycle = Math.max(first, CYCLES[(this.#configuration >> 7) & 7]);
    const since = this.#milliseconds() - this.#startedAt;
    return since < first ? 0 : 1 + Math.floor((since - first) / cycle);
  }
}
