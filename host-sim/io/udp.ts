import dgram from "node:dgram";
import net from "node:net";
import { callbackOption, integerOption } from "../chips/options.js";
import { type PacketOptions, PacketSocket } from "./packet-socket.js";

export interface UDPOptions extends PacketOptions {
  /** Hops of a packet, 1 to 255; the operating system's without it. Moddable's option. */
  timeToLive?: number;
  /** Port to receive on; any free one without it. */
  port?: number;
  address?: string;
  onError?: (this: never, reason?: Error) => void;
}

/** ECMA-419's UDP socket on `node:dgram`, IPv4. */
export class UDP extends PacketSocket {
  #socket: dgram.Socket;

  constructor(options: UDPOptions) {
    super(options);
    const onError = callbackOption(options, "onError");
    const port = integerOption(options, "port", 0, 65_535, 0);
    const hops = integerOption(options, "timeToLive", 1, 255, 0);
    const socket = dgram
      .createSocket("udp4")
      .on("message", (data, from) => this.arrive(data, from.address, from.port))
      .on("error", (error) => {
        this.close();
        onError?.call(this, error);
      });
    // Packets that have not gone out: they do also where the program closes the socket behind them.
    let waiting = 0;
    this.attach({
      send: (bytes, address, to) => {
        socket.send(bytes, to, address, (error) => {
          waiting -= 1;
          if (!this.isOpen && waiting === 0) socket.close();
          if (error && this.isOpen) onError?.call(this, error); // of this packet only: the next may well go out
        });
        waiting += 1;
      },
      close: () => {
        if (waiting === 0) socket.close();
      },
    });
    this.#socket = socket;
    socket.bind(port, options.address, () => {
      if (!this.isOpen) return;
      if (hops > 0) socket.setTTL(hops);
      socket.setBroadcast(true);
    });
  }

  /** Joins a multicast group, which takes effect once the socket is bound. Moddable's method. @throws RangeError */
  add(address: string): void {
    this.#inGroup(address, () => this.#socket.addMembership(address));
  }

  /** Leaves a multicast group. */
  remove(address: string): void {
    this.#inGroup(address, () => this.#socket.dropMembership(address));
  }

  #inGroup(address: string, task: () => void): void {
    this.checkOpen();
    const first = net.isIPv4(address) ? Number.parseInt(address, 10) : 0;
    if (first < 224 || first > 239) throw new RangeError(`address "${address}" is no multicast group`);
    task();
  }
}
