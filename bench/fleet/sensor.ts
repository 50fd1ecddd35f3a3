import type { Sample, SensorClass, SensorEntry } from "../../firmware/ports.js";

/**
 * A sensor whose every value is like no other of its device: the n-th sample is n hundredths of a degree, so that what
 * arrives is known by its value alone.
 */
export class CountingSensor {
  /** It has nothing to say any more. */
  isSilent = false;
  #samples = 0;

  /** For the board's `sensors`. @param period milliseconds between samples, also while it is silent */
  entry(period: number): SensorEntry {
    return {
      io: Driver as SensorClass,
      options: { part: this },
      period,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      quantities: 1,
    };
  }

  sample(): Sample {
    if (this.isSilent) return undefined;
    this.#samples += 1;
    return { temperature: this.#samples / 100 };
  }
}

/** One class for all of them: a class for each would take more memory than the sensor. */
class Driver {
  #part: CountingSensor;

  constructor({ part }: { part?: CountingSensor }) {
    this.#part = part as CountingSensor;
  }

  sample(): Sample {
    return this.#part.sample();
  }

  close(): void {}
}

/** Which sample a value was. */
export function hundredthsOf(temperature: number): number {
  return Math.round(temperature * 100);
}
