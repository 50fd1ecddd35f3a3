/** What is known of each device now, as the page shows it. */

import { QUANTITIES, QUANTITY_COUNT } from "../../firmware/codec/reading.js";
import type { ClimateField, Diagnostics } from "./parse.js";
import type { Store } from "./store.js";

/** Devices that are remembered: a name costs memory for as long as the server runs. */
export const DEVICE_LIMIT = 1_000;

export interface Climate {
  mode: string | null;
  /** °C */
  target: number | null;
  action: string | null;
}

/** An element of `/api/devices`; times in ms since 1970. */
export interface Device {
  readonly base: string;
  status: "online" | "offline" | null;
  /** When it last said anything; `null` where all that is known of it was said before the server listened. */
  lastSeen: number | null;
  /** The newest of each quantity, by name. */
  readings: Record<string, { value: number; time: number; received: number }>;
  diagnostics: Diagnostics | null;
  climate: Climate | null;
}

export class Devices {
  #devices = new Map<string, Device>();
  #ids = new Map<string, number>();
  #store: Store;
  #limit: number;

  /** Begins with what is stored. */
  constructor(store: Store, limit = DEVICE_LIMIT) {
    this.#store = store;
    this.#limit = limit;
    for (const { id, base } of store.devices()) {
      if (this.#devices.size >= limit) break;
      const device = this.#create(base);
      this.#ids.set(base, id);
      for (const { quantity, value, time, received } of store.latest(id, QUANTITY_COUNT)) {
        this.reading(device, quantity, value, time, received);
        this.seen(device, received);
      }
    }
  }

  get count(): number {
    return this.#devices.size;
  }

  /** By name. */
  list(): Device[] {
    return [...this.#devices.values()].sort((a, b) => (a.base < b.base ? -1 : 1));
  }

  get(base: string): Device | undefined {
    return this.#devices.get(base);
  }

  /** @returns `undefined` where it is one more than can be remembered */
  ensure(base: string): Device | undefined {
    const device = this.#devices.get(base);
    if (device || this.#devices.size >= this.#limit) return device;
    return this.#create(base);
  }

  /** Its number in the store, `undefined` where nothing of it was stored. */
  id(base: string): number | undefined {
    return this.#ids.get(base);
  }

  /** The same, and it gets one. */
  ensureId(device: Device): number {
    let id = this.#ids.get(device.base);
    if (id === undefined) {
      id = this.#store.deviceId(device.base);
      this.#ids.set(device.base, id);
    }
    return id;
  }

  seen(device: Device, at: number): void {
    device.lastSeen = Math.max(device.lastSeen ?? 0, at);
  }

  /** Changes nothing where a newer one is known. */
  reading(device: Device, quantity: number, value: number, time: number, received: number): void {
    const name = QUANTITIES[quantity];
    const known = device.readings[name];
    if (!known || time >= known.time) device.readings[name] = { value, time, received };
  }

  /** @returns whether it is another than before */
  climate(device: Device, field: ClimateField, value: string | number): boolean {
    device.climate ??= { mode: null, target: null, action: null };
    if (device.climate[field] === value) return false;
    Object.assign(device.climate, { [field]: value });
    return true;
  }

  #create(base: string): Device {
    const device: Device = {
      base,
      status: null,
      lastSeen: null,
      readings: {},
      diagnostics: null,
      climate: null,
    };
    this.#devices.set(base, device);
    return device;
  }
}
