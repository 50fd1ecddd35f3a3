import type { SettableClock } from "../../../firmware/ports.js";
import type { VirtualClock } from "./clock.js";

/**
 * A board's own idea of the time of day, in a world whose clock knows the true one. It is not set until the board sets it,
 * and then keeps whole seconds only, as the ESP32's does. All else, such as ticks and timers, is the world's.
 */
export function ownClock(world: VirtualClock): VirtualClock & SettableClock {
  /** Milliseconds since 1970 at the world's start. */
  let start: number | undefined;
  const own: Record<PropertyKey, unknown> = {
    now: () => (start === undefined ? undefined : start + world.elapsed),
    setNow: (now: number | undefined) => {
      start = now === undefined ? undefined : now - world.elapsed;
    },
    set: (now: number) => {
      start = Math.round(now / 1_000) * 1_000 - world.elapsed;
    },
  };
  return new Proxy(world, {
    has: (_world, name) => name in own || name in world,
    get: (_world, name) => {
      if (name in own) return own[name];
      const value: unknown = Reflect.get(world, name);
      return typeof value === "function" ? value.bind(world) : value;
    },
  }) as VirtualClock & SettableClock;
}
