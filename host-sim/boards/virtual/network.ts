import type { ResolverClass, TCPClass } from "../../../firmware/ports.js";
import { integerOption } from "../../io/io.js";
import type { ResolveOptions } from "../../io/resolver.js";
import type { StreamOptions } from "../../io/stream.js";
import { StreamSocket, type Transport } from "../../io/stream-socket.js";
import type { VirtualClock } from "./clock.js";
import { type ClientEnd, Connection, type Peer, Way, type Weather } from "./connection.js";
import { VirtualDatagrams } from "./datagrams.js";

export type { Peer };

/**
 * A network in memory: names, addresses, servers, and connections whose bytes take time. Faults are set on it from
 * outside and hold until they are taken back.
 */
export class VirtualNetwork implements Weather {
  /** Milliseconds from one end to the other. */
  latency = 5;
  /** Bytes that arrive at the client at once; 0 leaves what was written together. */
  segment = 0;
  /** Attempts to connect. */
  connects = 0;
  #clock: VirtualClock;
  #blackHole = false;
  #stopped = new Set<Way>();
  #names = new Map<string, string>();
  #servers = new Map<string, (peer: Peer) => void>();
  #open = new Set<Connection>();
  readonly TCP: TCPClass;
  readonly datagrams: VirtualDatagrams;
  readonly Resolver: ResolverClass;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    const network = this;
    this.TCP = class extends VirtualTCP {
      constructor(options: VirtualTCPOptions) {
        super(options, network, clock);
      }
    } as unknown as TCPClass;
    this.datagrams = new VirtualDatagrams(clock, this);
    this.Resolver = class {
      resolve(options: ResolveOptions): void {
        network.#resolve(options);
      }
    } as unknown as ResolverClass;
  }

  /**
   * Nothing gets through, either way. Once it is taken back, what was sent meanwhile arrives, as TCP repeats it; what a
   * client sent that has closed since does not.
   */
  get blackHole(): boolean {
    return this.#blackHole;
  }

  set blackHole(value: boolean) {
    this.#blackHole = value;
    if (value) return;
    const stopped = [...this.#stopped];
    this.#stopped.clear();
    for (const way of stopped) this.#clock.timer.set(() => way.pass(), this.latency);
  }

  /** For Way: passes again when the black hole is gone. */
  passLater(way: Way): void {
    this.#stopped.add(way);
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

  /** What `task` closes is gone without a word to the other end, as when the power fails. */
  silently(task: () => void): void {
    const before = this.#blackHole;
    this.#blackHole = true;
    task();
    this.#blackHole = before;
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
    new Way(this, this.#clock).send(() => {
      const server = this.#servers.get(`${address}:${port}`);
      if (!server) return connection.refuse();
      this.#open.add(connection);
      connection.accept(server);
    }, this.latency * 2);
    return connection;
  }
}

interface VirtualTCPOptions extends StreamOptions {
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
