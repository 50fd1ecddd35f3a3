import dgram from "node:dgram";
import { callbackOption, integerOption } from "./io.js";
import { type PacketOptions, PacketSocket } from "./packet-socket.js";

export interface UDPOptions extends PacketOptions {
  /** Port to receive on; any free one without it. */
  port?: number;
  address?: string;
  onError?: (this: never, reason?: Error) => void;
}

/** ECMA-419's UDP socket on `node:dgram`, IPv4. */
export class UDP extends PacketSocket {
  constructor(options: UDPOptions) {
    super(options);
    const onError = callbackOption(options, "onError");
    const port = integerOption(options, "port", 0, 65_535, 0);
    const socket = dgram
      .createSocket("udp4")
      .on("message", (data, from) => this.arrive(data, from.address, from.port))
      .on("error", (error) => {
        this.close();
        onError?.call(this, error);
      });
    this.attach({
      send: (bytes, address, to) =>
        socket.send(bytes, to, address, (error) => {
          if (error && this.isOpen) onError?.call(this, error); // of this packet only: the next may well go out
        }),
      close: () => socket.close(),
    });
    socket.bind(port, options.address);
  }
}
