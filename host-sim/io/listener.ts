import net from "node:net";
import {
  callbackOption,
  checkFormat,
  checkFormatOption,
  integerOption,
  optionsOf,
  unusable,
} from "../chips/options.js";
import { TCP } from "./tcp.js";

export interface ListenerOptions {
  /** 0 takes a free one, which `port` then tells. */
  port?: number;
  /** Default: all interfaces. */
  address?: string;
  format?: "socket/tcp";
  onReadable?: (this: never, count: number) => void;
  onError?: (this: never, reason?: Error) => void;
  target?: unknown;
}

/** ECMA-419's TCP listener socket on `node:net`. What `read` returns goes to `new TCP({from})`. */
export class Listener {
  declare readonly target: unknown;
  #server: net.Server;
  #accepted: TCP[] = [];
  #closed = false;

  /** @throws Error where the port is taken; with an address, which Node looks up first, `onError` tells that */
  constructor(given: ListenerOptions) {
    const options = optionsOf(given) as ListenerOptions;
    const onReadable = callbackOption(options, "onReadable");
    const onError = callbackOption(options, "onError");
    const port = integerOption(options, "port", 0, 65_535, 0);
    checkFormatOption(options, "socket/tcp");
    if ("target" in options) (this as { target: unknown }).target = options.target;
    this.#server = net
      .createServer((socket) => {
        this.#accepted.push(new TCP(socket));
        onReadable?.call(this, this.#accepted.length);
      })
      .on("error", (error) => {
        if (!this.#closed) onError?.call(this, error);
      })
      .listen(port, options.address);
    if (options.address === undefined && this.#server.address() === null) {
      this.#closed = true;
      throw new Error(`port ${port} cannot be listened on: it is in use, or reserved`);
    }
  }

  get format(): "socket/tcp" {
    return "socket/tcp";
  }

  set format(value: "socket/tcp") {
    checkFormat(value, "socket/tcp");
  }

  /** The port it listens on, once it does. */
  get port(): number | undefined {
    const address = Listener.#opened(this).#server.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  }

  read(): TCP | undefined {
    return Listener.#opened(this).#accepted.shift();
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#closed in this)) throw unusable("listener");
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#accepted) socket.close();
    this.#accepted = [];
  }

  static #opened(receiver: unknown): Listener {
    if (typeof receiver === "object" && receiver !== null && #closed in receiver && !receiver.#closed)
      return receiver;
    throw unusable("listener");
  }
}
