import type { TimeFault } from "../../host-sim/world/time-server.js";
import type { Fault } from "./fault.js";
import { toBroker } from "./network-faults.js";
import type { World } from "./world.js";

/** What the broker's machine, its process and its name do. */
export const BROKER_FAULTS: readonly Fault[] = [
  {
    name: "refused",
    about: "connections are refused, those that exist stay",
    each: false,
    strike: ({ front }) => {
      front.close("refused");
      return { what: "nobody listens", end: () => front.open("refused") };
    },
  },
  {
    name: "outage",
    about: "the broker is away from the beginning until the calm spell; only where it is named",
    each: false,
    extra: true,
    strike: ({ front }) => {
      front.close("outage");
      return { what: "the whole time", duration: Number.POSITIVE_INFINITY, end: () => front.open("outage") };
    },
  },
  {
    name: "silent",
    about: "connections are accepted, and nothing is said on them",
    each: false,
    strike: ({ front }) => {
      front.silent = true;
      return {
        what: "no word",
        end: () => {
          front.silent = false;
        },
      };
    },
  },
  {
    name: "hang",
    about: "the broker hangs, and goes on later with all that came",
    each: false,
    strike: ({ front }) => {
      front.freeze();
      return { what: "hangs", end: () => front.thaw() };
    },
  },
  {
    name: "restart",
    about: "the broker is killed and comes back, with its sessions or without",
    each: false,
    strike: (world, _device, random) => {
      const { front } = world;
      const keepsSessions = random.chance(0.5);
      const isTold = random.chance(0.6);
      front.kill(keepsSessions);
      front.close("restart");
      endConnections(world, isTold);
      return {
        what: `${keepsSessions ? "sessions kept" : "sessions forgotten"}, ${isTold ? "reset" : "no word"}`,
        end: () => front.open("restart"),
      };
    },
  },
  {
    name: "acknowledgements",
    about: "PUBACKs do not come, come late, or in another order",
    each: false,
    strike: ({ front }, _device, random) => {
      front.acknowledging = random.pick(["never", "later", "in any order", "at once"] as const);
      front.lateness = random.magnitude(100, 30_000);
      front.strays = front.acknowledging === "at once" || random.chance(0.3);
      return {
        what: `${front.acknowledging}, ${front.lateness} ms${front.strays ? ", and strays" : ""}`,
        end: () => {
          front.acknowledging = "at once";
          front.strays = false;
        },
      };
    },
  },
  {
    name: "mute",
    about: "PINGRESP or SUBACK does not come",
    each: false,
    strike: (world, _device, random) => {
      const { front } = world;
      const pings = random.chance(0.5);
      if (pings) front.noPings = true;
      else {
        front.noSubscriptions = true;
        // Whoever comes back has to subscribe anew, so that it is felt.
        front.kill(false);
        endConnections(world, true);
      }
      return {
        what: pings ? "no PINGRESP" : "no SUBACK",
        end: () => {
          front.noPings = front.noSubscriptions = false;
        },
      };
    },
  },
  {
    name: "refusal",
    about: "CONNACK refuses the connection",
    each: false,
    strike: (world, _device, random) => {
      const { broker } = world;
      broker.returnCode = random.integer(1, 5);
      // Whoever is connected has to connect anew, so that it is felt.
      endConnections(world, true);
      return {
        what: `return code ${broker.returnCode}`,
        end: () => {
          broker.returnCode = 0;
        },
      };
    },
  },
  {
    name: "name",
    about: "the broker's name is unknown, or the name server silent",
    each: false,
    strike: (world, _device, random) => {
      const { front, devices } = world;
      const isUnknown = random.chance(0.5);
      if (isUnknown) front.named(false);
      for (const device of devices) device.nameless = !isUnknown;
      if (random.chance(0.5)) endConnections(world, true);
      return {
        what: isUnknown ? "unknown" : "no answer",
        end: () => {
          front.named(true);
          for (const device of devices) device.nameless = false;
        },
      };
    },
  },
  {
    name: "address",
    about: "the broker gets another address",
    each: false,
    strike: (world, _device, random) => {
      const { front } = world;
      front.move();
      endConnections(world, random.chance(0.5));
      return {
        what: `${front.address}`,
        duration: random.magnitude(1, 60_000),
        end: () => front.named(true),
      };
    },
  },
  {
    name: "eviction",
    about: "another client has the same id, and comes again and again",
    each: true,
    strike: (world, device, random) => {
      const { front, clock } = world;
      if (front.isFrozen) return undefined;
      let leave: (() => void) | undefined;
      let isOver = false;
      // One that never waits for long, or one that backs off.
      const pace = random.magnitude(500, 60_000);
      const comeAgain = () => {
        if (isOver) return;
        leave?.();
        if (!front.isFrozen) leave = front.intrude(device.id);
        clock.timer.set(comeAgain, random.magnitude(100, pace));
      };
      comeAgain();
      return {
        what: device.id,
        duration: random.magnitude(1_000, 600_000),
        end: () => {
          isOver = true;
          leave?.();
        },
      };
    },
  },
];

/** What the time servers do; README, "What it says". */
const TIME_FAULTS: readonly TimeFault[] = [
  "silent",
  "wrong origin",
  "wrong port",
  "wrong address",
  "garbage",
  "short",
  "request",
  "DENY",
  "RATE",
  "INIT",
  "stratum 16",
  "unsynchronised",
  "dispersed",
  "zero transmit",
  "backwards",
];

export const TIME_SERVER_FAULTS: readonly Fault[] = [
  {
    name: "time-server",
    about: "a time server is silent, slow, wrong, or talks nonsense",
    each: false,
    strike: ({ timeServers, refusing, timeOffsets }, _device, random) => {
      const server = random.pick(timeServers);
      if (server.fault || server.offset !== 0 || server.processing > 0) return undefined;
      const way = random.next();
      if (way < 0.6) server.fault = random.pick(TIME_FAULTS);
      else if (way < 0.8) server.processing = random.magnitude(100, 10_000);
      else server.offset = random.magnitude(100, 20 * 365 * 86_400_000) * (random.chance(0.5) ? 1 : -1);
      if (server.fault === "DENY" || server.fault === "RATE") refusing.add(server);
      timeOffsets.add(server.offset);
      return {
        // A node asks once an hour.
        duration: random.magnitude(60_000, 6 * 3_600_000),
        what: `${server.here.address}: ${server.fault ?? (server.processing ? `${server.processing} ms slow` : `${server.offset} ms off`)}`,
        end: () => {
          server.fault = undefined;
          server.offset = server.processing = 0;
        },
      };
    },
  },
];

/** All connections to the broker end. @param told as a reset; otherwise nobody hears of it */
function endConnections(world: World, told: boolean): void {
  for (const device of world.devices) {
    for (const connection of toBroker(device)) {
      if (told) connection.reset();
      else {
        connection.cutOff();
        device.mustEnd(connection, () => true);
      }
    }
  }
}
