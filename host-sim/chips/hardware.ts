import type { DigitalClass, IO, Outputs, SensorEntry } from "../../firmware/ports.js";
import { sensorEntry } from "../../firmware/sensors/entry.js";
import { SHT3x } from "../../firmware/sensors/sht3x.js";
import { TMP117 } from "../../firmware/sensors/tmp117.js";
import { Bus } from "./bus.js";
import type { Digital, DigitalOptions } from "./digital.js";
import { Pins } from "./pins.js";
import { Room } from "./room.js";
import { SHT3xChip } from "./sht3x.js";
import { TMP117Chip } from "./tmp117.js";

/** The options of a pin come from whoever opens it. */
type OutputClass = (new (
  options: DigitalOptions | { mode: number },
) => Digital) & { readonly Output: number };

/** Pins of what conditions the room: relays, and a fan. */
export const COOLER = 26;
export const HEATER = 27;
export const FAN = 25;

/** Pin of a board's own light. */
export const LIGHT = 2;

function output(pins: Pins, pin: number): IO<DigitalClass> {
  return { io: pins.Digital as OutputClass, pin };
}

/** The firmware's drivers of the simulated parts. */
export interface Drivers {
  readonly TMP117: typeof TMP117;
  readonly SHT3x: typeof SHT3x;
  readonly sensorEntry: typeof sensorEntry;
}

/** A light, one for each board. */
export function lightOn(pins: Pins): Outputs {
  return { light: output(pins, LIGHT) };
}

/** A bus and pins for a board that has none, the parts on them, and the room they are in. */
export class SimulatedHardware {
  readonly bus: Bus;
  readonly pins: Pins;
  readonly room: Room;
  /** For `Board.sensors`: the firmware's own drivers, on the simulated parts at their usual addresses. */
  readonly sensors: Readonly<Record<string, () => SensorEntry>>;
  /** For `Board.outputs`: relays of an air conditioner and a heater. */
  readonly outputs: Outputs;

  /**
   * @param milliseconds the time, from any moment on; the room's temperature follows it
   * @param ownsBus the bus is one microcontroller's, whose pins are looked at; else any number of boards share it
   */
  constructor(milliseconds: () => number, ownsBus = false) {
    const room = new Room(milliseconds);
    const temperature = () => room.temperature();
    this.room = room;
    this.pins = new Pins(() => this.#condition());
    this.bus = new Bus(ownsBus ? this.pins : undefined);
    this.bus.attach(0x48, new TMP117Chip(milliseconds, temperature));
    this.bus.attach(0x44, new SHT3xChip(milliseconds, temperature, () => room.humidity()));
    this.outputs = { cooler: output(this.pins, COOLER), heater: output(this.pins, HEATER) };
    this.sensors = this.sensorsOf({ TMP117, SHT3x, sensorEntry });
  }

  /** `sensors` with the drivers of another firmware. */
  sensorsOf(drivers: Drivers): Readonly<Record<string, () => SensorEntry>> {
    const { TMP117, SHT3x } = drivers;
    const tmp117 = drivers.sensorEntry(TMP117, { sensor: { io: this.bus.SMBus } }, TMP117.RANGE);
    const sht3x = drivers.sensorEntry(SHT3x, { sensor: { io: this.bus.I2C } }, SHT3x.RANGE);
    return { simulated: () => tmp117, tmp117: () => tmp117, sht3x: () => sht3x };
  }

  #condition(): void {
    const { pins } = this;
    this.room.condition(Math.max(pins.duty(COOLER), pins.duty(FAN)), pins.duty(HEATER));
  }
}
