/** The ESP32 family: pins and port from the settings, Wi-Fi by the node itself. */

import Digital from "embedded:io/digital";
import I2C from "embedded:io/i2c";
import PWM from "embedded:io/pwm";
import Serial from "embedded:io/serial";
import SMBus from "embedded:io/smbus";
import TCP from "embedded:io/socket/tcp";
import UDP from "embedded:io/socket/udp";
import flash from "embedded:storage/flash";
import KeyValue from "embedded:storage/key-value";
import Time from "time";
import Timer from "timer";
import type { Board } from "../compose.js";
import type { Settings } from "../config.js";
import type {
  DigitalClass,
  Flash,
  I2CClass,
  IO,
  MQTTClientClass,
  Outputs,
  PWMClass,
  SerialClass,
  SMBusClass,
  KeyValue as Storage,
  TCPClass,
  UDPClass,
} from "../ports.js";
import { sensorEntry } from "../sensors/entry.js";
import { SHT3x } from "../sensors/sht3x.js";
import { TMP117 } from "../sensors/tmp117.js";
import { FIRST_DAY } from "../version.js";
import { freeMemory, resetReason, restart, watchdog } from "./esp32-system.js";
import { update } from "./esp32-update.js";
import MQTTClient from "./mqtt.js";
import { SystemResolver } from "./resolver.js";
import { openTLS } from "./tls/open.js";
import { macAddress, openStation } from "./wifi.js";

/** UART 0 is the one behind the USB port, which the debugger has. */
const DEFAULT_UART = 1;

/** The UART that the setting names; one that there is not, which the class refuses, where it names none. */
function uartPort(settings: Settings): number {
  const port = settings.uart === "" ? DEFAULT_UART : Number(settings.uart);
  return Number.isInteger(port) ? port : -1;
}

function pins(settings: Settings): { data: number; clock: number; address?: number } {
  const { data, clock, address } = settings;
  return address === 0 ? { data, clock } : { data, clock, address };
}

/** Hertz: above what is heard, and what a fan's electronics take (Intel's specification of 4-wire fans: 21 to 28 kHz). */
const FAN_HZ = 25_000;

/** What is at the pins that the settings name. */
function outputs({ cooler, heater, fan, led, relay }: Settings): Outputs {
  const digital = Digital as unknown as DigitalClass;
  const activeLow = relay === "low";
  return {
    ...(cooler >= 0 && { cooler: { io: digital, pin: cooler, activeLow } }),
    ...(heater >= 0 && { heater: { io: digital, pin: heater, activeLow } }),
    ...(fan >= 0 && { fan: { io: PWM as unknown as PWMClass, pin: fan, hz: FAN_HZ } }),
    ...(led >= 0 && { light: { io: digital, pin: led } }),
  };
}

/** The NVS partition; without it, as when it cannot be read, the node runs on the image's settings. */
function openStorage(): Storage | undefined {
  try {
    return KeyValue.open({ path: "hearth", format: "string" }) as unknown as Storage;
  } catch {
    trace("warning: the NVS partition cannot be opened: the image's settings are used\n");
    return undefined;
  }
}

const storage = openStorage();

/** Erases that a block is given. The datasheets of the common chips promise ten times as many. */
const ENDURANCE = 10_000;

/** The partition in which readings wait. @throws Error where the flash was laid out without it */
function openJournal(): Flash {
  return flash.open({ path: "journal", mode: "r+" }) as unknown as Flash;
}

const board: Board = {
  identity: macAddress(),
  timer: Timer,
  clock: {
    ticks: () => Time.ticks,
    // ESP-IDF keeps it over a restart; after a power cut it begins with 1970 ("System Time" in its guide).
    now: () => {
      const now = Date.now();
      return now < FIRST_DAY ? undefined : now;
    },
    set: (now) => Time.set(Math.round(now / 1_000)),
  },
  random: Math.random,
  mqtt: { io: MQTTClient as unknown as MQTTClientClass },
  dns: { io: SystemResolver },
  tcp: { io: TCP as unknown as TCPClass, nodelay: true },
  tls: (settings) => openTLS(settings, board.tcp, board.clock),
  udp: { io: UDP as unknown as UDPClass },
  network: openStation,
  serial: (settings): IO<SerialClass> => ({
    io: Serial as unknown as SerialClass,
    port: uartPort(settings),
    receive: settings.receive,
  }),
  sensors: {
    tmp117: (settings) =>
      sensorEntry(
        TMP117,
        { sensor: { io: SMBus as unknown as SMBusClass, ...pins(settings) } },
        TMP117.RANGE,
      ),
    sht3x: (settings) =>
      sensorEntry(SHT3x, { sensor: { io: I2C as unknown as I2CClass, ...pins(settings) } }, SHT3x.RANGE),
  },
  outputs,
  ...(storage && { storage }),
  freeMemory,
  resetReason: resetReason(),
  restart,
  watchdog,
  journal: { open: openJournal, endurance: ENDURANCE },
  update,
};

export default board;
