import type { ResolverClass, TCPClass } from "../../../firmware/ports.js";
import type { TimerDomain, VirtualClock } from "./clock.js";
import { type ClientEnd, Connection, type Peer } from "./connection.js";
import { VirtualDatagrams } from "./datagrams.js";
import { type HostOptions, VirtualHost } from "./host.js";
import type { Way, Weather } from "./way.js";

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
  readonly merges = false;
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
    this.datagrams = new VirtualDatagrams(clock, this);
    const host = this.host({ domain: clock.world });
    this.TCP = host.TCP;
    this.Resolver = host.Resolver;
  }

  /** A place in the network for one device. */
  host(options: HostOptions): VirtualHost {
    return new VirtualHost(this, options);
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

  // --- the weather of all connections that have none of their own ------------------------------------------------

  delay(): number {
    return this.latency;
  }

  isStopped(): boolean {
    return this.#blackHole;
  }

  piece(up: boolean): number {
    return up ? 0 : this.segment;
  }

  passLater(way: Way): void {
    this.#stopped.add(way);
  }

  /** Lets `host` have `address`; `undefined` takes the name away. */
  name(host: string, address: string | undefined): void {
    if (address === undefined) this.#names.delete(host);
    else this.#names.set(host, address);
  }

  /** An address is its own. */
  addressOf(host: string): string | undefined {
    return /^[\d.]+$/.test(host) ? host : this.#names.get(host);
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

  /** For VirtualHost. */
  connect(
    address: string,
    port: number,
    client: ClientEnd,
    domain: TimerDomain,
    weather: Weather = this,
    onEnd?: (connection: Connection) => void,
  ): Connection {
    this.connects += 1;
    const connection = new Connection(address, port, weather, this.#clock, domain, client, () => {
      this.#open.delete(connection);
      onEnd?.(connection);
    });
    connection.open(() => {
      const server = this.#servers.get(`${address}:${port}`);
      if (!server) return connection.refuse();
      this.#open.add(connection);
      connection.accept(server);
    });
    return connection;
  }
}
