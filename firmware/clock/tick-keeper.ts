import { Alarm } from "../alarm.js";
import type { Timer } from "../ports.js";

/** Milliseconds: often enough for a difference of ticks, which is right up to 24.8 days. */
const PERIOD = 86_400_000;

/**
 * Has whoever adds ticks up ask for them once a day. Otherwise a wrap could pass while nothing else does: the network is
 * away and the sensor silent.
 */
export class TickKeeper {
  #alarm: Alarm;
  #ask: () => void;

  /** @param ask asks all who add up ticks */
  constructor(timer: Timer, ask: () => void) {
    this.#alarm = new Alarm(timer, this);
    this.#ask = ask;
  }

  onAlarm(): void {
    this.#ask();
    this.start();
  }

  start(): void {
    this.#alarm.set(PERIOD);
  }

  stop(): void {
    this.#alarm.clear();
  }
}
