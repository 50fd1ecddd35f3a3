/** Which devices there are, on which connection each was heard last, and whether it is online. */

/** What a device's commands are written to. */
export interface Route {
  /** Whether commands may be written there for this device. */
  takesCommands(device: string): boolean;
  /** @returns false where the line has no room */
  sendCommand(device: string, id: string, line: string): boolean;
}

interface Device {
  /** Where it spoke last; `undefined` where that is gone. */
  route: Route | undefined;
  /** Milliseconds, of `performance.now()`. */
  heard: number;
  isOnline: boolean;
}

export interface DevicesOptions {
  /** Names that are known. */
  names: Iterable<string>;
  limit: number;
  /** Milliseconds without a word after which a device is offline. */
  silence: number;
  onStatus(name: string, isOnline: boolean): void;
}

export class Devices {
  #options: DevicesOptions;
  #devices = new Map<string, Device>();

  constructor(options: DevicesOptions) {
    this.#options = options;
    for (const name of options.names) this.#devices.set(name, blank());
  }

  get size(): number {
    return this.#devices.size;
  }

  get online(): number {
    let count = 0;
    for (const { isOnline } of this.#devices.values()) if (isOnline) count += 1;
    return count;
  }

  knows(name: string): boolean {
    return this.#devices.has(name);
  }

  /** Knows this name from now on. @returns false where there is no room for it */
  admit(name: string): boolean {
    if (this.#devices.has(name)) return true;
    if (this.#devices.size >= this.#options.limit) return false;
    this.#devices.set(name, blank());
    return true;
  }

  /** The device is at the end of this wire, though it has not spoken. */
  attach(name: string, route: Route): void {
    if (!this.admit(name)) return;
    const device = this.#devices.get(name) as Device;
    device.route ??= route;
  }

  /** The device, which was admitted, has spoken there. */
  heard(name: string, route: Route, now: number): void {
    const device = this.#devices.get(name);
    if (!device) return;
    device.route = route;
    device.heard = now;
    this.#setOnline(name, device, true);
  }

  /**
   * A connection is gone. Whoever closes after each message comes again: its devices stay online until they have been
   * silent for too long.
   * @param pulled it was a port that is gone, and does not come again by itself: they are offline at once
   */
  left(route: Route, names: Iterable<string>, pulled: boolean): void {
    for (const name of names) {
      const device = this.#devices.get(name);
      if (device?.route !== route) continue;
      device.route = undefined;
      if (pulled) this.#setOnline(name, device, false);
    }
  }

  routeOf(name: string): Route | undefined {
    return this.#devices.get(name)?.route;
  }

  /** Whoever has been silent for too long is offline. */
  sweep(now: number): void {
    for (const [name, device] of this.#devices) {
      if (device.isOnline && now - device.heard >= this.#options.silence)
        this.#setOnline(name, device, false);
    }
  }

  get names(): Iterable<string> {
    return this.#devices.keys();
  }

  isOnline(name: string): boolean {
    return this.#devices.get(name)?.isOnline === true;
  }

  allOffline(): void {
    for (const [name, device] of this.#devices) this.#setOnline(name, device, false);
  }

  #setOnline(name: string, device: Device, isOnline: boolean): void {
    if (device.isOnline === isOnline) return;
    device.isOnline = isOnline;
    this.#options.onStatus(name, isOnline);
  }
}

function blank(): Device {
  return { route: undefined, heard: 0, isOnline: false };
}
