import type { ResolverClass, TCPClass } from "../../../firmware/ports.js";
import { integerOption } from "../../io/io.js";
import type { ResolveOptions } from "../../io/resolver.js";
import { StreamSocket, type StreamSocketOptions, type Transport } from "../../io/stream-socket.js";
import type { VirtualClock } from "./clock.js";

/** The server's end of a connection in memory. */
export interface Peer {
  onData: (bytes: Uint8Array) => void;
  /** The client has closed. */
  onClose: () => void;
  /** Sends to the client. */
  write(bytes: Uint8Array): void;
  /** Ends the connection; what was written arrives before. */
  close(): void;
}

/**
 * A network in memory: names, addresses, servers, and connections whose bytes take time. Faults are set on it from
 * outside and hold until they are taken back.
 */
export class VirtualNetwork {
  /** Milliseconds from one end to the other. */
  latency = 5;
  /** Connections are accepted and then nothing gets through, either way. */
  blackHole = false;
  /** Bytes that arrive at the client at once; 0 leaves what was written together. */
  segment = 0;
  /** Attempts to connect. */
  connects = 0;
  #clock: VirtualClock;
  #names = new Map<string, string>();
  #servers = new Map<string, (peer: Peer) => void>();
  #open = new Set<Connection>();
  readonly TCP: TCPClass;
  readonly Resolver: ResolverClass;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    const network = this;
    this.TCP = class extends VirtualTCP {
      constructor(options: VirtualTCPOptions) {
        super(options, network, clock);
      }
    } as unknown as TCPClass;
    this.Resolver = class {
      resolve(options: ResolveOptions): void {
        network.#resolve(options);
      }
    } as unknown as ResolverClass;
  }

  /** Lets `host` have `address`; `undefined` takes the name away. */
  name(host: string, address: string | undefined): void {
    if (address === undefined) this.#names.delete(host);
    else this.#names.set(host, address);
  }

  /** Lets a server accept connections; `undefined` stops it, which does not end its connections. */
  listen(address: string, port: number, onConnection: ((peer: Peer) => void) | undefined): void {
    const key = `${address}:${port}`;
    if (onConnection) this.#servers.set(key, onConnection);
    else this.#servers.delete(key);
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#open.size;
  }

  /** Resets all connections: both ends see an error. */
  resetAll(): void {
    for (const connection of [...this.#open]) connection.reset();
  }

  #resolve({ host, onResolved, onError }: ResolveOptions): void {
    this.#clock.timer.set(() => {
      if (this.blackHole) return;
      const address = /^[\d.]+$/.test(host) ? host : this.#names.get(host);
      if (address === undefined) onError?.(host);
      else onResolved?.(host, address);
    }, this.latency);
  }

  /** For VirtualTCP. */
  connect(address: string, port: number, client: ClientEnd): Transport {
    this.connects += 1;
    const connection = new Connection(this, this.#clock, client, () => this.#open.delete(connection));
    this.#clock.timer.set(() => {
      if (this.blackHole) return;
      const server = this.#servers.get(`${address}:${port}`);
      if (!server) return connection.refuse();
      this.#open.add(connection);
      connection.accept(server);
    }, this.latency * 2);
    return connection;
  }
}

interface ClientEnd {
  connected(): void;
  data(bytes: Uint8Array): void;
  sent(count: number): void;
  failed(reason: Error): void;
}

class Connection implements Transport, Peer {
  readonly remoteAddress = undefined;
  readonly remotePort = undefined;
  onData: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  #network: VirtualNetwork;
  #clock: VirtualClock;
  #client: ClientEnd;
  #onEnd: () => void;
  #clientOpen = true;
  #serverOpen = false;
  /** What arrives while the client does not read. */
  #held: (() => void)[] | undefined;

  constructor(network: VirtualNetwork, clock: VirtualClock, client: ClientEnd, onEnd: () => void) {
    this.#network = network;
    this.#clock = clock;
    this.#client = client;
    this.#onEnd = onEnd;
  }

  #later(task: () => void): void {
    this.#clock.timer.set(task, this.#network.latency);
  }

  accept(server: (peer: Peer) => void): void {
    if (!this.#clientOpen) return this.#onEnd();
    this.#serverOpen = true;
    server(api(this));
    this.#client.connected();
  }

  refuse(): void {
    if (this.#clientOpen) this.#client.failed(new Error("connection refused"));
  }

  reset(): void {
    this.#onEnd();
    if (this.#serverOpen) {
      this.#serverOpen = false;
      this.onClose();
    }
    if (this.#clientOpen) this.#client.failed(new Error("reset"));
  }

  // --- the client's end --------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): void {
    if (this.#network.blackHole) return;
    this.#later(() => {
      if (this.#network.blackHole) return;
      if (this.#serverOpen) this.onData(bytes);
      if (this.#clientOpen) this.#client.sent(bytes.length);
    });
  }

  flow(resume: boolean): void {
    if (!resume) this.#held ??= [];
    else if (this.#held) {
      const held = this.#held;
      this.#held = undefined;
      this.#clock.timer.set(() => {
        for (const task of held) this.#arrive(task);
      }, 0);
    }
  }

  close(): void {
    this.#clientOpen = false;
    this.#onEnd();
    if (!this.#serverOpen || this.#network.blackHole) return;
    this.#later(() => {
      if (!this.#serverOpen) return;
      this.#serverOpen = false;
      this.onClose();
    });
  }

  // --- the server's end --------------------------------------------------------------------------------------------

  serverWrite(bytes: Uint8Array): void {
    if (!this.#serverOpen || this.#network.blackHole) return;
    const size = this.#network.segment || bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.slice(at, at + size);
      this.#later(() => this.#arrive(() => this.#client.data(piece)));
    }
  }

  serverClose(): void {
    if (!this.#serverOpen) return;
    this.#serverOpen = false;
    this.#later(() =>
      this.#arrive(() => {
        this.#onEnd();
        this.#client.failed(new Error("closed by the other end"));
      }),
    );
  }

  #arrive(task: () => void): void {
    if (!this.#clientOpen || this.#network.blackHole) return;
    if (this.#held) this.#held.push(task);
    else task();
  }
}

/** The server's view of a connection. */
function api(connection: Connection): Peer {
  return {
    set onData(callback: (bytes: Uint8Array) => void) {
      connection.onData = callback;
    },
    set onClose(callback: () => void) {
      connection.onClose = callback;
    },
    write: (bytes) => connection.serverWrite(bytes),
    close: () => connection.serverClose(),
  };
}

interface VirtualTCPOptions extends StreamSocketOptions {
  address: string;
  port: number;
}

/** The TCP class of a virtual network: everything but the wire is the live one's. */
class VirtualTCP extends StreamSocket {
  #clock: VirtualClock;

  constructor(options: VirtualTCPOptions, network: VirtualNetwork, clock: VirtualClock) {
    super(options);
    this.#clock = clock;
    const port = integerOption(options, "port", 1, 65_535);
    if (!/^[\d.]+$/.test(options.address))
      throw new TypeError(`address "${options.address}" is no IP address`);
    this.attach(
      network.connect(options.address, port, {
        connected: () => this.onTransportConnected(),
        data: (bytes) => this.onTransportData(bytes),
        sent: (count) => this.onTransportSent(count),
        failed: (reason) => this.onTransportFailed(reason),
      }),
    );
  }

  protected override defer(task: () => void): void {
    this.#clock.timer.set(task, 0);
  }
}
