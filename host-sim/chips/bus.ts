/**
 * An I2C bus with simulated parts on it, and ECMA-419's I2C and SMBus classes to speak to them. Nothing of Node, so
 * that Moddable's desktop simulator uses it too.
 */

import { I2C, type I2COptions } from "./i2c.js";
import type { Pins } from "./pins.js";
import { SMBus } from "./smbus.js";

/** A part on the bus, at the level of its bytes. */
export interface Chip {
  /** A write transfer; false where the part does not acknowledge. */
  write(data: Uint8Array): boolean;
  /** A read transfer, which fills `into`; false where the part does not acknowledge its address. */
  read(into: Uint8Array): boolean;
}

/** Sees each transfer and may alter its bytes, as a disturbed wire does. */
export type Disturbance = (address: number, bytes: Uint8Array, isRead: boolean) => void;

export class Bus {
  #chips: (Chip | undefined)[] = [];
  #pins: Pins | undefined;
  /** Who speaks to the parts, where the bus is one microcontroller's: data pin, clock pin and address of each. */
  #open = new Map<object, readonly [data: number, clock: number, address: number]>();
  /** ECMA-419's I2C class, on this bus. */
  readonly I2C: new (
    options: I2COptions,
  ) => I2C;
  /** ECMA-419's SMBus class, on this bus. */
  readonly SMBus: new (
    options: I2COptions,
  ) => SMBus;
  disturbance: Disturbance | undefined;

  /**
   * @param pins those of the one microcontroller that has the bus: then its data and clock pins must be named and be
   * free, and an address can be opened once. Without them the bus is soldered on, and any number of boards may share it.
   */
  constructor(pins?: Pins) {
    this.#pins = pins;
    const bus = this;
    this.I2C = class extends I2C {
      constructor(options: I2COptions) {
        super(bus, options);
      }
    };
    this.SMBus = class extends SMBus {
      constructor(options: I2COptions) {
        super(bus, options);
      }
    };
  }

  /** Solders a part on, in place of what was at this address. */
  attach(address: number, chip: Chip): void {
    this.#chips[address] = chip;
  }

  /** Takes the part at this address off: nothing acknowledges there any more. */
  detach(address: number): void {
    this.#chips[address] = undefined;
  }

  /** @throws Error where nothing acknowledges */
  write(address: number, data: Uint8Array): void {
    const bytes = data.slice();
    this.disturbance?.(address, bytes, false);
    if (!this.#chips[address]?.write(bytes)) throw noAnswer(address);
  }

  /** @throws Error where nothing acknowledges */
  read(address: number, into: Uint8Array): void {
    if (!this.#chips[address]?.read(into)) throw noAnswer(address);
    this.disturbance?.(address, into, true);
  }

  // --- for the classes ------------------------------------------------------------------------------------------

  /** Whether an instance has to name its pins. */
  get hasPins(): boolean {
    return this.#pins !== undefined;
  }

  /** @throws RangeError where the pins are not free, or the address is open already */
  take(by: object, data: number, clock: number, address: number): void {
    const pins = this.#pins;
    if (!pins) return;
    for (const pin of [data, clock])
      if (!pins.has(pin, this) && !pins.isFree(pin)) throw new RangeError(`pin ${pin} is none, or in use`);
    for (const [otherData, otherClock, other] of this.#open.values())
      if (other === address && otherData === data && otherClock === clock)
        throw new RangeError(`address 0x${address.toString(16)} is in use`);
    for (const pin of [data, clock]) if (!pins.has(pin, this)) pins.take(pin, this);
    this.#open.set(by, [data, clock, address]);
  }

  free(by: object): void {
    const taken = this.#open.get(by);
    if (!taken) return;
    this.#open.delete(by);
    const used = [...this.#open.values()];
    for (const pin of taken.slice(0, 2))
      if (!used.some(([data, clock]) => data === pin || clock === pin)) this.#pins?.free(pin, this);
  }
}

function noAnswer(address: number): Error {
  return new Error(`no answer on I2C address 0x${address.toString(16)}`);
}
