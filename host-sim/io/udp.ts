import dgram from "node:dgram";
import net from "node:net";
import { bytesOf, callbackOption, integerOption } from "./io.js";

export interface UDPOptions {
  /** Port to receive on; any free one without it. */
  port?: number;
  address?: string;
  format?: "buffer";
  onReadable?: (this: never, packets: number) => void;
  onError?: (this: never, reason?: Error) => void;
  target?: unknown;
}

/** Packets that wait to be read; the oldest is dropped then, as Moddable's does. */
const PACKET_LIMIT = 16;

/** ECMA-419's UDP socket on `node:dgram`, IPv4. */
export class UDP {
  readonly target: unknown;
  #socket: dgram.Socket | undefined;
  #onError: ReturnType<typeof callbackOption>;
  #packets: (ArrayBuffer & { address: string; port: number })[] = [];

  constructor(options: UDPOptions) {
    const onReadable = callbackOption(options, "onReadable");
    this.#onError = callbackOption(options, "onError");
    const port = integerOption(options, "port", 0, 65_535, 0);
    if (options.format !== undefined) this.format = options.format;
    if (options.target !== undefined) this.target = options.target;
    this.#socket = dgram
      .createSocket("udp4")
      .on("message", (data, from) => {
        const packet = new Uint8Array(data).buffer as ArrayBuffer;
        this.#packets.push(Object.assign(packet, { address: from.address, port: from.port }));
        if (this.#packets.length > PACKET_LIMIT) this.#packets.shift();
        onReadable?.call(this, this.#packets.length);
      })
      .on("error", (error) => {
        this.close();
        this.#onError?.call(this, error);
      });
    this.#socket.bind(port, options.address);
  }

  get format(): "buffer" {
    return "buffer";
  }

  set format(value: "buffer") {
    if (value !== "buffer") throw new RangeError(`format "${String(value)}" is not supported`);
  }

  /** The oldest packet, which tells its sender in `address` and `port`; `undefined` where there is none. */
  read(): (ArrayBuffer & { address: string; port: number }) | undefined {
    this.#open();
    return this.#packets.shift();
  }

  write(data: ArrayBuffer | Uint8Array, address: string, port: number): void {
    const socket = this.#open();
    if (net.isIPv4(address) === false) throw new TypeError(`address "${address}" is no IPv4 address`);
    socket.send(bytesOf(data).slice(), port, address, (error) => {
      if (error && this.#socket) this.#onError?.call(this, error); // of this packet only: the next may well go out
    });
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#packets = [];
  }

  #open(): dgram.Socket {
    if (!this.#socket) throw new TypeError("the socket is closed");
    return this.#socket;
  }
}
