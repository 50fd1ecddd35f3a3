import type { SettableClock } from "../../firmware/ports.js";
import type { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import type { Random } from "./random.js";

/** Milliseconds since 1970 at the start of the world: 20 November 2026. */
export const WORLD_START = 1_795_132_800_000;

/** The node's own clock in one life: ticks that begin anywhere, and a time of day that may be wrong or missing. */
export class LifeClock implements SettableClock {
  #world: VirtualClock;
  #firstTick: number;
  #offset: number | undefined;
  #onChanged: (offset: number | undefined) => void;

  /**
   * @param offset what it adds to the world's time, `undefined` while it is not set
   * @param onChanged it was set, or has lost its time
   */
  constructor(
    world: VirtualClock,
    firstTick: number,
    offset: number | undefined,
    onChanged: (offset: number | undefined) => void,
  ) {
    this.#world = world;
    this.#firstTick = firstTick - world.elapsed;
    this.#offset = offset;
    this.#onChanged = onChanged;
  }

  ticks(): number {
    return (this.#firstTick + this.#world.elapsed) | 0;
  }

  now(): number | undefined {
    return this.#offset === undefined ? undefined : this.#world.elapsed + this.#offset;
  }

  set(now: number): void {
    this.#become(now - this.#world.elapsed);
  }

  unset(): void {
    this.#become(undefined);
  }

  #become(offset: number | undefined): void {
    this.#offset = offset;
    this.#onChanged(offset);
  }
}

/** Tick counters begin at 0 on a device; here they often do so just before the wraps at 24.8 and 49.7 days. */
export function firstTick(random: Random): number {
  const before = random.magnitude(1_000, 86_400_000);
  return random.pick([0, 0, 2 ** 31 - before, 2 ** 32 - before, random.integer(0, 0xffff_ffff)]);
}
