import type { Sample, SensorClass, SensorEntry } from "../../firmware/ports.js";

/**
 * A sensor whose every value is like no other of its device: the n-th sample is n hundredths of a degree, so that what
 * arrives is known by its value alone.
 */
export class CountingSensor {
  /** It has nothing to say any more. */
  isSilent = false;
  #samples = 0;
  #period: number;

  /** @param period milliseconds between samples, also while it is silent */
  constructor(period: number) {
    this.#period = period;
  }

  /** For the board's `sensors`. */
  readonly entry = (): SensorEntry => {
    const sensor = this;
    class Sensor {
      sample(): Sample {
        return sensor.#sample();
      }

      close(): void {}
    }
    return {
      io: Sensor as SensorClass,
      options: {},
      period: sensor.#period,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      quantities: 1,
    };
  };

  #sample(): Sample {
    if (this.isSilent) return undefined;
    this.#samples += 1;
    return { temperature: this.#samples / 100 };
  }
}

/** Which sample a value was. */
export function hundredthsOf(temperature: number): number {
  return Math.round(temperature * 100);
}
