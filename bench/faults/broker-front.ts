import mqttPacket from "mqtt-packet";
import type { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import type { Peer, VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import type { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { MQTT_PORT } from "./device.js";
import type { Random } from "./random.js";

/** What the broker does with PUBACKs. */
export type Acknowledging = "at once" | "never" | "later" | "in any order";

/** Kinds of MQTT packets, by the upper half of their first byte. */
const enum Kind {
  PUBACK = 4,
  SUBACK = 9,
  PINGRESP = 13,
}

/** An identifier that no client of ours gives to anything. */
const STRAY_ID = 0xfffe;

/** The machine that the broker runs on: what stands between the broker's own code and the network, and fails in its own ways. */
export class BrokerFront {
  acknowledging: Acknowledging = "at once";
  /** Milliseconds that a PUBACK may be late, where it is. */
  lateness = 1_000;
  /** PUBACKs for what nobody has sent come too. */
  strays = false;
  /** Connections are accepted, and nothing is ever said on them. */
  silent = false;
  /** PINGRESP, or SUBACK, is not sent. */
  noPings = false;
  noSubscriptions = false;
  #clock: VirtualClock;
  #net: VirtualNetwork;
  #broker: MemoryBroker;
  #random: Random;
  #host: string;
  #address = 1;
  /** Why connections are refused at present. */
  #closed = new Set<string>();
  #frozen = false;
  #waiting: (() => void)[] = [];

  constructor(clock: VirtualClock, net: VirtualNetwork, broker: MemoryBroker, random: Random, host: string) {
    this.#clock = clock;
    this.#net = net;
    this.#broker = broker;
    this.#random = random;
    this.#host = host;
    net.name(host, this.address);
    this.open("");
  }

  get address(): string {
    return `10.0.${this.#address >> 8}.${this.#address & 0xff}`;
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  /** Connections are refused until `open` with the same cause; those that exist stay. */
  close(cause: string): void {
    this.#closed.add(cause);
    this.#net.listen(this.address, MQTT_PORT, undefined);
  }

  open(cause: string): void {
    this.#closed.delete(cause);
    if (this.#closed.size === 0) this.#net.listen(this.address, MQTT_PORT, (peer) => this.#accept(peer));
  }

  /** Takes another address; its name follows when it is told to. */
  move(): void {
    this.close("move");
    this.#address = (this.#address % 0xfffe) + 1;
    this.open("move");
  }

  named(isNamed: boolean): void {
    this.#net.name(this.#host, isNamed ? this.address : undefined);
  }

  /** The process hangs: what comes waits. */
  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    for (const task of this.#waiting.splice(0)) task();
  }

  /** The process is killed: what waited is gone with it. */
  kill(keepsSessions: boolean): void {
    this.#waiting = [];
    this.#broker.restart();
    if (!keepsSessions) this.#broker.forgetSessions();
  }

  /** Another client with this id connects, and stays for a while. @returns how it leaves */
  intrude(id: string): () => void {
    const peer: Peer = { onData: () => {}, onClose: () => {}, write: () => {}, close: () => {} };
    this.#broker.accept(peer);
    // A lasting session that it began itself would be the device's afterwards, without the device's subscriptions: MQTT
    // has no way to tell.
    const clean = this.#random.chance(0.5) || this.#broker.filters(id).length === 0;
    peer.onData(
      new Uint8Array(
        mqttPacket.generate({ cmd: "connect", clientId: id, clean, keepalive: 60, protocolId: "MQTT" }),
      ),
    );
    return () => peer.onClose();
  }

  #accept(peer: Peer): void {
    if (this.silent) return;
    let isOpen = true;
    const inner: Peer = {
      onData: () => {},
      onClose: () => {},
      write: (bytes) => this.#write(peer, bytes),
      close: () => {
        isOpen = false;
        peer.close();
      },
    };
    peer.onData = (bytes) =>
      this.#do(() => {
        if (isOpen) inner.onData(bytes);
      });
    peer.onClose = () => this.#do(() => inner.onClose());
    this.#do(() => this.#broker.accept(inner));
  }

  #do(task: () => void): void {
    if (this.#frozen) this.#waiting.push(task);
    else task();
  }

  #write(peer: Peer, bytes: Uint8Array): void {
    switch ((bytes[0] >> 4) as Kind) {
      case Kind.PUBACK:
        return this.#acknowledge(peer, bytes);
      case Kind.SUBACK:
        if (this.noSubscriptions) return;
        break;
      case Kind.PINGRESP:
        if (this.noPings) return;
        break;
    }
    peer.write(bytes);
  }

  #acknowledge(peer: Peer, bytes: Uint8Array): void {
    if (this.strays && this.#random.chance(0.2))
      peer.write(Uint8Array.of(0x40, 2, STRAY_ID >> 8, STRAY_ID & 0xff));
    switch (this.acknowledging) {
      case "at once":
        return peer.write(bytes);
      case "never":
        return;
      case "later":
        this.#clock.timer.set(() => peer.write(bytes), this.lateness);
        return;
      case "in any order":
        this.#clock.timer.set(() => peer.write(bytes), this.#random.between(0, this.lateness));
        return;
    }
  }
}
