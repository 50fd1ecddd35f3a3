import type { I2COptions, IO, SensorOptions, SMBus, SMBusClass } from "../ports.js";

/*
 * Texas Instruments TMP117 digital temperature sensor.
 * Datasheet SNOSD82D (revised September 2022), https://www.ti.com/lit/ds/symlink/tmp117.pdf
 */

/** Registers, section 7.6. All are 16 bits, the most significant byte first. */
const enum Register {
  TEMPERATURE = 0x00,
  CONFIGURATION = 0x01,
  DEVICE_ID = 0x0f,
}

/** Bits of the configuration register, table 7-6. */
const enum Configuration {
  SOFT_RESET = 0x0002,
  AVERAGING = 0x0060,
  DATA_READY = 0x2000,
  /** Continuous conversion, one second a cycle, eight samples averaged: the value after a reset. */
  DEFAULT = 0x0220,
}

/** Bits 0 to 11 of the device id register; the others are the revision. */
const DEVICE_ID = 0x117;

/** Degrees Celsius of the least significant bit, section 7.6.2. */
const RESOLUTION = 0.0078125;

export interface TMP117Options extends SensorOptions {
  /** SMBus class and its pins. `address` is 0x48 to 0x4B, `hz` up to 400,000; the defaults are 0x48 and 400,000. */
  sensor: IO<SMBusClass> & Partial<I2COptions>;
}

/** Measures once a second by itself; `sample()` returns the latest, without waiting. */
export class TMP117 {
  /** Operating range in degrees Celsius, and milliseconds of a conversion cycle. */
  static readonly RANGE = Object.freeze({ minimum: -55, maximum: 150, period: 1_000, quantities: 1 });

  #io: SMBus;
  #measured = false;
  #sample = { temperature: 0 };

  /**
   * Resets the part, which takes it 2 ms (section 7.3.1).
   * @throws Error when no TMP117 answers; nothing is open then
   */
  constructor(options: TMP117Options) {
    const io = new options.sensor.io({ address: 0x48, hz: 400_000, ...options.sensor });
    this.#io = io;
    try {
      const id = io.readUint16(Register.DEVICE_ID, true) & 0x0fff;
      if (id !== DEVICE_ID) throw new Error(`not a TMP117 (its id is 0x${id.toString(16)})`);
      io.writeUint16(Register.CONFIGURATION, Configuration.SOFT_RESET, true);
    } catch (error) {
      io.close();
      throw error;
    }
  }

  /** @param options.averaging conversions that make one value: 1, 8 (the default), 32 or 64; table 7-7 */
  configure(options: { averaging?: 1 | 8 | 32 | 64 }): void {
    const { averaging = 8 } = options;
    // The next value is one of the new kind: writing starts the conversion anew.
    this.#measured = false;
    const bits = averaging === 1 ? 0 : averaging === 8 ? 1 : averaging === 32 ? 2 : 3;
    this.#io.writeUint16(
      Register.CONFIGURATION,
      (Configuration.DEFAULT & ~Configuration.AVERAGING) | (bits << 5),
      true,
    );
  }

  /** `{temperature}` in degrees Celsius; `undefined` until the first conversion is done. The object is reused. */
  sample(): { temperature: number } | undefined {
    const io = this.#io;
    if (!this.#measured) {
      // The register holds -256 °C after a reset (section 7.6.2).
      if ((io.readUint16(Register.CONFIGURATION, true) & Configuration.DATA_READY) === 0) return undefined;
      this.#measured = true;
    }
    const raw = io.readUint16(Register.TEMPERATURE, true);
    this.#sample.temperature = ((raw << 16) >> 16) * RESOLUTION;
    return this.#sample;
  }

  close(): void {
    this.#io.close();
  }
}
