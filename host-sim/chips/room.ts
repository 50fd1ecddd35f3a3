/** Degrees by which cooling and heating move the room at full power, in the end. */
const COOLING = -10;
const HEATING = 8;

/** Milliseconds in which two thirds of that are reached: a small room, so that one can watch it. */
const INERTIA = 40_000;

/**
 * The room whose air the simulated parts measure: it drifts between 22 and 26 °C as the sun and the heating come and
 * go, and the air in front of the sensor is never quite still. An air conditioner moves it as heat moves: fast at first, then
 * slower. A function of time and of when it was switched, so that the same moment always has the same temperature.
 */
export class Room {
  #milliseconds: () => number;
  /** Degrees that the air conditioner had moved it by when it was last switched, and where it moves it to since. */
  #moved = 0;
  #goal = 0;
  #switchedAt = 0;

  /** @param milliseconds the time, from any moment on */
  constructor(milliseconds: () => number) {
    this.#milliseconds = milliseconds;
  }

  /** Degrees Celsius. */
  temperature(): number {
    const now = this.#milliseconds();
    const seconds = now / 1000;
    return (
      this.#movedBy(now) +
      24 +
      1.6 * Math.sin(seconds / 95) +
      0.3 * Math.sin(seconds / 7.3) +
      0.05 * Math.sin(seconds * 1.9)
    );
  }

  /** @param cooling from 0 to 1, the part of its power; `heating` alike */
  condition(cooling: number, heating: number): void {
    const now = this.#milliseconds();
    this.#moved = this.#movedBy(now);
    this.#goal = COOLING * cooling + HEATING * heating;
    this.#switchedAt = now;
  }

  #movedBy(now: number): number {
    if (this.#moved === this.#goal) return this.#goal;
    // A time that wraps seems to go back: weeks have passed.
    const passed = now >= this.#switchedAt ? now - this.#switchedAt : Number.POSITIVE_INFINITY;
    return this.#goal + (this.#moved - this.#goal) * Math.exp(-passed / INERTIA);
  }

  /** Relative humidity in percent: warmer air of the same moisture is drier. */
  humidity(): number {
    return 45 - 2.5 * (this.temperature() - 24);
  }
}
