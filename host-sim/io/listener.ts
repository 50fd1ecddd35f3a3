import net from "node:net";
import { callbackOption, integerOption } from "./io.js";
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
  readonly target: unknown;
  #server: net.Server;
  #accepted: TCP[] = [];
  #closed = false;

  constructor(options: ListenerOptions) {
    const onReadable = callbackOption(options, "onReadable");
    const onError = callbackOption(options, "onError");
    const port = integerOption(options, "port", 0, 65_535, 0);
    if (options.format !== undefined) this.format = options.format;
    if (options.target !== undefined) this.target = options.target;
    this.#server = net
      .createServer((socket) => {
        this.#accepted.push(new TCP(socket));
        onReadable?.call(this, this.#accepted.length);
      })
      .on("error", (error) => {
        if (!this.#closed) onError?.call(this, error);
      })
      .listen(port, options.address);
  }

  get format(): "socket/tcp" {
    return "socket/tcp";
  }

  set format(value: "socket/tcp") {
    if (value !== "socket/tcp") throw new RangeError(`format "${String(value)}" is not supported`);
  }

  /** The port it listens on, once it does. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  }

  read(): TCP | undefined {
    if (this.#closed) throw new TypeError("the listener is closed");
    return this.#accepted.shift();
  }

  close(): void {
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#accepted) socket.close();
    this.#accepted = [];
  }
}
