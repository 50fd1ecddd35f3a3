import { Alarm } from "../alarm.js";
import type { Timer } from "../ports.js";
import type { Switch } from "./switch.js";

/** Milliseconds of a light's on and off. */
const BLINK = 250;

/** Changes: ten seconds, and dark at the end. */
const CHANGES = 40;

/** Makes a device show itself, by its light. */
export class Identify {
  #light: Switch;
  #alarm: Alarm;
  #left = 0;

  constructor(light: Switch, timer: Timer) {
    this.#light = light;
    this.#alarm = new Alarm(timer, this);
  }

  start(): void {
    this.#left = CHANGES;
    this.change();
  }

  close(): void {
    this.#alarm.clear();
    this.#light.close();
  }

  onAlarm(): void {
    this.change();
  }

  private change(): void {
    this.#left -= 1;
    this.#light.set(this.#left % 2);
    if (this.#left > 0) this.#alarm.set(BLINK);
  }
}
