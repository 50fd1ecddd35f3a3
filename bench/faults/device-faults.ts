import type { Fault } from "./fault.js";
import { WORLD_START } from "./life-clock.js";
import { UARTWorld } from "./uart-world.js";

/** Milliseconds without power: from a brown-out to a night. */
const SHORTEST_OFF = 10;
const LONGEST_OFF = 28_800_000;

/** What goes wrong within a device, and on its wires. */
export const DEVICE_FAULTS: readonly Fault[] = [
  {
    name: "clock",
    about: "the clock jumps either way, or is not set",
    each: true,
    strike: (world, device, random) => {
      const clock = device.powered?.clock;
      if (!clock) return undefined;
      const now = clock.now();
      const end = () => device.powered?.clock.set(WORLD_START + world.clock.elapsed);
      if (random.chance(0.3)) {
        clock.unset();
        return { what: "not set", end };
      }
      const jump = random.magnitude(10, 20 * 365 * 86_400_000) * (random.chance(0.5) ? 1 : -1);
      clock.set(Math.max(0, (now ?? WORLD_START + world.clock.elapsed) + jump));
      return { what: `jumps by ${jump} ms`, end };
    },
  },
  {
    name: "sensor",
    about: "no acknowledgement, stuck bus, disturbed wire, NaN, unplugged",
    each: true,
    strike: (_world, device, random) => {
      if (!device.sensor.isFine) return undefined;
      const { what, end } = device.sensor.fault();
      return {
        what,
        duration: random.magnitude(100, 3_600_000),
        end: () => {
          end();
          device.mustSense();
        },
      };
    },
  },
  {
    name: "noise",
    about: "bytes on the serial line that no sensor sent",
    each: true,
    strike: (_world, device, random) => {
      const { sensor } = device;
      if (!(sensor instanceof UARTWorld) || !sensor.isFine) return undefined;
      const end = sensor.noise();
      return {
        what: "on the line",
        duration: random.magnitude(1_000, 3_600_000),
        end: () => {
          end();
          device.mustSense();
        },
      };
    },
  },
  {
    name: "power",
    about: "the power is cut, at any moment and within any write or erase",
    each: true,
    strike: (_world, device, random) => {
      const { powered, keepsakes } = device;
      if (!powered) return undefined;
      const duration = random.magnitude(SHORTEST_OFF, LONGEST_OFF);
      const told = random.chance(0.3);
      const where = random.next();
      if (keepsakes.flash && where < 0.5) {
        const operation = random.magnitude(1, 300);
        keepsakes.cutAtOperation(operation);
        return { what: `within operation ${operation} of the flash` };
      }
      device.cutFor(duration, told);
      if (where < 0.6) {
        const write = random.integer(1, 3);
        keepsakes.cutAtValue(write);
        return { what: `now, and again within write ${write} of the settings` };
      }
      if (keepsakes.flash && where < 0.8) {
        const operation = random.magnitude(1, 10);
        keepsakes.cutAtOperation(operation);
        return { what: `now, and again within operation ${operation} of the flash` };
      }
      return { what: "now" };
    },
  },
  {
    name: "reboot",
    about: "the node is stopped in order, and started again",
    each: true,
    strike: (_world, device) => {
      if (!device.powered) return undefined;
      device.restart();
      return { what: "in order" };
    },
  },
];
