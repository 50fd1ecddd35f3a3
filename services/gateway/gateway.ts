/**
 * The gateway: devices without MQTT on one side, the broker on the other, and a store in between.
 *
 * ```
 *  TCP side, serial side --> session (framing, message) --> intake --> store --> delivery --> broker
 *        \<-------------- commands <-- devices <------------------------------ broker
 * ```
 */

import { type Endpoint, hostPort } from "../../firmware/codec/endpoint.js";
import { QUANTITIES } from "../../firmware/codec/reading.js";
import type { Secure } from "../../host-sim/io/tls.js";
import { BrokerLink } from "./broker-link.js";
import { passOn } from "./commands.js";
import { Counters } from "./counters.js";
import { Delivery } from "./delivery.js";
import { nameOfPort, OWN_NAME } from "./device-name.js";
import { Devices } from "./devices.js";
import { Intake } from "./intake.js";
import { LIMITS, type Limits } from "./limits.js";
import { Notices } from "./notices.js";
import { SerialSide } from "./serial-side.js";
import type { Hub } from "./session.js";
import { Store, storeProblem } from "./store.js";
import { TCPSide } from "./tcp-side.js";

export interface GatewayOptions {
  endpoint: Endpoint;
  /** Needed where the endpoint is `mqtts`. */
  secure: Secure | undefined;
  /** Topics are `<base>/<device>/...`. */
  base: string;
  /** Where TCP clients come; without it there are none. */
  listen?: { host: string; port: number } | undefined;
  serial?: readonly SerialOption[];
  /** Names of devices by the address of a client that gives none. */
  names?: ReadonlyMap<string, string>;
  /** Demanded of TCP clients. */
  password?: string | undefined;
  /** What waits is kept in this file; without it, in a temporary one. */
  store?: string | undefined;
  /** Readings that may wait. */
  keep?: number;
  /** Milliseconds without a word after which a device is offline. */
  silence?: number;
  version?: string;
  limits?: Partial<Limits>;
  events?: GatewayEvents;
}

export interface SerialOption {
  device: string;
  baud: number;
  /** Of a line that names no device; made of the port's otherwise. */
  name?: string | undefined;
}

/** What is told to a person. */
export interface GatewayEvents {
  /** The broker is there (`undefined`), or has gone; once for each change. */
  broker?(lost: string | undefined): void;
  device?(name: string, isOnline: boolean): void;
  note?(text: string): void;
  warning?(text: string): void;
}

/** What the gateway says of itself, each minute to `<base>/gateway/diagnostics`. */
export interface GatewayStatus {
  /** Milliseconds since the start. */
  uptime: number;
  version: string;
  /** TCP connections. */
  connections: number;
  /** Serial ports that are open. */
  ports: number;
  /** Devices that are known, and that are online. */
  devices: number;
  online: number;
  /** Readings in the store. */
  waiting: number;
  /** Readings and statuses at the broker that it has not acknowledged. */
  underWay: number;
  /** Messages that wait for the store. */
  pending: number;
  /** Bytes of text held for clients: what was not looked at, and what they have not read. */
  held: number;
  unread: number;
  accepted: number;
  delivered: number;
  refused: number;
  malformed: number;
  texts: number;
  commands: number;
  commandsRefused: number;
  turnedAway: number;
  denied: number;
  closed: number;
  reconnects: number;
}

export interface RunningGateway {
  /** Of the TCP side; 0 where there is none. */
  readonly port: number;
  status(): GatewayStatus;
  /** Takes nothing more, delivers what it can in a moment, says goodbye. */
  close(): Promise<void>;
}

/** Readings that may wait, by default: 100 devices once a minute for a week, in some 150 MB. */
export const KEEP = 1_000_000;

/** Milliseconds of silence after which a device is offline, by default: three readings of every five minutes. */
export const SILENCE = 900_000;

/** Milliseconds between two looks at silent devices and a silent broker. */
const SWEEP = 250;

/**
 * Starts a gateway.
 * @throws Error with one line where the store, or the port to listen on, cannot be had; for the port with the operating
 * system's `code`
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const gateway = new Gateway(options);
  await gateway.start();
  return gateway;
}

class Gateway implements RunningGateway, Hub {
  readonly limits: Limits;
  readonly intake: Intake;
  readonly devices: Devices;
  readonly counters = new Counters();
  held = 0;
  #options: GatewayOptions;
  #events: GatewayEvents;
  #store: Store;
  #delivery: Delivery;
  #notices: Notices;
  #link: BrokerLink | undefined;
  #tcp: TCPSide | undefined;
  #ports: SerialSide[] = [];
  #startedAt = performance.now();
  #connections = 0;
  #lost: string | undefined;
  /** What the store cannot do now: take readings, forget them. */
  #storeTroubles = new Map<"take" | "forget", string>();
  #timers: NodeJS.Timeout[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#events = options.events ?? {};
    const limits = { ...LIMITS, ...options.limits };
    this.limits = limits;
    this.#store = new Store({ file: options.store, keep: options.keep ?? KEEP });
    this.devices = new Devices({
      names: this.#store.devices,
      limit: limits.devices,
      silence: options.silence ?? SILENCE,
      onStatus: (name, isOnline) => {
        this.#notices.changed(name);
        this.#events.device?.(name, isOnline);
      },
    });
    this.#notices = new Notices({
      limit: limits.notices,
      isOnline: (name) => this.devices.isOnline(name),
      publish: (name, topic, payload, retain, acknowledged) =>
        this.#link?.publish(`${options.base}/${name}/${topic}`, payload, retain, acknowledged),
    });
    this.#delivery = new Delivery({
      store: this.#store,
      limits,
      publish: ({ device, quantity }, text, retain, acknowledged) =>
        this.#link?.publish(`${options.base}/${device}/${QUANTITIES[quantity]}`, text, retain, acknowledged),
      onDelivered: (count) => {
        this.counters.delivered += count;
      },
      onTrouble: (error) =>
        this.#storeTroubled(
          "forget",
          error === undefined
            ? undefined
            : `the store cannot forget what was delivered: ${storeProblem(error)}; it is tried again`,
        ),
    });
    this.intake = new Intake({
      store: this.#store,
      limits,
      onStored: (count) => {
        this.counters.accepted += count;
        this.#delivery.wake();
      },
      onRefused: (count) => {
        this.counters.refused += count;
      },
      onTrouble: (reason) => this.#storeTroubled("take", reason),
    });
  }

  get port(): number {
    return this.#tcp?.port ?? 0;
  }

  now(): number {
    return Date.now();
  }

  reply(device: string, payload: string): boolean {
    return this.#notices.reply(device, payload);
  }

  async start(): Promise<void> {
    const { listen, serial = [], names = new Map(), password, endpoint, secure, base, store } = this.#options;
    if (listen) {
      const tcp = new TCPSide({ hub: this, ...listen, names, password });
      try {
        await tcp.listen();
      } catch (error) {
        this.#store.close();
        const { code } = error as NodeJS.ErrnoException;
        throw Object.assign(new Error(listenProblem(error, listen)), { code });
      }
      this.#tcp = tcp;
    }
    this.#link = new BrokerLink({
      endpoint,
      secure,
      base,
      id: `hearth-gateway-${this.#store.epoch}`,
      keepsSession: store !== undefined,
      onUp: () => this.#up(),
      onDown: (reason) => this.#down(reason),
      onCommand: (device, payload, retained) => this.#command(device, payload, retained),
      onStatus: (status) => this.#contradict(status),
      onWarning: (text) => this.#events.warning?.(text),
    });
    for (const { device, baud, name } of serial) {
      const port = new SerialSide({
        hub: this,
        device,
        baud,
        name: name ?? nameOfPort(device),
        onNote: (text) => this.#events.note?.(text),
        onWarning: (text) => this.#events.warning?.(text),
      });
      this.#ports.push(port);
      port.start();
    }
    this.#timers.push(
      setInterval(() => this.#sweep(), SWEEP),
      setInterval(() => this.#diagnose(), this.limits.diagnostics),
    );
  }

  status(): GatewayStatus {
    return {
      uptime: Math.round(performance.now() - this.#startedAt),
      version: this.#options.version ?? "",
      connections: this.#tcp?.connections ?? 0,
      ports: this.#ports.filter((port) => port.isOpen).length,
      devices: this.devices.size,
      online: this.devices.online,
      waiting: this.#store.waiting,
      underWay: this.#delivery.underWay + this.#notices.underWay,
      pending: this.intake.pending,
      held: this.held,
      unread: this.#tcp?.unread ?? 0,
      ...this.counters,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { goodbye } = this.limits;
    for (const timer of this.#timers) clearInterval(timer);
    this.#tcp?.stop();
    for (const port of this.#ports) port.stop();
    // What has come is stored and answered; what has not is not lost, for it has no receipt.
    this.intake.close();
    await Promise.all([this.#tcp?.close(), ...this.#ports.map((port) => port.finish())]);
    const deadline = performance.now() + goodbye;
    const left = () => Math.max(0, deadline - performance.now());
    await this.#delivery.drained(left());
    this.devices.allOffline();
    await this.#notices.settled(left());
    if (this.#link?.isUp) {
      const told = new Promise<void>((resolve) =>
        this.#link?.publish(`${this.#options.base}/${OWN_NAME}/status`, "offline", true, resolve),
      );
      await Promise.race([told, new Promise((resolve) => setTimeout(resolve, left() + 100).unref())]);
    }
    this.#delivery.close();
    await this.#link?.end(left() + 100);
    const { waiting } = this.#store;
    if (waiting > 0 && this.#options.store === undefined)
      this.#events.warning?.(
        `${waiting} readings that the broker has not taken are lost: --store keeps them`,
      );
    this.#store.close();
  }

  #up(): void {
    this.#connections += 1;
    if (this.#connections > 1) this.counters.reconnects += 1;
    this.#lost = undefined;
    this.#events.broker?.(undefined);
    this.#link?.publish(`${this.#options.base}/${OWN_NAME}/status`, "online", true, () => {});
    this.#notices.connected(this.devices.names);
    this.#delivery.connected();
    this.#diagnose();
  }

  /** Another gateway that shares the base says goodbye for both: this one is there. */
  #contradict(status: string): void {
    if (status !== "offline" || this.#closing) return;
    this.#link?.publish(`${this.#options.base}/${OWN_NAME}/status`, "online", true, () => {});
    this.#events.warning?.(
      `another gateway at this broker has the base "${this.#options.base}": give each its own with --base`,
    );
  }

  #down(reason: string): void {
    this.#delivery.disconnected();
    this.#notices.disconnected();
    if (this.#lost === reason) return;
    this.#lost = reason;
    this.#events.broker?.(reason);
  }

  #command(device: string, payload: Uint8Array, retained: boolean): void {
    // One that is known here only by chance of its name, or not at all: it answers for itself.
    if (!this.devices.knows(device)) return;
    const route = this.devices.routeOf(device);
    const refusal = passOn({ device, payload, retained }, route, this.now(), this.limits.command);
    if (refusal === undefined) {
      this.counters.commands += 1;
      return;
    }
    this.counters.commandsRefused += 1;
    this.#notices.reply(device, refusal);
  }

  #sweep(): void {
    this.devices.sweep(performance.now());
    const since = this.#delivery.silentSince;
    const { acknowledgement } = this.limits;
    if (since > 0 && performance.now() - since > acknowledgement)
      this.#link?.drop(`the broker has acknowledged nothing in ${acknowledgement / 1_000} s`);
  }

  #diagnose(): void {
    this.#link?.tell(`${this.#options.base}/${OWN_NAME}/diagnostics`, JSON.stringify(this.status()));
  }

  /** Once for each change: with a full disk every reading would be a line. */
  #storeTroubled(work: "take" | "forget", reason: string | undefined): void {
    const before = this.#storeTroubles.get(work);
    if (reason === before) return;
    if (reason !== undefined) {
      this.#storeTroubles.set(work, reason);
      this.#events.warning?.(reason);
    } else {
      this.#storeTroubles.delete(work);
      this.#events.note?.(
        `the store ${work === "take" ? "takes readings" : "forgets what was delivered"} again`,
      );
    }
  }
}

function listenProblem(error: unknown, { host, port }: { host: string; port: number }): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const where = hostPort(host, port);
  if (code === "EADDRINUSE") return `${where} is taken by another program`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `${where} is no address of this machine`;
  if (code === "EACCES") return `port ${port} may not be had without more rights: take one above 1023`;
  return `${where}: ${message}`;
}
