/**
 * Moddable's desktop simulator: its real sockets and serial ports, files in place of flash; the I2C parts and their
 * room are simulated.
 */

import Serial from "embedded:io/serial";
import TCP from "embedded:io/socket/tcp";
import UDP from "embedded:io/socket/udp";
import Time from "time";
import Timer from "timer";
import { lightOn, SimulatedHardware } from "../../host-sim/chips/hardware.js";
import { Pins } from "../../host-sim/chips/pins.js";
import type { Board } from "../compose.js";
import type { IO, MQTTClientClass, SerialClass, TCPClass, UDPClass } from "../ports.js";
import kept from "./kept.js";
import MQTTClient from "./mqtt.js";
import { SystemResolver } from "./resolver.js";
import { openTLS } from "./tls/open.js";

/** The simulator's class reads into new buffers only; the firmware fills its own, as ECMA-419 has it. */
class FillingSerial {
  #serial: Serial;

  constructor(options: ConstructorParameters<typeof Serial>[0]) {
    this.#serial = new Serial(options);
  }

  read(into: Uint8Array): number | undefined {
    const data = this.#serial.read(into.length) as ArrayBuffer | undefined;
    if (data === undefined) return undefined;
    into.set(new Uint8Array(data));
    return data.byteLength;
  }

  close(): void {
    // Not now: closed in its onError, the SDK's class goes on to use what it has freed.
    Timer.set(() => this.#serial.close(), 0);
  }
}

const started = Time.ticks;

const hardware = new SimulatedHardware(() => Time.delta(started, Time.ticks));
const outputs = { ...hardware.outputs, ...lightOn(new Pins()) };

/** The simulator's Math.random gives the same numbers at each start; the moment of the start shifts them, from 0 to 1. */
const shift = (Date.now() % 1_000_003) / 1_000_003;

const board: Board = {
  // One simulator at a time is what a desktop runs; a second one gets an id of its own in the settings.
  identity: "simulator",
  timer: Timer,
  // The operating system sets it; with a `set` beside these two, the node would ask time servers.
  clock: {
    ticks: () => Time.ticks,
    now: () => Date.now(),
  },
  random: () => (Math.random() + shift) % 1,
  mqtt: { io: MQTTClient as unknown as MQTTClientClass },
  dns: { io: SystemResolver },
  tcp: { io: TCP as unknown as TCPClass, nodelay: true },
  tls: (settings) => openTLS(settings, board.tcp, board.clock),
  udp: { io: UDP as unknown as UDPClass },
  serial: (settings): IO<SerialClass> => ({
    io: FillingSerial as unknown as SerialClass,
    device: settings.uart,
  }),
  sensors: hardware.sensors,
  outputs: () => outputs,
  ...kept,
};

export default board;
