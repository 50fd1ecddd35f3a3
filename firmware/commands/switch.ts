/** What a device switches: relays, lights, fans. Off from the moment on in which it is opened. */

import type { Digital, DigitalClass, IO, PWM, PWMClass } from "../ports.js";

export interface Switch {
  /** @param level 0 is off, 1 is on; a part that knows nothing in between takes all above 0 for on */
  set(level: number): void;
  /** Off, and closed. Never throws. */
  close(): void;
}

/** A relay or a light at a pin. */
export class DigitalSwitch implements Switch {
  #pin: Digital;

  /**
   * @param io options of the pin; with `activeLow` a low level is on
   * @throws where the pin cannot be had
   */
  constructor(io: IO<DigitalClass>) {
    // At once at the level for off: a relay must not click while a device starts.
    this.#pin = new io.io({ ...io, mode: io.io.Output, initialValue: 0 });
    switchOff(this.#pin);
  }

  set(level: number): void {
    this.#pin.write(level > 0 ? 1 : 0);
  }

  close(): void {
    closeQuietly(this.#pin);
  }
}

/** A fan at a pin with pulse-width modulation. */
export class PWMSwitch implements Switch {
  #pin: PWM;
  #full: number;

  /** @throws where the pin cannot be had */
  constructor(io: IO<PWMClass>) {
    this.#pin = new io.io({ ...io });
    // ECMA-419: `resolution` is in bits, and the largest value means always on.
    this.#full = 2 ** this.#pin.resolution - 1;
    switchOff(this.#pin);
  }

  set(level: number): void {
    this.#pin.write(Math.round(Math.min(Math.max(level, 0), 1) * this.#full));
  }

  close(): void {
    closeQuietly(this.#pin);
  }
}

interface Pin {
  write(value: number): void;
  close(): void;
}

/** For a constructor: gives the pin back where it cannot be switched. @throws then */
function switchOff(pin: Pin): void {
  try {
    pin.write(0);
  } catch (error) {
    pin.close();
    throw error;
  }
}

function closeQuietly(pin: Pin): void {
  try {
    pin.write(0);
  } catch {
    // It may still be given back.
  }
  try {
    pin.close();
  } catch {
    // It cannot be had any more, which is what was wanted.
  }
}
