import { createHash } from "node:crypto";
import os from "node:os";
import type { Board } from "../../firmware/compose.js";
import MQTTClient from "../../firmware/mqtt/client.js";
import { SimulatedHardware } from "../chips/hardware.js";
import { Resolver } from "../io/resolver.js";
import { Serial } from "../io/serial.js";
import { TCP } from "../io/tcp.js";
import { TLS } from "../io/tls.js";
import { Flash } from "../storage/flash.js";
import { secureOf } from "./credentials.js";
import { VirtualFlash } from "./virtual/flash.js";

export interface LiveOptions {
  /** Topic base of the node: two nodes of one laptop differ in it. */
  topic: string;
  /** Directory of the node's flash; without it the flash is in memory, and gone with the process. */
  state?: string;
}

/** Blocks of the journal, 8 MB: two weeks of a reading every five seconds. */
const JOURNAL_BLOCKS = 2_048;

/** Bytes that a socket takes at once: as many as a window of 1,024 readings needs. */
const SEND_BUFFER = 262_144;

/** A laptop as a board: real sockets and real serial ports; its I2C parts and their room are simulated. */
export function liveBoard(options: LiveOptions): Board {
  const started = performance.now();
  const hardware = new SimulatedHardware(() => performance.now() - started);
  const { state } = options;
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
    mqtt: { io: MQTTClient, packetLimit: 4_096 },
    dns: { io: Resolver },
    tcp: { io: TCP, nodelay: true, sendBuffer: SEND_BUFFER },
    tls: (settings) => ({
      io: TLS,
      nodelay: true,
      sendBuffer: SEND_BUFFER,
      secure: secureOf(settings),
    }),
    serial: (settings) => ({ io: Serial, device: settings.uart }),
    sensors: hardware.sensors,
    journal: {
      open: () =>
        state === undefined
          ? new VirtualFlash(JOURNAL_BLOCKS).open()
          : Flash.open({ directory: state, path: "journal", blocks: JOURNAL_BLOCKS }),
    },
    freeMemory: () => os.freemem(),
  };
}
