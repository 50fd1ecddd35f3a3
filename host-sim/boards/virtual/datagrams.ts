import type { UDPClass } from "../../../firmware/ports.js";
import { integerOption } from "../../chips/options.js";
import { type PacketOptions, PacketSocket } from "../../io/packet-socket.js";
import type { VirtualClock } from "./clock.js";

export interface Address {
  readonly address: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A packet on its way. */
export interface Flight {
  readonly from: Address;
  readonly to: Address;
  readonly data: Uint8Array;
}

/** What the network does to packets at present. */
export interface Air {
  /** Milliseconds from one end to the other. */
  readonly latency: number;
  /** Nothing gets through. What is lost is lost: nobody repeats a datagram. */
  readonly blackHole: boolean;
}

type Receiver = (data: Uint8Array, from: Address) => void;

/** The address that all boards of a virtual network are seen at, as behind a router; their ports differ. */
const CLIENT = "10.0.0.200";

/** Ports that sockets get which ask for none (RFC 6335, section 6). */
const FIRST_PORT = 49_152;
const PORTS = 16_384;

const ON_TIME: readonly number[] = [0];

/** The datagrams of a virtual network: each takes its time, and may be lost, repeated or late. */
export class VirtualDatagrams {
  /**
   * What becomes of a packet: a delay in milliseconds for each time that it arrives, besides the latency. `[]` loses it,
   * `[0, 0]` repeats it, `[500]` keeps it back.
   */
  fate: (flight: Flight) => readonly number[] = () => ON_TIME;
  /** What the board's stack cannot do at present: there is no memory for a socket, or no route for a packet. */
  broken: "open" | "write" | undefined;
  /** Sockets that are open. */
  open = 0;
  /** The class of all sockets; a host's own is made of it. */
  readonly Socket: new (
    options: VirtualUDPOptions,
  ) => DatagramSocket;
  readonly UDP: UDPClass;
  #clock: VirtualClock;
  #air: Air;
  #receivers = new Map<string, Receiver>();
  #nextPort = 0;

  constructor(clock: VirtualClock, air: Air) {
    this.#clock = clock;
    this.#air = air;
    const datagrams = this;
    this.Socket = class extends DatagramSocket {
      constructor(options: VirtualUDPOptions) {
        super(options, datagrams);
      }
    };
    this.UDP = this.Socket as unknown as UDPClass;
  }

  /** Lets a server have what is sent to `port` at `address`; `undefined` stops it. */
  listen(address: string, port: number, receiver: Receiver | undefined): void {
    const key = `${address}:${port}`;
    if (receiver) this.#receivers.set(key, receiver);
    else this.#receivers.delete(key);
  }

  /** Sends a packet, whoever the sender says that it is. */
  send(data: Uint8Array, from: Address, to: Address): void {
    if (this.#air.blackHole) return;
    const flight: Flight = { from, to, data: data.slice() };
    for (const delay of this.fate(flight)) {
      this.#clock.timer.set(() => {
        if (this.#air.blackHole) return;
        this.#receivers.get(`${to.address}:${to.port}`)?.(flight.data.slice(), from);
      }, this.#air.latency + delay);
    }
  }

  /** For DatagramSocket. @throws Error where the port is taken */
  bind(wanted: number, receiver: Receiver): Address {
    if (this.broken === "open") throw new RangeError("no socket");
    const port = wanted || this.#freePort();
    if (this.#receivers.has(`${CLIENT}:${port}`)) throw new Error(`port ${port} is taken`);
    this.listen(CLIENT, port, receiver);
    this.open += 1;
    return { address: CLIENT, port };
  }

  /** For DatagramSocket. */
  unbind(own: Address): void {
    this.listen(own.address, own.port, undefined);
    this.open -= 1;
  }

  #freePort(): number {
    let port: number;
    do {
      port = FIRST_PORT + (this.#nextPort % PORTS);
      this.#nextPort += 1;
    } while (this.#receivers.has(`${CLIENT}:${port}`));
    return port;
  }
}

interface VirtualUDPOptions extends PacketOptions {
  /** Port to receive on; any free one without it. */
  port?: number;
}

/** The UDP class of a virtual network: everything but the wire is the live one's. */
export class DatagramSocket extends PacketSocket {
  constructor(options: VirtualUDPOptions, datagrams: VirtualDatagrams) {
    super(options);
    const wanted = integerOption(options, "port", 0, 65_535, 0);
    const own = datagrams.bind(wanted, (data, from) => this.arrive(data, from.address, from.port));
    this.attach({
      send: (bytes, address, port) => {
        if (datagrams.broken === "write") throw new Error("UDP send failed");
        datagrams.send(bytes, own, { address, port });
      },
      close: () => datagrams.unbind(own),
    });
  }
}
