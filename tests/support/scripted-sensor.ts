import type { Sample, SensorOptions } from "../../firmware/ports.js";
import type { Bench } from "./source.js";

/** A sensor class that does what the test says, and notes what is done to it. */
export function scripted(bench: Bench) {
  const log = {
    made: [] as number[],
    sampled: [] as number[],
    closed: 0,
    given: undefined as SensorOptions | undefined,
    open: (): void => {},
    sample: (): Sample => ({ temperature: 21.4 }),
    close: (): void => {},
  };
  class Scripted {
    constructor(options: SensorOptions) {
      log.made.push(bench.clock.elapsed);
      log.given = options;
      log.open();
    }

    sample(): Sample {
      log.sampled.push(bench.clock.elapsed);
      return log.sample();
    }

    close(): void {
      log.closed += 1;
      log.close();
    }
  }
  return { log, Scripted };
}

export const fail = (): never => {
  throw new Error("no answer");
};
