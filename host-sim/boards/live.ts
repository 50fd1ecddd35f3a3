import { createHash } from "node:crypto";
import os from "node:os";
import type { Board } from "../../firmware/compose.js";
import MQTTClient from "../../firmware/mqtt/client.js";
import type { HardwareWatchdog, KeyValue, SerialClass, UpdateBoard } from "../../firmware/ports.js";
import type { Firmware } from "../boot/firmware-image.js";
import { lightOn, SimulatedHardware } from "../chips/hardware.js";
import { Pins } from "../chips/pins.js";
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
  /** Blocks of 4,096 bytes that the journal has. Default: 2,048. */
  journalBlocks?: number;
  /** What outlives a restart of the node. */
  storage?: KeyValue;
  /** Put several boards into one room; by default each has its own. */
  hardware?: SimulatedHardware;
  /** The node wants to be started anew. */
  onRestart?: () => void;
  /** Why the node starts, where it is known; what the last run stored tells otherwise whether it ended on purpose. */
  resetReason?: () => string | undefined;
  /** Where the MQTT client and the sensor drivers come from; by default from this checkout. */
  firmware?: Firmware;
  /** Two slots and what checks an image, where it has them. */
  update?: UpdateBoard;
  watchdog?: HardwareWatchdog;
  /** By default `Serial`, which the main thread of a process alone can use. */
  serial?: SerialClass;
}

/** Blocks of the journal, 8 MB: two weeks of a reading every five seconds. */
const JOURNAL_BLOCKS = 2_048;

/** Bytes that a socket takes at once: as many as a window of 1,024 readings needs. */
const SEND_BUFFER = 262_144;

/** Bytes of each of the client's two buffers: room for any sensible topic. What is longer is two writes, which go out together. */
const PACKET_LIMIT = 1_024;

/** The room of this process, whose time begins now. */
export function simulatedHardware(): SimulatedHardware {
  const started = performance.now();
  return new SimulatedHardware(() => performance.now() - started);
}

/** A laptop as a board: real sockets and real serial ports; its I2C parts and their room are simulated. */
export function liveBoard(options: LiveOptions): Board {
  const { state, storage, onRestart, resetReason, hardware = simulatedHardware() } = options;
  const { firmware, update, watchdog, serial = Serial, journalBlocks: blocks = JOURNAL_BLOCKS } = options;
  const outputs = { ...hardware.outputs, ...lightOn(new Pins()) };
  // In memory it outlives the node, which may be started anew, as flash outlives a reset.
  const flash = state === undefined ? new VirtualFlash(blocks) : undefined;
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
    mqtt: { io: firmware?.MQTTClient ?? MQTTClient, packetLimit: PACKET_LIMIT },
    dns: { io: Resolver },
    tcp: { io: TCP, nodelay: true, sendBuffer: SEND_BUFFER },
    tls: (settings) => ({
      io: TLS,
      nodelay: true,
      sendBuffer: SEND_BUFFER,
      secure: secureOf(settings),
    }),
    serial: (settings) => ({ io: serial, device: settings.uart }),
    sensors: firmware ? hardware.sensorsOf(firmware) : hardware.sensors,
    outputs: () => outputs,
    ...(storage && { storage }),
    ...(onRestart && { restart: onRestart }),
    ...(update && { update }),
    ...(watchdog && { watchdog }),
    get resetReason() {
      return resetReason?.();
    },
    journal: {
      open: () => flash?.open() ?? Flash.open({ directory: state as string, path: "journal", blocks }),
    },
    freeMemory: () => os.freemem(),
  };
}
