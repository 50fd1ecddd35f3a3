import type { SensorEntry } from "../../firmware/ports.js";
import { sensorEntry } from "../../firmware/sensors/entry.js";
import { SHT3x } from "../../firmware/sensors/sht3x.js";
import { TMP117 } from "../../firmware/sensors/tmp117.js";
import { Bus } from "./bus.js";
import { Room } from "./room.js";
import { SHT3xChip } from "./sht3x.js";
import { TMP117Chip } from "./tmp117.js";

/** A bus for a board that has none, the parts on it, and the room they are in. */
export class SimulatedHardware {
  readonly bus = new Bus();
  readonly room: Room;
  /** For `Board.sensors`: the firmware's own drivers, on the simulated parts at their usual addresses. */
  readonly sensors: Readonly<Record<string, () => SensorEntry>>;

  /** @param milliseconds the time, from any moment on; the room's temperature follows it */
  constructor(milliseconds: () => number) {
    const room = new Room(milliseconds);
    const temperature = () => room.temperature();
    this.room = room;
    this.bus.attach(0x48, new TMP117Chip(milliseconds, temperature));
    this.bus.attach(0x44, new SHT3xChip(milliseconds, temperature, () => room.humidity()));
    const tmp117 = sensorEntry(TMP117, { sensor: { io: this.bus.SMBus } }, TMP117.RANGE);
    const sht3x = sensorEntry(SHT3x, { sensor: { io: this.bus.I2C } }, SHT3x.RANGE);
    this.sensors = { simulated: () => tmp117, tmp117: () => tmp117, sht3x: () => sht3x };
  }
}
