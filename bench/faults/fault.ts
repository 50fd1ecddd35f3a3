import type { Device } from "./device.js";
import { Random } from "./random.js";
import type { World } from "./world.js";

/** Something that goes wrong. */
export interface Strike {
  /** For the trace. */
  readonly what: string;
  /** Takes it back. Without it, it is over at once. */
  readonly end?: () => void;
  /** Milliseconds until then, or infinity: until the calm spell. Default: drawn, mostly seconds or minutes and at times hours. */
  readonly duration?: number;
}

export interface Fault {
  /** For `--faults`, and the table. */
  readonly name: string;
  readonly about: string;
  /** Strikes each device on its own, or the whole world. */
  readonly each: boolean;
  /** Strikes only where it is asked for by name: it leaves no room for others. */
  readonly extra?: boolean;
  /** `undefined` where it cannot strike now. */
  strike(world: World, device: Device, random: Random): Strike | undefined;
}

/** Milliseconds between two strikes of one fault, on the average over a run: each run has its own. */
const OFTEN = 20 * 60_000;
const RARELY = 24 * 3_600_000;

/** Lets the faults strike at times drawn from the seed, each from a stream of its own. */
export class FaultSchedule {
  /** Strikes by name. */
  readonly struck: Record<string, number> = {};
  #world: World;
  #active = new Set<() => void>();
  #calm = false;

  constructor(world: World, faults: readonly Fault[]) {
    this.#world = world;
    for (const fault of faults) {
      this.struck[fault.name] = 0;
      for (const device of fault.each ? world.devices : world.devices.slice(0, 1)) {
        const random = new Random(world.seed, `${fault.name}/${device.name}`);
        if (fault.extra) this.#strike(fault, device, fault.strike(world, device, random) as Strike, random);
        else this.#plan(fault, device, random, random.magnitude(OFTEN, RARELY));
      }
    }
  }

  /** Ends all faults; none comes any more. */
  calm(): void {
    this.#calm = true;
    for (const end of [...this.#active]) end();
    for (const device of this.#world.devices) device.calm();
  }

  #plan(fault: Fault, device: Device, random: Random, mean: number): void {
    const { clock } = this.#world;
    clock.timer.set(() => {
      if (this.#calm) return;
      const strike = fault.strike(this.#world, device, random);
      if (strike) this.#strike(fault, device, strike, random);
      this.#plan(fault, device, random, mean);
    }, random.gap(mean));
  }

  #strike(fault: Fault, device: Device, strike: Strike, random: Random): void {
    const world = this.#world;
    const who = fault.each ? device.name : "world";
    this.struck[fault.name] += 1;
    const duration = strike.duration ?? drawDuration(random);
    world.note(who, `FAULT ${fault.name}: ${strike.what}${strike.end ? ` for ${duration} ms` : ""}`);
    if (!strike.end) return;
    const end = () => {
      if (!this.#active.delete(end)) return;
      world.note(who, `end of ${fault.name}`);
      strike.end?.();
    };
    this.#active.add(end);
    if (Number.isFinite(duration)) world.clock.timer.set(end, duration);
  }
}

/** Mostly short, at times hours, seldom a day. */
export function drawDuration(random: Random): number {
  return random.chance(0.85) ? random.magnitude(100, 600_000) : random.magnitude(600_000, 86_400_000);
}
