import type { Chip } from "./bus.js";

const enum Register {
  TEMPERATURE = 0x00,
  CONFIGURATION = 0x01,
  HIGH_LIMIT = 0x02,
  LOW_LIMIT = 0x03,
  DEVICE_ID = 0x0f,
}

const SOFT_RESET = 0x0002;
const DATA_READY = 0x2000;
const HIGH_ALERT = 0x8000;
const LOW_ALERT = 0x4000;
/** Bits 10 and 11, table 7-6: the other two mean that it measures all the time. */
const MODE = 0x0c00;
const SHUTDOWN = 0x0400;
const ONE_SHOT = 0x0c00;
const CONFIGURATION_DEFAULT = 0x0220;
/** The temperature register before the first conversion: -256 °C. */
const NOT_MEASURED = 0x8000;

/** Milliseconds of one conversion, section 6.5 of the datasheet. */
const CONVERSION = 15.5;
/** Milliseconds of a cycle by CONV, bits 7 to 9, where the conversions themselves are not longer; table 7-7. */
const CYCLES = [15.5, 125, 250, 500, 1_000, 4_000, 8_000, 16_000];
const AVERAGES = [1, 8, 32, 64];

/** The registers of a Texas Instruments TMP117 (datasheet SNOSD82D, section 7). */
export class TMP117Chip implements Chip {
  #milliseconds: () => number;
  #temperature: () => number;
  #pointer = 0;
  #configuration = CONFIGURATION_DEFAULT;
  #startedAt: number;
  /** The temperature register, as the last conversion before `#startedAt` left it. */
  #kept = NOT_MEASURED;
  #high = 0x6000;
  #low = 0x8000;
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
    if (this.#pointer === Register.HIGH_LIMIT) this.#high = value;
    if (this.#pointer === Register.LOW_LIMIT) this.#low = value;
    if (this.#pointer !== Register.CONFIGURATION) return;
    this.#kept = this.#result();
    if ((value & SOFT_RESET) !== 0) {
      this.#kept = NOT_MEASURED;
      this.#high = 0x6000;
      this.#low = 0x8000;
      this.#configuration = CONFIGURATION_DEFAULT;
    } else this.#configuration = value & 0x0ffc;
    this.#startedAt = this.#milliseconds();
    this.#seen = 0;
  }

  #readRegister(): number {
    switch (this.#pointer) {
      case Register.TEMPERATURE: {
        this.#seen = this.#conversions();
        return this.#result();
      }
      case Register.CONFIGURATION: {
        const count = this.#conversions();
        const ready = count > this.#seen ? DATA_READY : 0;
        this.#seen = count;
        return this.#mode(count) | ready | this.#alerts();
      }
      case Register.HIGH_LIMIT:
        return this.#high;
      case Register.LOW_LIMIT:
        return this.#low;
      case Register.DEVICE_ID:
        return 0x0117;
      default:
        return 0;
    }
  }

  /** The temperature register. */
  #result(): number {
    if (this.#conversions() === 0) return this.#kept;
    const raw = Math.round(this.#temperature() / 0.0078125);
    return Math.max(-32_768, Math.min(32_767, raw)) & 0xffff;
  }

  /** The configuration; one conversion done, the part has shut itself down. */
  #mode(conversions: number): number {
    const isDone = (this.#configuration & MODE) === ONE_SHOT && conversions > 0;
    return isDone ? (this.#configuration & ~MODE) | SHUTDOWN : this.#configuration;
  }

  /** As in alert mode, section 7.4.4.1. */
  #alerts(): number {
    const result = this.#result();
    if (result === NOT_MEASURED) return 0;
    const value = signed(result);
    return (value > signed(this.#high) ? HIGH_ALERT : 0) | (value < signed(this.#low) ? LOW_ALERT : 0);
  }

  /** Conversions that have ended since the start. */
  #conversions(): number {
    const mode = this.#configuration & MODE;
    if (mode === SHUTDOWN) return 0;
    const first = CONVERSION * AVERAGES[(this.#configuration >> 5) & 3];
    const cycle = Math.max(first, CYCLES[(this.#configuration >> 7) & 7]);
    const since = this.#milliseconds() - this.#startedAt;
    if (since < first) return 0;
    return mode === ONE_SHOT ? 1 : 1 + Math.floor((since - first) / cycle);
  }
}

function signed(word: number): number {
  return (word << 16) >> 16;
}
