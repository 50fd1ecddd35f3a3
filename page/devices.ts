/** Every device that is known, as the server last said, with what came since. No DOM. */

import { momentOf } from "./health.js";
import type { Device, Reading } from "./wire.js";

/** Milliseconds. Of a pause longer than so many usual ones, no more is believed. */
const PAUSE = 10;

/** Weight of a new pause in the usual one. */
const WEIGHT = 0.2;

export class Devices {
  readonly #devices = new Map<string, Device>();
  readonly #paces = new Map<string, number>();
  readonly #changed: (base: string) => void;

  /** @param changed is told of each device that is new, other or gone */
  constructor(changed: (base: string) => void) {
    this.#changed = changed;
  }

  get all(): Device[] {
    return [...this.#devices.values()];
  }

  get(base: string): Device | undefined {
    return this.#devices.get(base);
  }

  /** Milliseconds between its readings, as seen since the page is open. */
  pace(base: string): number | undefined {
    return this.#paces.get(base);
  }

  /** Takes the whole list; readings that came meanwhile and are newer stay. */
  replaceAll(devices: readonly Device[]): void {
    const gone = new Set(this.#devices.keys());
    for (const device of devices) {
      gone.delete(device.base);
      this.update(device);
    }
    for (const base of gone) {
      this.#devices.delete(base);
      this.#changed(base);
    }
  }

  update(device: Device): void {
    const readings = new Map(device.readings);
    for (const [quantity, value] of this.#devices.get(device.base)?.readings ?? []) {
      const fresh = readings.get(quantity);
      if (!fresh || momentOf(fresh) < momentOf(value)) readings.set(quantity, value);
    }
    this.#devices.set(device.base, { ...device, readings });
    this.#changed(device.base);
  }

  /** A reading that came at `now`; an older one than is known changes nothing here. */
  read(reading: Reading, now: number): void {
    const { base, quantity, time, value, late } = reading;
    const device = this.#devices.get(base) ?? {
      base,
      status: null,
      lastSeen: now,
      readings: new Map(),
      diagnostics: null,
      climate: null,
    };
    const before = device.readings.get(quantity);
    if (before && (late || before.time > time)) return;
    if (before) this.#pause(base, time - before.time);
    const readings = new Map(device.readings).set(quantity, { value, time, received: now });
    this.#devices.set(base, { ...device, readings, lastSeen: now });
    this.#changed(base);
  }

  #pause(base: string, pause: number): void {
    const usual = this.#paces.get(base);
    if (pause <= 0) return;
    const next = usual === undefined ? pause : usual + WEIGHT * (Math.min(pause, PAUSE * usual) - usual);
    this.#paces.set(base, next);
  }
}
