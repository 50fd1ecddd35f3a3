import net from "node:net";
import {
  bytesOf,
  type Callback,
  callbackOption,
  checkFormat,
  checkFormatOption,
  optionsOf,
  toInteger,
  unusable,
} from "../chips/options.js";

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
  declare readonly target: unknown;
  #transport: PacketTransport | undefined;
  #onReadable: Callback | undefined;
  #packets: Packet[] = [];

  constructor(given: PacketOptions) {
    const options = optionsOf(given) as PacketOptions;
    this.#onReadable = callbackOption(options, "onReadable");
    checkFormatOption(options, "buffer");
    if ("target" in options) (this as { target: unknown }).target = options.target;
  }

  protected attach(transport: PacketTransport): void {
    this.#transport = transport;
  }

  /** @throws SyntaxError for what is no UDP socket, or closed */
  protected checkOpen(): void {
    PacketSocket.#opened(this);
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
    checkFormat(value, "buffer");
  }

  /** The oldest packet, which tells its sender in `address` and `port`; `undefined` where there is none. */
  read(): Packet | undefined {
    const socket = PacketSocket.#opened(this);
    return socket.#packets.shift();
  }

  write(data: ArrayBuffer | Uint8Array, address: string, port: number): void {
    const transport = PacketSocket.#opened(this).#transport as PacketTransport;
    // Not String(): what does not convert is to throw.
    const host = `${address}`;
    if (!net.isIPv4(host)) throw new RangeError(`address "${host}" is no IPv4 address`);
    transport.send(bytesOf(data).slice(), host, toInteger(port));
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#packets in this)) throw unusable("UDP socket");
    this.#transport?.close();
    this.#transport = undefined;
    this.#packets = [];
  }

  static #opened(receiver: unknown): PacketSocket {
    if (typeof receiver === "object" && receiver !== null && #packets in receiver && receiver.#transport)
      return receiver;
    throw unusable("UDP socket");
  }
}
