/**
 * The one simulated device of a process that runs under `host-sim/register.js`: what is soldered to its pins and buses, and
 * what is in the air. This is where its parts are chosen. A program, or a module that `--import` loads before it, adds
 * parts of its own: `import { bus } from "hearth:board"`, then `bus.attach(0x76, {write(bytes), read(into)})`.
 */

import os from "node:os";
import { SimulatedHardware } from "../chips/hardware.js";
import { Radio } from "../chips/radio.js";
import { SPIBus } from "../chips/spi-bus.js";

const started = performance.now();

/** With a TMP117 at 0x48, a SHT3x at 0x44, and relays and a fan that change the room's temperature (pins 25 to 27). */
const hardware = new SimulatedHardware(() => performance.now() - started, true);

export const { bus, pins, room } = hardware;

/** Nothing is on it. */
export const spi = new SPIBus(pins);

/** As long as `accessPoints` is empty, every network is there. */
export const radio = new Radio({ set: setTimeout, clear: () => {} }, ownMAC());

/** The computer's first network interface's, or one that is nobody's. */
function ownMAC(): string {
  const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const mac = all.find((one) => !one.internal && one.mac !== "00:00:00:00:00:00")?.mac;
  return mac ?? "02:00:00:00:00:02";
}
