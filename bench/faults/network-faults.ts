import { type Device, MQTT_PORT } from "./device.js";
import type { Fault } from "./fault.js";

/** What the network does to a device. */
export const NETWORK_FAULTS: readonly Fault[] = [
  {
    name: "delay",
    about: "what is sent takes up to seconds longer",
    each: true,
    strike: (_world, { weather }, random) => {
      if (weather.jitter > 0) return undefined;
      weather.jitter = random.magnitude(10, 5_000);
      return {
        what: `up to ${weather.jitter} ms`,
        end: () => {
          weather.jitter = 0;
        },
      };
    },
  },
  {
    name: "loss",
    about: "segments are lost: TCP stalls, then a burst",
    each: true,
    strike: (_world, { weather }, random) => {
      if (weather.loss > 0) return undefined;
      weather.loss = random.between(0.02, 0.4);
      return {
        what: `${Math.round(weather.loss * 100)} % of the segments`,
        end: () => {
          weather.loss = 0;
        },
      };
    },
  },
  {
    name: "black-hole",
    about: "nothing gets through, one way or both",
    each: true,
    strike: (_world, { weather }, random) => {
      if (weather.isHeldBy("black hole")) return undefined;
      const way = random.pick(["up", "down", "both ways", "both ways"]);
      weather.stop("black hole", way !== "down", way !== "up");
      return { what: way, end: () => weather.resume("black hole") };
    },
  },
  {
    name: "half-open",
    about: "a connection is dead, and nobody is told",
    each: true,
    strike: (_world, device) => {
      const connections = toBroker(device);
      for (const connection of connections) {
        connection.cutOff();
        device.mustEnd(connection, () => true);
      }
      return connections.length > 0 ? { what: `${connections.length} connections` } : undefined;
    },
  },
  {
    name: "reset",
    about: "a connection is reset, at any byte of either way",
    each: true,
    strike: (_world, device, random) => {
      const [connection] = toBroker(device);
      if (!connection) return undefined;
      if (random.chance(0.3)) {
        connection.reset();
        return { what: "at once" };
      }
      const up = random.chance(0.6);
      const bytes = random.magnitude(1, 3_000);
      connection.resetAfter(up, bytes);
      return { what: `after ${bytes} more bytes ${up ? "up" : "down"}` };
    },
  },
  {
    name: "segments",
    about: "segments are split and merged",
    each: true,
    strike: (_world, { weather }, random) => {
      if (weather.splits || weather.merges) return undefined;
      weather.splits = random.chance(0.7);
      weather.merges = !weather.splits || random.chance(0.5);
      return {
        what: `${weather.splits ? "split" : ""}${weather.merges ? " merged" : ""}`,
        end: () => {
          weather.splits = weather.merges = false;
        },
      };
    },
  },
  {
    name: "wi-fi",
    about: "the access point is gone, or gives no address",
    each: true,
    strike: (_world, device, random) => {
      const { air, hasWiFi } = device;
      if (!hasWiFi || !air.accessPoint || !air.addresses) return undefined;
      const gone = random.chance(0.7);
      if (gone) air.accessPoint = false;
      else air.addresses = false;
      device.powered?.wifi?.lose();
      return {
        what: gone ? "no access point" : "no address",
        end: () => {
          air.accessPoint = air.addresses = true;
        },
      };
    },
  },
];

export function toBroker(device: Device) {
  return (device.powered?.host.connections ?? []).filter(({ remotePort }) => remotePort === MQTT_PORT);
}
