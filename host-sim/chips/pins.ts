/** Pins with something on them, and ECMA-419's Digital, DigitalBank, PWM and Analog classes to speak to them. */

import { Analog, type AnalogOptions } from "./analog.js";
import { Digital, type DigitalConstants, type DigitalOptions } from "./digital.js";
import { DigitalBank, type DigitalBankOptions, PIN_COUNT } from "./digital-bank.js";
import { PWM, type PWMOptions } from "./pwm.js";

export class Pins {
  #levels = new Map<number, 0 | 1>();
  /** Levels of inputs that nothing drives. */
  #pulls = new Map<number, 0 | 1>();
  /** Pins with a pulse-width modulation: the part of the time in which they are high. */
  #duties = new Map<number, number>();
  /** Voltages as parts of the full scale. */
  #voltages = new Map<number, number>();
  /** Whoever has a pin: at most one at a time. */
  #users = new Map<number, object>();
  /** Jumpers: pins that are one wire with a pin. */
  #wires = new Map<number, Set<number>>();
  #onDriven: () => void;
  /** Runs a task once what runs now has returned. */
  readonly defer: (task: () => void) => void;
  /** Timers of PWM that are taken. */
  readonly channels = new Set<number>();
  /** ECMA-419's classes, on these pins. */
  readonly Digital: (new (options: DigitalOptions) => Digital) & DigitalConstants;
  readonly DigitalBank: (new (options: DigitalBankOptions) => DigitalBank) & DigitalConstants;
  readonly PWM: new (
    options: PWMOptions,
  ) => PWM;
  readonly Analog: new (
    options: AnalogOptions,
  ) => Analog;

  /**
   * @param onDriven what is inside has driven a pin
   * @param defer by default as a job of its own, behind what the program does now
   */
  constructor(onDriven: () => void = () => {}, defer: (task: () => void) => void = asJob) {
    this.#onDriven = onDriven;
    this.defer = defer;
    const pins = this;
    this.Digital = class extends Digital {
      constructor(options: DigitalOptions) {
        super(pins, options);
      }
    };
    this.DigitalBank = class extends DigitalBank {
      constructor(options: DigitalBankOptions) {
        super(pins, options);
      }
    };
    this.PWM = class extends PWM {
      constructor(options: PWMOptions) {
        super(pins, options);
      }
    };
    this.Analog = class extends Analog {
      constructor(options: AnalogOptions) {
        super(pins, options);
      }
    };
  }

  // --- for what is outside --------------------------------------------------------------------------------------

  /** What is outside drives the pin, or what is inside has driven it; `undefined` where nothing does. */
  level(pin: number): 0 | 1 | undefined {
    return this.#levels.get(pin) ?? this.#pulls.get(pin);
  }

  /** How much of the time a pin is high, 0 to 1. */
  duty(pin: number): number {
    return this.#duties.get(pin) ?? this.#levels.get(pin) ?? 0;
  }

  /** Drives an input from outside. */
  drive(pin: number, level: 0 | 1): void {
    this.#change(pin, level, new Set());
  }

  /** Puts a voltage on a pin, from 0 to 1: the part of the highest that Analog can measure. */
  setVoltage(pin: number, part: number): void {
    this.#voltages.set(pin, Math.max(0, Math.min(1, part)));
  }

  /** The voltage on a pin, from 0 to 1. */
  voltage(pin: number): number {
    return this.#voltages.get(pin) ?? this.duty(pin);
  }

  /** Puts a jumper between two pins: what drives one drives the other. */
  connect(a: number, b: number): void {
    this.#wiresOf(a).add(b);
    this.#wiresOf(b).add(a);
  }

  /** Whether there is a jumper from one pin to the other. */
  isConnected(a: number, b: number): boolean {
    return this.#wires.get(a)?.has(b) ?? false;
  }

  /** The power is cut: nothing drives any pin. */
  release(): void {
    this.#users.clear();
    this.#levels.clear();
    this.#pulls.clear();
    this.#duties.clear();
    this.channels.clear();
    this.#onDriven();
  }

  // --- for the classes ------------------------------------------------------------------------------------------

  /** Whether there is such a pin, and nobody has it. */
  isFree(pin: number): boolean {
    return pin >= 0 && pin < PIN_COUNT && !this.#users.has(pin);
  }

  /** @throws Error where there is no such pin, or somebody has it */
  take(pin: number, by: object): void {
    if (!this.isFree(pin)) throw new Error(`pin ${pin} is ${this.#users.has(pin) ? "in use" : "none"}`);
    this.#users.set(pin, by);
  }

  free(pin: number, by: object): void {
    if (this.#users.get(pin) !== by) return;
    this.#users.delete(pin);
    this.#pulls.delete(pin);
    if (this.#duties.delete(pin)) this.#onDriven();
  }

  /** After a power cut what is left of the program has nothing any more. */
  has(pin: number, user: object): boolean {
    return this.#users.get(pin) === user;
  }

  pull(pin: number, level: 0 | 1): void {
    this.#pulls.set(pin, level);
  }

  set(pin: number, level: 0 | 1): void {
    this.#change(pin, level, new Set());
    this.#onDriven();
  }

  setDuty(pin: number, duty: number): void {
    this.#duties.set(pin, duty);
    this.#onDriven();
  }

  #wiresOf(pin: number): Set<number> {
    const known = this.#wires.get(pin);
    if (known) return known;
    const wires = new Set<number>();
    this.#wires.set(pin, wires);
    return wires;
  }

  #change(pin: number, level: 0 | 1, done: Set<number>): void {
    if (done.has(pin)) return;
    done.add(pin);
    const before = this.level(pin) ?? 0;
    this.#levels.set(pin, level);
    const user = this.#users.get(pin);
    if (before !== level && user instanceof DigitalBank) user.edge(pin, level);
    for (const other of this.#wires.get(pin) ?? []) this.#change(other, level, done);
  }
}

function asJob(task: () => void): void {
  void Promise.resolve().then(task);
}
