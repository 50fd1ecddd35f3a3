import type { Sample, SensorClass, SensorEntry, SensorOptions } from "../../firmware/ports.js";

/** A sensor outside of the device: what a test makes of it holds through resets. For the board's `sensors`. */
export class WorldSensor {
  /** What opening it does. */
  open: (options: SensorOptions) => void = () => {};
  sample: () => Sample = () => ({ temperature: 21.5 });
  openings = 0;

  readonly entry = (): SensorEntry => {
    const world = this;
    class Sensor {
      constructor(options: SensorOptions) {
        world.openings += 1;
        world.open(options);
      }

      sample(): Sample {
        return world.sample();
      }

      close(): void {}
    }
    return { io: Sensor as SensorClass, options: {}, period: 100, minimum: -40, maximum: 125 };
  };
}
