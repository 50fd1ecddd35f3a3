import { Alarm } from "../../../firmware/alarm.js";
import type { Board } from "../../../firmware/compose.js";
import MQTTClient from "../../../firmware/mqtt/client.js";
import type {
  HardwareWatchdog,
  IO,
  KeyValue,
  MQTTClientClass,
  NetworkInterface,
  Outputs,
  SensorEntry,
  SerialClass,
  Timer,
  UDPClass,
  UpdateBoard,
} from "../../../firmware/ports.js";
import type { Firmware } from "../../boot/firmware-image.js";
import { sharedFirmware } from "../../boot/image.js";
import { lightOn, SimulatedHardware } from "../../chips/hardware.js";
import { Pins } from "../../chips/pins.js";
import { type TimerDomain, VirtualClock, type VirtualClockOptions } from "./clock.js";
import { PowerCut, type VirtualFlash } from "./flash.js";
import type { VirtualHost } from "./host.js";
import { VirtualNetwork } from "./network.js";
import { ownClock } from "./own-clock.js";
import { seededRandom } from "./random.js";
import { VirtualLine } from "./serial.js";

export interface VirtualBoardOptions extends VirtualClockOptions {
  /** All randomness follows from it. Default: 1. */
  seed?: number;
  identity?: string;
  client?: MQTTClientClass;
  /** Put several boards into one world. */
  clock?: VirtualClock;
  net?: VirtualNetwork;
  /** What is left of the board when its power is cut, as far as readings go; none by default. */
  flash?: VirtualFlash;
  /** Bytes that a socket takes at once. Default: as the ESP32. */
  sendBuffer?: number;
  /** The board does not know the time of day, and has to find it out: `world` knows it. */
  clockUnset?: boolean;
  /** `false`: the board has no datagrams. */
  udp?: boolean;
  /** Has a Wi-Fi interface, which is down until `VirtualWiFi.set(true)`. */
  wifi?: VirtualWiFi;
  storage?: KeyValue;
  /** Put several boards into one room; by default each has its own. */
  hardware?: SimulatedHardware;
  /** What it can switch; by default what the simulated hardware has. */
  outputs?: Outputs;
  /** Sensors besides those of the simulated hardware. */
  sensors?: Readonly<Record<string, () => SensorEntry>>;
  resetReason?: string;
  /** The board wants to be reset, by itself or by its hardware watchdog; without it, it has neither. */
  onReset?: (reason: string) => void;
  /** Gets what its callbacks throw; without it that comes to whoever lets time pass. */
  onThrow?: (error: unknown) => void;
}

/** Milliseconds after which a hardware watchdog bites that was not fed. */
const WATCHDOG_TIMEOUT = 30_000;

/** An interface that a test brings up and down. */
export class VirtualWiFi implements NetworkInterface {
  readonly signal = -60;
  #onChanged: ((up: boolean) => void) | undefined;

  start(onChanged: (up: boolean) => void): void {
    this.#onChanged = onChanged;
  }

  set(up: boolean): void {
    this.#onChanged?.(up);
  }
}

/** A board of memory alone: the same seed and the same script give the same run, byte for byte. */
export class VirtualBoard implements Board {
  readonly identity: string;
  readonly clock: VirtualClock;
  /** The clock of the world that the board is in. */
  readonly world: VirtualClock;
  readonly timer: Timer;
  readonly net: VirtualNetwork;
  readonly line: VirtualLine;
  readonly hardware: SimulatedHardware;
  readonly random: () => number;
  mqtt: Board["mqtt"];
  readonly dns: Board["dns"];
  readonly tcp: Board["tcp"];
  declare readonly udp?: IO<UDPClass>;
  readonly serial: () => IO<SerialClass>;
  sensors: Board["sensors"];
  readonly outputs: () => Outputs;
  /** The board's own light is on one of these. */
  readonly light = new Pins();
  declare readonly network?: () => NetworkInterface;
  declare readonly journal?: VirtualFlash;
  declare readonly storage?: KeyValue;
  declare readonly resetReason?: string;
  declare readonly restart?: () => void;
  declare readonly watchdog?: HardwareWatchdog;
  /** Two slots and what checks an image, where it has them. */
  declare update?: UpdateBoard;
  readonly #domain: TimerDomain;
  readonly #host: VirtualHost;
  readonly #bite: Alarm;

  constructor(options: VirtualBoardOptions = {}) {
    const clock = options.clock ?? new VirtualClock(options);
    const net = options.net ?? new VirtualNetwork(clock);
    this.identity = options.identity ?? "020000000001";
    this.world = clock;
    this.clock = options.clockUnset ? ownClock(clock) : clock;
    const domain = clock.domain();
    if (options.onThrow) domain.onThrow = options.onThrow;
    const host = net.host({ domain });
    this.#domain = domain;
    this.#host = host;
    this.timer = domain.timer;
    this.net = net;
    this.line = new VirtualLine(clock);
    this.hardware = options.hardware ?? new SimulatedHardware(() => clock.elapsed);
    this.random = seededRandom(options.seed ?? 1);
    this.mqtt = { io: options.client ?? MQTTClient };
    this.dns = { io: host.Resolver };
    this.tcp = {
      io: host.TCP,
      ...(options.sendBuffer !== undefined && { sendBuffer: options.sendBuffer }),
    };
    if (options.udp !== false) this.udp = { io: host.UDP };
    const Serial = this.line.on(domain);
    this.serial = () => ({ io: Serial });
    this.sensors = { ...this.hardware.sensors, ...options.sensors };
    const outputs = options.outputs ?? { ...this.hardware.outputs, ...lightOn(this.light) };
    this.outputs = () => outputs;
    const { wifi, flash, storage, resetReason, onReset } = options;
    if (flash) this.journal = flash;
    if (wifi) this.network = () => wifi;
    if (storage) this.storage = powered(storage, domain);
    if (resetReason !== undefined) this.resetReason = resetReason;
    this.#bite = new Alarm(clock.timer, { onAlarm: () => onReset?.("watchdog") });
    if (!onReset) return;
    this.restart = () => onReset("software");
    this.watchdog = { feed: () => this.#bite.set(WATCHDOG_TIMEOUT) };
  }

  /** What the bootloader leaves to what it starts: the slots, and a watchdog that runs. */
  boots(update: UpdateBoard): void {
    this.update = update;
    this.watchdog?.feed();
  }

  /**
   * Evaluates an image, and gets what it brings: its firmware is what runs on the board from now on.
   * @throws what the image's code throws
   */
  load(image: Uint8Array): Firmware {
    const firmware = sharedFirmware(image);
    this.mqtt = { io: firmware.MQTTClient };
    this.sensors = { ...this.sensors, ...this.hardware.sensorsOf(firmware) };
    return firmware;
  }

  /** The loop turns no more, for ever. */
  hang(): void {
    this.#domain.hangs = true;
  }

  /** This board is over: nothing of it happens any more, and nobody is told. */
  powerOff(): void {
    this.#bite.clear();
    this.#domain.cut();
    this.#host.vanish();
    this.hardware.pins.release();
    this.light.release();
    this.line.vanish();
    this.journal?.reopen();
  }
}

/** Storage of a board that cannot be reached any more once its power is cut. */
function powered(storage: KeyValue, domain: TimerDomain): KeyValue {
  const reached = () => {
    if (domain.isCut) throw new PowerCut("the power is off");
    return storage;
  };
  return {
    read: (key) => reached().read(key),
    write: (key, value) => reached().write(key, value),
    delete: (key) => reached().delete(key),
  };
}
