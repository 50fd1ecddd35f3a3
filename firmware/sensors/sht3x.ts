import type { I2C, I2CClass, I2COptions, IO, SensorOptions } from "../ports.js";

/*
 * Sensirion SHT30, SHT31 and SHT35 humidity and temperature sensors.
 * Datasheet "SHT3x-DIS", version 7 (December 2022), https://sensirion.com/products/catalog/SHT31-DIS-B
 */

/** 16-bit commands, sections 4.3 to 4.12. */
const enum Command {
  /** Periodic measurement twice a second, by repeatability (table 10). */
  PERIODIC_HIGH = 0x2236,
  PERIODIC_MEDIUM = 0x2220,
  PERIODIC_LOW = 0x222b,
  FETCH_DATA = 0xe000,
  BREAK = 0x3093,
}

export interface SHT3xOptions extends SensorOptions {
  /** I2C class and its pins. `address` is 0x44 or 0x45, `hz` up to 1,000,000; the defaults are 0x44 and 400,000. */
  sensor: IO<I2CClass> & Partial<I2COptions>;
}

/**
 * Measures twice a second by itself; `sample()` fetches the latest, without waiting. Temperature and humidity have a
 * checksum each: one that does not hold is reported by `onError` and its value left out.
 */
export class SHT3x {
  /** Operating range in degrees Celsius. Sampled at half its pace, the part always has something to fetch. */
  static readonly RANGE = Object.freeze({ minimum: -40, maximum: 125, period: 1_000, quantities: 2 });

  #io: I2C;
  #onError: ((reason: string) => void) | undefined;
  #command = new Uint8Array(2);
  #data = new Uint8Array(6);
  #thermometer = { temperature: 0 };
  #hygrometer = { humidity: 0 };
  #periodic = Command.PERIODIC_HIGH;
  #started = false;

  /**
   * The first `sample()` must not come within a millisecond (section 4.8).
   * @throws Error when no part answers; nothing is open then
   */
  constructor(options: SHT3xOptions) {
    const io = new options.sensor.io({ address: 0x44, hz: 400_000, ...options.sensor });
    this.#io = io;
    this.#onError = options.onError;
    try {
      // A part that is measuring from before our restart takes no other command (section 4.8).
      this.write(Command.BREAK);
    } catch (error) {
      io.close();
      throw error;
    }
  }

  /** @param options.repeatability `"high"` (the default: 0.04 °C of noise at 4 ms more), `"medium"` or `"low"`; table 1 */
  configure(options: { repeatability?: "low" | "medium" | "high" }): void {
    const { repeatability = "high" } = options;
    this.#periodic =
      repeatability === "high"
        ? Command.PERIODIC_HIGH
        : repeatability === "medium"
          ? Command.PERIODIC_MEDIUM
          : Command.PERIODIC_LOW;
    if (this.#started) this.write(Command.BREAK);
    this.#started = false;
  }

  /**
   * `{thermometer: {temperature}, hygrometer: {humidity}}` in degrees Celsius and percent, without the one whose
   * checksum failed; `undefined` the first time, which starts the measuring: the next must not come within 16 ms (table 4).
   * @throws Error when the part does not answer, gone or asked too soon; measuring is then started anew by the next
   */
  sample(): { thermometer?: { temperature: number }; hygrometer?: { humidity: number } } | undefined {
    if (!this.#started) {
      this.write(this.#periodic);
      this.#started = true;
      return undefined;
    }
    const data = this.#data;
    try {
      this.write(Command.FETCH_DATA);
      this.#io.read(data);
    } catch (error) {
      this.#started = false;
      // If it is only the wire that failed, the part goes on measuring and takes no other command (section 4.8).
      this.stop();
      throw error;
    }
    const sample: { thermometer?: { temperature: number }; hygrometer?: { humidity: number } } = {};
    if (checksum(data, 0) === data[2]) {
      this.#thermometer.temperature = -45 + (175 * ((data[0] << 8) | data[1])) / 65_535;
      sample.thermometer = this.#thermometer;
    } else this.#onError?.("SHT3x temperature arrived with a wrong checksum");
    if (checksum(data, 3) === data[5]) {
      this.#hygrometer.humidity = (100 * ((data[3] << 8) | data[4])) / 65_535;
      sample.hygrometer = this.#hygrometer;
    } else this.#onError?.("SHT3x humidity arrived with a wrong checksum");
    return sample;
  }

  close(): void {
    this.stop();
    this.#io.close();
  }

  private stop(): void {
    try {
      this.write(Command.BREAK);
    } catch {
      // It may be gone.
    }
  }

  private write(command: number): void {
    this.#command[0] = command >> 8;
    this.#command[1] = command & 0xff;
    this.#io.write(this.#command);
  }
}

/** CRC-8 of two bytes, polynomial 0x31, initial value 0xFF (section 4.12). */
function checksum(data: Uint8Array, at: number): number {
  let crc = 0xff;
  for (let i = at; i < at + 2; i++) {
    crc ^= data[i];
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x80) !== 0 ? ((crc << 1) ^ 0x31) & 0xff : (crc << 1) & 0xff;
  }
  return crc;
}
