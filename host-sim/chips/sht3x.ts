import type { Chip } from "./bus.js";

const enum Command {
  FETCH_DATA = 0xe000,
  BREAK = 0x3093,
  SOFT_RESET = 0x30a2,
  READ_STATUS = 0xf32d,
  CLEAR_STATUS = 0x3041,
}

const enum Mode {
  IDLE,
  /** One measurement is under way or done. */
  SINGLE,
  PERIODIC,
}

/** Milliseconds of a measurement by repeatability (high, medium, low); table 4 of the datasheet. */
const HIGH = 15;
const MEDIUM = 6;
const LOW = 4;

/** Single-shot commands: duration, and whether the part stretches the clock; table 9. */
const SINGLE: Readonly<Record<number, readonly [number, boolean]>> = {
  11270: [HIGH, true],
  11277: [MEDIUM, true],
  11280: [LOW, true],
  9216: [HIGH, false],
  9227: [MEDIUM, false],
  9238: [LOW, false],
};

/** Milliseconds between periodic measurements by the command's upper byte; table 10. */
const PERIODIC: Readonly<Record<number, number>> = {
  32: 2_000,
  33: 1_000,
  34: 500,
  35: 250,
  39: 100,
};

/** A Sensirion SHT30, SHT31 or SHT35 at the level of its commands (datasheet SHT3x-DIS, section 4). */
export class SHT3xChip implements Chip {
  #milliseconds: () => number;
  #temperature: () => number;
  #humidity: () => number;
  #mode = Mode.IDLE;
  #startedAt = 0;
  #duration = HIGH;
  #period = 0;
  #stretch = false;
  /** Periodic measurements that have been fetched. */
  #fetched = 0;
  #answer: "none" | "measurement" | "status" = "none";
  /** Alert pending and reset detected, as after power-on; table 18. */
  #status = 0x8010;

  /**
   * @param milliseconds the time, from any moment on
   * @param temperature of the air, in degrees Celsius
   * @param humidity of the air, in percent
   */
  constructor(milliseconds: () => number, temperature: () => number, humidity: () => number) {
    this.#milliseconds = milliseconds;
    this.#temperature = temperature;
    this.#humidity = humidity;
  }

  write(data: Uint8Array): boolean {
    if (data.length < 2) return true;
    const command = (data[0] << 8) | data[1];
    this.#answer = "none";
    switch (command) {
      case Command.BREAK:
        this.#mode = Mode.IDLE;
        return true;
      case Command.SOFT_RESET:
        if (this.#mode === Mode.PERIODIC) return false;
        this.#mode = Mode.IDLE;
        this.#status = 0x8010;
        return true;
      case Command.FETCH_DATA:
        if (this.#mode !== Mode.PERIODIC) return false;
        this.#answer = "measurement";
        return true;
      case Command.READ_STATUS:
        this.#answer = "status";
        return true;
      case Command.CLEAR_STATUS:
        this.#status = 0;
        return true;
    }
    // A part that measures periodically takes nothing else before BREAK.
    if (this.#mode === Mode.PERIODIC) return false;
    const single = SINGLE[command];
    const period = PERIODIC[command >> 8];
    if (single) {
      [this.#duration, this.#stretch] = single;
      this.#mode = Mode.SINGLE;
      this.#answer = "measurement";
    } else if (period !== undefined) {
      this.#mode = Mode.PERIODIC;
      this.#period = period;
      this.#duration = HIGH;
      this.#fetched = 0;
    } else return false;
    this.#startedAt = this.#milliseconds();
    return true;
  }

  read(into: Uint8Array): boolean {
    const words: number[] = [];
    if (this.#answer === "status") words.push(this.#status);
    else if (this.#answer === "measurement") {
      if (!this.#take()) return false;
      words.push(
        Math.round(((this.#temperature() + 45) / 175) * 65_535),
        Math.round((this.#humidity() / 100) * 65_535),
      );
    } else return false;
    this.#answer = "none";
    for (let i = 0; i < into.length; i++) {
      const word = words[Math.floor(i / 3)] ?? 0xffff;
      const high = (word >> 8) & 0xff;
      const low = word & 0xff;
      into[i] = i % 3 === 0 ? high : i % 3 === 1 ? low : crc8(high, low);
    }
    return true;
  }

  /** Whether there is a measurement to read; it can be read once. */
  #take(): boolean {
    const since = this.#milliseconds() - this.#startedAt;
    if (this.#mode === Mode.SINGLE) {
      this.#mode = Mode.IDLE;
      return this.#stretch || since >= this.#duration;
    }
    const done = since < this.#duration ? 0 : 1 + Math.floor((since - this.#duration) / this.#period);
    if (done <= this.#fetched) return false;
    this.#fetched = done;
    return true;
  }
}

/** Section 4.12: polynomial 0x31, initial value 0xFF, by table-free long division. */
function crc8(high: number, low: number): number {
  let remainder = 0xff00 ^ (high << 8);
  let next = low;
  for (let i = 0; i < 16; i++) {
    if (i === 8) {
      remainder ^= next << 8;
      next = 0;
    }
    remainder = (remainder & 0x8000) !== 0 ? (remainder << 1) ^ 0x3100 : remainder << 1;
    remainder &= 0xffff;
  }
  return remainder >> 8;
}
