import net from "node:net";
import { integerOption, unusable } from "../chips/options.js";
import type { StreamOptions } from "./stream.js";
import { StreamSocket, type Transport } from "./stream-socket.js";

export interface TCPOptions extends StreamOptions {
  /** IPv4 or IPv6 address. */
  address?: string;
  port?: number;
  nodelay?: boolean;
  /** Not of ECMA-419: bytes that can be written while none have gone out. Default: as the ESP32, 5,744. */
  sendBuffer?: number;
  /** Takes over this instance's connection, as of one that a Listener's `read` returned; closes it. */
  from?: TCP;
}

/** ECMA-419's TCP socket on `node:net`. A Listener makes one of a Node socket, for `from`. */
export class TCP extends StreamSocket {
  #socket: net.Socket | undefined;

  constructor(options: TCPOptions | net.Socket) {
    super(options instanceof net.Socket ? {} : options);
    if (options instanceof net.Socket) {
      this.#listen(options);
      this.onTransportConnected(); // it is accepted
      return;
    }
    const { from } = options;
    if (from !== undefined) {
      if (!(from instanceof TCP)) throw unusable("TCP socket");
      const remainder = from.detach(); // throws where there is nothing to take, before anything is changed
      const socket = from.#socket as net.Socket;
      for (const event of ["data", "end", "error", "close"]) socket.removeAllListeners(event);
      this.#listen(socket);
      if (!remainder.isConnected) socket.once("connect", () => this.onTransportConnected());
      if (options.nodelay) socket.setNoDelay(true);
      this.adopt(remainder);
      return;
    }
    const port = integerOption(options, "port", 0, 65_535);
    if (typeof options.address !== "string" || net.isIP(options.address) === 0) {
      throw new Error(`address "${String(options.address)}" is no IP address`);
    }
    this.#listen(this.connect(options.address, port, options));
    if (options.nodelay) this.#socket?.setNoDelay(true);
  }

  /** Begins to connect. The `ready` event of what it returns means that bytes can be written. */
  protected connect(address: string, port: number, _options: TCPOptions): net.Socket {
    return net.connect({ host: address, port }).on("connect", () => this.onTransportConnected());
  }

  /** What to say when the other end has closed. */
  protected get ended(): string {
    return "closed by the other end";
  }

  /** Node's reason in words that tell what to do. */
  protected explain(error: NodeJS.ErrnoException): string {
    return explain(error);
  }

  protected override defer(task: () => void): void {
    setImmediate(task);
  }

  #listen(socket: net.Socket): void {
    this.#socket = socket;
    socket
      .on("data", (chunk: Buffer) => this.onTransportData(new Uint8Array(chunk)))
      .on("end", () => this.onTransportFailed(new Error(this.ended)))
      .on("error", (error: NodeJS.ErrnoException) => this.onTransportFailed(new Error(this.explain(error))))
      .on("close", () => this.onTransportFailed(new Error("closed")));
    this.attach(new NodeTransport(socket, (count) => this.onTransportSent(count)));
  }
}

/** How a socket for both kinds of addresses writes an IPv4 address. */
const MAPPED = /^::ffff:(?=\d+\.)/;

class NodeTransport implements Transport {
  #closed = false;
  #isHolding = false;
  #release = () => {
    this.#isHolding = false;
    this.socket.uncork();
  };

  constructor(
    readonly socket: net.Socket,
    readonly onSent: (count: number) => void,
  ) {}

  write(bytes: Uint8Array): void {
    // What is written within one turn goes to the operating system together.
    if (!this.#isHolding) {
      this.#isHolding = true;
      this.socket.cork();
      process.nextTick(this.#release);
    }
    this.socket.write(bytes, (error) => {
      if (!error && !this.#closed) this.onSent(bytes.length);
    });
  }

  flow(resume: boolean): void {
    if (resume) this.socket.resume();
    else this.socket.pause();
  }

  close(): void {
    this.#closed = true;
    this.socket.removeAllListeners("data");
    this.socket.on("data", () => {});
    if (this.socket.connecting) this.socket.destroy();
    else this.socket.destroySoon();
  }

  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress?.replace(MAPPED, "");
  }

  get remotePort(): number | undefined {
    return this.socket.remotePort;
  }
}

/** Node's reasons in words that tell what to do. */
function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return "connection refused: nothing listens there";
    case "ECONNRESET":
      return "reset by the other end";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "no route to it";
    case "ETIMEDOUT":
      return "no answer";
    default:
      return error.message;
  }
}
