import type { Board } from "../../firmware/compose.js";
import type { Timer } from "../../firmware/ports.js";
import { type DeviceSettings, FleetDevice } from "./device.js";
import type { Taken } from "./taken.js";
import { Tally } from "./tally.js";

export interface CrewOptions {
  /** Number of the first device. */
  first: number;
  count: number;
  settings: DeviceSettings;
  makeBoard: (base: string, number: number) => Board;
  timer: Timer;
  /** Milliseconds since 1970, or since the simulated beginning. */
  now: () => number;
  /** Milliseconds since some moment, fractions included. */
  ticks: () => number;
  /** From 0 up to but not including 1. */
  random: () => number;
}

/** Devices that say goodbye at a time: its answer is waited for a second only. */
const LEAVING = 100;

/** The devices of one process. */
export class Crew {
  readonly tally: Tally;
  #devices: FleetDevice[] = [];
  #options: CrewOptions;

  constructor(options: CrewOptions) {
    const { first, count, settings, makeBoard, now, ticks } = options;
    this.#options = options;
    this.tally = new Tally(now);
    for (let number = first; number < first + count; number++)
      this.#devices.push(
        new FleetDevice(number, settings, (base) => makeBoard(base, number), this.tally, ticks),
      );
  }

  /** Switches the devices on, one after the other, each somewhere within its share of `duration` milliseconds. */
  start(duration: number): void {
    const { timer, random } = this.#options;
    const share = duration / this.#devices.length;
    this.#devices.forEach((device, place) => {
      timer.set(() => device.start(), (place + random()) * share);
    });
  }

  /** Nothing is measured any more, and what was is delivered. */
  silence(): void {
    for (const device of this.#devices) device.silence();
  }

  /** Readings that were taken, and neither acknowledged nor given up. */
  get waiting(): number {
    return this.#devices.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Lets all say goodbye, some at a time. @param onStopped called when all have */
  stop(onStopped: () => void): void {
    const devices = this.#devices.values();
    let left = this.#devices.length;
    if (left === 0) onStopped();
    const next = () => {
      const { value: device } = devices.next();
      device?.stop(() => {
        left -= 1;
        if (left === 0) onStopped();
        else this.#options.timer.set(next, 0);
      });
    };
    for (let i = 0; i < LEAVING; i++) next();
  }

  /** What each has taken, by its id. */
  get taken(): [string, Taken][] {
    return this.#devices.map(({ id, taken }) => [id, taken]);
  }
}
