import { createHash } from "node:crypto";
import os from "node:os";
import type { Board } from "../../firmware/compose.js";
import MQTTClient from "../../firmware/mqtt/client.js";
import { SimulatedHardware } from "../chips/hardware.js";
import { Resolver } from "../io/resolver.js";
import { Serial } from "../io/serial.js";
import { TCP, TLS } from "../io/tcp.js";

export interface LiveOptions {
  /** Topic base of the node: two nodes of one laptop differ in it. */
  topic: string;
  /** Certificates to trust instead of the system's, PEM. */
  ca?: string;
}

/** A laptop as a board: real sockets and real serial ports; its I2C parts and their room are simulated. */
export function liveBoard(options: LiveOptions): Board {
  const started = performance.now();
  const hardware = new SimulatedHardware(() => performance.now() - started);
  const { ca } = options;
  return {
    // The same at each start, so that a broker finds the session again.
    identity: createHash("sha256").update(`${os.hostname()}\0${options.topic}`).digest("hex").slice(0, 12),
    timer: {
      set: (callback, delay) => setTimeout(callback, delay),
      clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
    },
    clock: {
      ticks: () => performance.now() | 0,
      now: () => Date.now(),
    },
    random: Math.random,
    mqtt: { io: MQTTClient },
    dns: { io: Resolver },
    tcp: { io: TCP, nodelay: true },
    tls: { io: TLS, nodelay: true, ...(ca !== undefined && { secure: { certificate: ca } }) },
    serial: (settings) => ({ io: Serial, device: settings.uart }),
    sensors: hardware.sensors,
    freeMemory: () => os.freemem(),
  };
}
