/**
 * The room whose air the simulated parts measure: it drifts between 22 and 26 °C as the sun and the heating come and
 * go, and the air in front of the sensor is never quite still. A function of time alone, so that the same moment always
 * has the same temperature.
 */
export class Room {
  #milliseconds: () => number;

  /** @param milliseconds the time, from any moment on */
  constructor(milliseconds: () => number) {
    this.#milliseconds = milliseconds;
  }

  /** Degrees Celsius. */
  temperature(): number {
    const seconds = this.#milliseconds() / 1000;
    return 24 + 1.6 * Math.sin(seconds / 95) + 0.3 * Math.sin(seconds / 7.3) + 0.05 * Math.sin(seconds * 1.9);
  }

  /** Relative humidity in percent: warmer air of the same moisture is drier. */
  humidity(): number {
    return 45 - 2.5 * (this.temperature() - 24);
  }
}
