import net from "node:net";
import { bytesOf, callbackOption } from "./io.js";

/** A packet as `read` gives it: with its sender. */
export type Packet = ArrayBuffer & { address: string; port: number };

/** What carries a socket's packets: an operating system's socket, or a network in memory. */
export interface PacketTransport {
  /** Takes `bytes`, which are the transport's from then on. */
  send(bytes: Uint8Array, address: string, port: number): void;
  /** Nothing is reported any more. */
  close(): void;
}

export interface PacketOptions {
  format?: "buffer";
  onReadable?: (this: never, packets: number) => void;
  target?: unknown;
}

/** Packets that wait to be read; the oldest is dropped then, as Moddable's does. */
const PACKET_LIMIT = 16;

/** ECMA-419's UDP socket over any transport, IPv4. */
export abstract class PacketSocket {
  readonly target: unknown;
  #transport: PacketTransport | undefined;
  #onReadable: ReturnType<typeof callbackOption>;
  #packets: Packet[] = [];

  constructor(options: PacketOptions) {
    this.#onReadable = callbackOption(options, "onReadable");
    if (options.format !== undefined) this.format = options.format;
    if (options.target !== undefined) this.target = options.target;
  }

  protected attach(transport: PacketTransport): void {
    this.#transport = transport;
  }

  protected get isOpen(): boolean {
    return this.#transport !== undefined;
  }

  /** A packet has arrived. @param data copied */
  protected arrive(data: Uint8Array, address: string, port: number): void {
    if (!this.#transport) return;
    const packet = new Uint8Array(data).buffer as ArrayBuffer;
    this.#packets.push(Object.assign(packet, { address, port }));
    if (this.#packets.length > PACKET_LIMIT) this.#packets.shift();
    this.#onReadable?.call(this, this.#packets.length);
  }

  get format(): "buffer" {
    return "buffer";
  }

  set format(value: "buffer") {
    if (value !== "buffer") throw new RangeError(`format "${String(value)}" is not supported`);
  }

  /** The oldest packet, which tells its sender in `address` and `port`; `undefined` where there is none. */
  read(): Packet | undefined {
    this.#open();
    return this.#packets.shift();
  }

  write(data: ArrayBuffer | Uint8Array, address: string, port: number): void {
    const transport = this.#open();
    if (net.isIPv4(address) === false) throw new TypeError(`address "${address}" is no IPv4 address`);
    transport.send(bytesOf(data).slice(), address, port);
  }

  close(): void {
    this.#transport?.close();
    this.#transport = undefined;
    this.#packets = [];
  }

  #open(): PacketTransport {
    if (!this.#transport) throw new TypeError("the socket is closed");
    return this.#transport;
  }
}
