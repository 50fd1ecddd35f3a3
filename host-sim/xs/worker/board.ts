/**
 * The board of a firmware on XS: every class and function of it asks the board on Node, which may be a virtual or a live
 * one. The drivers of sensors and the MQTT client are the firmware's own.
 */

import type { Board } from "../../../firmware/compose.js";
import type { Settings } from "../../../firmware/config.js";
import type {
  Bytes,
  Datagram,
  Digest,
  DigitalClass,
  Flash,
  FlashStatus,
  I2CClass,
  IO,
  KeyValue,
  MQTTClientClass,
  NetworkInterface,
  Outputs,
  PWMClass,
  ResolverClass,
  Sample,
  SensorClass,
  SensorEntry,
  SerialClass,
  Slots,
  SMBusClass,
  TCPClass,
  UDPClass,
} from "../../../firmware/ports.js";
import type { SHT3x } from "../../../firmware/sensors/sht3x.js";
import type { TMP117 } from "../../../firmware/sensors/tmp117.js";
import type { Callbacks, Channel } from "./channel.js";
import { type Plain, Request } from "./wire.js";

/** What the firmware brings itself. */
export interface Parts {
  readonly MQTTClient: MQTTClientClass;
  readonly SHT3x: typeof SHT3x;
  readonly TMP117: typeof TMP117;
}

/** Numbers by which the board knows its IO classes. */
export const enum Class {
  TCP = 1,
  UDP,
  RESOLVER,
  /** What the board hands out when asked, such as TLS for some settings, has numbers from here on. */
  ASKED = 16,
}

/** What a board has, as Node describes it. */
export interface Description {
  readonly identity: string;
  /** The node has to set the clock. */
  readonly isClockSettable: boolean;
  readonly hasUDP: boolean;
  readonly hasTLS: boolean;
  readonly hasNetwork: boolean;
  readonly hasSerial: boolean;
  readonly hasOutputs: boolean;
  readonly hasStorage: boolean;
  readonly hasFreeMemory: boolean;
  readonly canRestart: boolean;
  readonly hasWatchdog: boolean;
  readonly sensors: readonly string[];
  /** Erases that a block of the journal stands; `null` where it does not matter. */
  readonly journal: { readonly endurance: number | null } | null;
  /** The kind of the device, where it can be updated. */
  readonly update: string | null;
  readonly resetReason: string | null;
  /** Options of the board's for the MQTT client, beside its class. */
  readonly mqtt: { readonly [option: string]: Plain };
}

/** How the board describes a sensor: by the driver and its bus, or as one that is on Node. */
export interface SensorDescription {
  readonly driver: "TMP117" | "SHT3x" | "remote";
  readonly io: number;
  readonly range: Omit<SensorEntry, "io" | "options">;
}

export function remoteBoard(channel: Channel, description: Description, parts: Parts): Board {
  const ask = (member: string, ...values: Plain[]) => channel.ask([Request.BOARD, member, ...values]);
  const remote = remoteClasses(channel);
  const plain = (settings: Settings) => settings as unknown as Plain;

  const sensors: Record<string, (settings: Settings) => SensorEntry> = {};
  for (const name of description.sensors) {
    sensors[name] = (settings) => {
      const { driver, io, range } = ask("sensor", name, plain(settings)) as SensorDescription;
      if (driver === "TMP117")
        return {
          ...range,
          io: parts.TMP117 as unknown as SensorClass,
          options: { sensor: { io: remote.SMBus(io) } },
        };
      if (driver === "SHT3x")
        return {
          ...range,
          io: parts.SHT3x as unknown as SensorClass,
          options: { sensor: { io: remote.I2C(io) } },
        };
      return { ...range, io: remote.Sensor(io), options: {} };
    };
  }

  const outputs = (settings: Settings): Outputs => {
    const found = ask("outputs", plain(settings)) as Record<
      keyof Outputs,
      { io: number; output: number } | undefined
    >;
    const { cooler, heater, fan, light } = found;
    return {
      ...(cooler && { cooler: { io: remote.Digital(cooler.io, cooler.output) } }),
      ...(heater && { heater: { io: remote.Digital(heater.io, heater.output) } }),
      ...(fan && { fan: { io: remote.PWM(fan.io) } }),
      ...(light && { light: { io: remote.Digital(light.io, light.output) } }),
    };
  };

  const slots: Slots = {
    get isPending() {
      return ask("slots.isPending") as boolean;
    },
    open: () => remote.flash(ask("slots.open") as number),
    activate: () => ask("slots.activate"),
    confirm: () => ask("slots.confirm"),
    goBack: () => ask("slots.goBack"),
  };

  const clock = {
    ticks: () => ask("clock.ticks") as number,
    now: () => ask("clock.now") as number | undefined,
  };

  return {
    identity: description.identity,
    timer: {
      set: (callback, delay) => channel.setTimer(callback, delay),
      clear: (handle) => {
        if (handle !== undefined) channel.clearTimer(handle as number);
      },
    },
    clock: description.isClockSettable ? { ...clock, set: (now) => void ask("clock.set", now) } : clock,
    random: () => ask("random") as number,
    mqtt: { ...description.mqtt, io: parts.MQTTClient },
    dns: { io: remote.Resolver(Class.RESOLVER) },
    tcp: { io: remote.TCP(Class.TCP) },
    sensors,
    ...(description.hasTLS && {
      tls: (settings: Settings): IO<TCPClass> => ({ io: remote.TCP(ask("tls", plain(settings)) as number) }),
    }),
    ...(description.hasUDP && { udp: { io: remote.UDP(Class.UDP) } }),
    ...(description.hasNetwork && { network: () => remote.network() }),
    ...(description.hasSerial && {
      serial: (settings: Settings) => ({ io: remote.Serial(ask("serial", plain(settings)) as number) }),
    }),
    ...(description.hasOutputs && { outputs }),
    ...(description.hasStorage && { storage: remoteStorage(ask) }),
    ...(description.journal && {
      journal: {
        open: () => remote.flash(ask("journal.open") as number),
        ...(description.journal.endurance !== null && { endurance: description.journal.endurance }),
      },
    }),
    ...(description.hasFreeMemory && { freeMemory: () => ask("freeMemory") as number }),
    ...(description.resetReason !== null && { resetReason: description.resetReason }),
    ...(description.canRestart && { restart: () => void ask("restart") }),
    ...(description.hasWatchdog && { watchdog: { feed: () => void ask("watchdog.feed") } }),
    ...(description.update !== null && {
      update: {
        kind: description.update,
        slots,
        digest: () => remote.digest(ask("update.digest") as number),
        verify: (key: Uint8Array, data: Uint8Array, signature: Uint8Array) => {
          const all = new Uint8Array(key.length + signature.length + data.length);
          all.set(key);
          all.set(signature, key.length);
          all.set(data, key.length + signature.length);
          return channel.ask([Request.BOARD, "update.verify", key.length, signature.length], all) as boolean;
        },
      },
    }),
  };
}

function remoteStorage(ask: (member: string, ...values: Plain[]) => unknown): KeyValue {
  return {
    read: (key) => ask("storage.read", key) as string | undefined,
    write: (key, value) => void ask("storage.write", key, value),
    delete: (key) => void ask("storage.delete", key),
  };
}

/** Makes classes, and objects, that stand for those on Node. */
function remoteClasses(channel: Channel) {
  const call = (object: number, method: string, ...values: Plain[]) =>
    channel.ask([Request.CALL, object, method, ...values]);

  /** An object of an IO class on the board. */
  class Remote {
    protected readonly object: number;
    #isOpen = true;

    constructor(io: number, options: object, ...callbacks: string[]) {
      this.object = channel.create(io, plainOf(options), boundTo(this, options, callbacks));
    }

    close(): void {
      if (!this.#isOpen) return;
      this.#isOpen = false;
      channel.release(this.object);
      call(this.object, "close");
    }

    protected call(method: string, ...values: Plain[]): unknown {
      return call(this.object, method, ...values);
    }

    protected give(method: string, bytes: Bytes, ...values: Plain[]): unknown {
      return channel.ask([Request.CALL, this.object, method, ...values], viewOf(bytes));
    }

    /** Fills `into`; `undefined` where there is nothing. */
    protected fill(method: string, into: Uint8Array, ...values: Plain[]): number | undefined {
      const bytes = this.call(method, into.length, ...values) as Uint8Array | undefined;
      if (bytes === undefined) return undefined;
      into.set(bytes);
      return bytes.length;
    }
  }

  return {
    TCP: (io: number) =>
      class extends Remote {
        constructor(options: object) {
          super(io, options, "onReadable", "onWritable", "onError");
        }

        read(what?: Uint8Array | number): ArrayBuffer | number | undefined {
          if (typeof what === "object") return this.fill("read", what);
          const bytes = this.call("read", what ?? null) as Uint8Array | undefined;
          return bytes?.slice().buffer as ArrayBuffer | undefined;
        }

        write(data: Bytes): number | undefined {
          return this.give("write", data) as number | undefined;
        }
      } as unknown as TCPClass,

    UDP: (io: number) =>
      class extends Remote {
        constructor(options: object) {
          super(io, options, "onReadable");
        }

        read(): Datagram | undefined {
          const { plain, bytes } = channel.request([Request.CALL, this.object, "read"]);
          if (!bytes) return undefined;
          const [, address, port] = plain;
          return Object.assign(bytes.slice().buffer, { address, port }) as unknown as Datagram;
        }

        write(data: Bytes, address: string, port: number): void {
          this.give("write", data, address, port);
        }
      } as unknown as UDPClass,

    Serial: (io: number) =>
      class extends Remote {
        constructor(options: object) {
          super(io, options, "onReadable", "onError");
        }

        read(into: Uint8Array): number | undefined {
          return this.fill("read", into);
        }
      } as unknown as SerialClass,

    Resolver: (io: number) =>
      class {
        resolve({ host, onResolved, onError }: Parameters<InstanceType<ResolverClass>["resolve"]>[0]): void {
          const release = () => channel.release(object);
          const object = channel.create(
            io,
            { host },
            {
              onResolved: (name: string, address: string) => {
                release();
                onResolved(name, address);
              },
              onError: (name: string) => {
                release();
                onError(name);
              },
            },
          );
        }
      } as unknown as ResolverClass,

    SMBus: (io: number) =>
      class extends Remote {
        constructor(options: object) {
          super(io, options);
        }

        readUint16(register: number, bigEndian: boolean): number {
          return this.call("readUint16", register, bigEndian) as number;
        }

        writeUint16(register: number, value: number, bigEndian: boolean): void {
          this.call("writeUint16", register, value, bigEndian);
        }
      } as unknown as SMBusClass,

    I2C: (io: number) =>
      class extends Remote {
        constructor(options: object) {
          super(io, options);
        }

        read(buffer: Uint8Array): void {
          this.fill("read", buffer);
        }

        write(buffer: Uint8Array): void {
          this.give("write", buffer);
        }
      } as unknown as I2CClass,

    Digital: (io: number, output: number) =>
      class extends Remote {
        static readonly Output = output;

        constructor(options: object) {
          super(io, options);
        }

        write(value: number): void {
          this.call("write", value);
        }
      } as unknown as DigitalClass,

    PWM: (io: number) =>
      class extends Remote {
        readonly resolution: number;

        constructor(options: object) {
          super(io, options);
          this.resolution = this.call("resolution") as number;
        }

        write(value: number): void {
          this.call("write", value);
        }
      } as unknown as PWMClass,

    Sensor: (io: number) =>
      class extends Remote {
        constructor(options: object) {
          super(io, options, "onError");
        }

        sample(): Sample {
          return this.call("sample") as Sample;
        }
      } as unknown as SensorClass,

    /** @param object what the board has opened */
    flash: (object: number): Flash => ({
      read: (buffer, position) => {
        const bytes = channel.ask([Request.CALL, object, "read", buffer.length, position]) as Uint8Array;
        buffer.set(bytes);
        return bytes.length;
      },
      write: (buffer, position) => {
        channel.ask([Request.CALL, object, "write", position], buffer);
      },
      eraseBlock: (start, end) => void call(object, "eraseBlock", start, end ?? start + 1),
      status: () => call(object, "status") as FlashStatus,
      close: () => void call(object, "close"),
    }),

    digest: (object: number): Digest => ({
      write: (data) => {
        channel.ask([Request.CALL, object, "write"], data);
      },
      close: () => (call(object, "close") as Uint8Array).slice(),
    }),

    network: (): NetworkInterface => ({
      start: (onChanged) => {
        channel.create(channel.ask([Request.BOARD, "network"]) as number, {}, { onChanged });
      },
      get signal() {
        return channel.ask([Request.BOARD, "signal"]) as number | undefined;
      },
    }),
  };
}

/** Options that Node can be told: what is no function, and no class. */
function plainOf(options: object): { [name: string]: Plain } {
  const plain: { [name: string]: Plain } = {};
  for (const [name, value] of Object.entries(options)) {
    if (typeof value !== "function" && typeof value !== "object" && value !== undefined) plain[name] = value;
  }
  return plain;
}

/** The named callbacks of these options, each called on `target`. */
function boundTo(target: object, options: object, names: readonly string[]): Callbacks {
  const callbacks: Record<string, (...values: unknown[]) => void> = {};
  for (const name of names) {
    const callback = (options as Record<string, unknown>)[name];
    if (typeof callback === "function") callbacks[name] = (...values) => callback.apply(target, values);
  }
  return callbacks;
}

function viewOf(bytes: Bytes): Uint8Array {
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
}
