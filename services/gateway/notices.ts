/**
 * The devices' status at the broker, retained, and replies to commands: a few under way at a time. A status is looked up
 * when it goes, so that a device that comes and goes while the broker is away costs nothing.
 */

export interface NoticesOptions {
  /** Publishes under way at once. */
  limit: number;
  isOnline(device: string): boolean;
  publish(device: string, topic: string, payload: string, retain: boolean, acknowledged: () => void): void;
}

export class Notices {
  #options: NoticesOptions;
  #connected = false;
  #connection = 0;
  #underWay = 0;
  #dirty = new Set<string>();
  #waiters: (() => void)[] = [];

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  /** Publishes that are not acknowledged. */
  get underWay(): number {
    return this.#underWay;
  }

  /** @param devices whose status is told, for the broker may have forgotten */
  connected(devices: Iterable<string>): void {
    this.#connected = true;
    this.#connection += 1;
    this.#underWay = 0;
    for (const device of devices) this.#dirty.add(device);
    this.#next();
  }

  disconnected(): void {
    this.#connected = false;
    this.#underWay = 0;
  }

  changed(device: string): void {
    this.#dirty.add(device);
    this.#next();
  }

  /** @returns false where it cannot go now */
  reply(device: string, payload: string): boolean {
    if (!this.#connected || this.#underWay >= this.#options.limit) return false;
    this.#publish(device, "command/reply", payload, false);
    return true;
  }

  /** Resolves when the broker has all, or after `patience` milliseconds. */
  async settled(patience: number): Promise<void> {
    if (!this.#connected || (this.#underWay === 0 && this.#dirty.size === 0)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #next(): void {
    for (const device of this.#dirty) {
      if (!this.#connected || this.#underWay >= this.#options.limit) return;
      this.#dirty.delete(device);
      this.#publish(device, "status", this.#options.isOnline(device) ? "online" : "offline", true);
    }
    if (this.#underWay === 0 && this.#dirty.size === 0)
      for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #publish(device: string, topic: string, payload: string, retain: boolean): void {
    const connection = this.#connection;
    this.#underWay += 1;
    this.#options.publish(device, topic, payload, retain, () => {
      if (connection !== this.#connection || !this.#connected) return;
      this.#underWay -= 1;
      this.#next();
    });
  }
}
