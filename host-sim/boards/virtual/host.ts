import type { ResolverClass, TCPClass, UDPClass } from "../../../firmware/ports.js";
import { integerOption } from "../../chips/options.js";
import type { ResolveOptions } from "../../io/resolver.js";
import type { StreamOptions } from "../../io/stream.js";
import { StreamSocket, type Transport } from "../../io/stream-socket.js";
import type { TimerDomain } from "./clock.js";
import type { ClientEnd, Connection } from "./connection.js";
import type { DatagramSocket } from "./datagrams.js";
import type { VirtualNetwork } from "./network.js";
import type { Weather } from "./way.js";

export interface HostOptions {
  /** The host's timers; when they are cut, its sockets are dead. */
  domain: TimerDomain;
  /** The weather of a connection that is being opened. Default: the network's. */
  weather?: (address: string, port: number) => Weather;
  /** Milliseconds until the name server's answer about `host`; `undefined` where none comes. Default: the latency. */
  question?: (host: string) => number | undefined;
  /** Whether a datagram gets lost on its way from the host, or to it. Default: none does. */
  loses?: (up: boolean) => boolean;
}

/** One device's place in a network: its sockets, and its questions to the name server. */
export class VirtualHost {
  readonly TCP: TCPClass;
  readonly UDP: UDPClass;
  readonly Resolver: ResolverClass;
  #network: VirtualNetwork;
  #options: HostOptions;
  #connections = new Set<Connection>();
  #datagrams = new Set<DatagramSocket>();

  /** Made by `VirtualNetwork.host`. */
  constructor(network: VirtualNetwork, options: HostOptions) {
    this.#network = network;
    this.#options = options;
    const host = this;
    this.TCP = class extends VirtualTCP {
      constructor(tcpOptions: VirtualTCPOptions) {
        super(tcpOptions, host, options.domain);
      }
    } as unknown as TCPClass;
    this.UDP = this.#udpClass();
    this.Resolver = class {
      resolve(question: ResolveOptions): void {
        host.#resolve(question);
      }
    } as unknown as ResolverClass;
  }

  /** Its connections, those included that are being opened. */
  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  /** The device is gone at once; its peers are not told. */
  vanish(): void {
    for (const connection of this.connections) connection.vanish();
    for (const socket of [...this.#datagrams]) socket.close();
  }

  #udpClass(): UDPClass {
    const { domain, loses } = this.#options;
    const open = this.#datagrams;
    const Base = this.#network.datagrams.Socket;
    return class extends Base {
      constructor(options: ConstructorParameters<typeof Base>[0]) {
        if (domain.isCut) throw new Error("no power");
        super(options);
        open.add(this);
      }

      override write(data: ArrayBuffer | Uint8Array, address: string, port: number): void {
        if (!loses?.(true)) super.write(data, address, port);
      }

      protected override arrive(data: Uint8Array, address: string, port: number): void {
        if (!loses?.(false)) super.arrive(data, address, port);
      }

      override close(): void {
        open.delete(this);
        super.close();
      }
    } as unknown as UDPClass;
  }

  #resolve({ host, onResolved, onError }: ResolveOptions): void {
    const { domain, question } = this.#options;
    const network = this.#network;
    const delay = question ? question(host) : network.latency;
    if (delay === undefined) return;
    domain.timer.set(() => {
      if (network.blackHole) return;
      const address = network.addressOf(host);
      if (address === undefined) onError?.(host);
      else onResolved?.(host, address);
    }, delay);
  }

  /** For VirtualTCP. */
  connect(address: string, port: number, client: ClientEnd): Transport {
    const { domain, weather } = this.#options;
    const connection = this.#network.connect(
      address,
      port,
      client,
      domain,
      weather?.(address, port),
      (ended) => this.#connections.delete(ended),
    );
    this.#connections.add(connection);
    if (domain.isCut) connection.vanish();
    return connection;
  }
}

interface VirtualTCPOptions extends StreamOptions {
  address: string;
  port: number;
}

/** The TCP class of a virtual network: everything but the wire is the live one's. */
class VirtualTCP extends StreamSocket {
  #domain: TimerDomain;

  constructor(options: VirtualTCPOptions, host: VirtualHost, domain: TimerDomain) {
    super(options);
    this.#domain = domain;
    const port = integerOption(options, "port", 1, 65_535);
    if (!/^[\d.]+$/.test(options.address))
      throw new TypeError(`address "${options.address}" is no IP address`);
    this.attach(
      host.connect(options.address, port, {
        connected: () => domain.run(() => this.onTransportConnected()),
        data: (bytes) => domain.run(() => this.onTransportData(bytes)),
        sent: (count) => domain.run(() => this.onTransportSent(count)),
        failed: (reason) => domain.run(() => this.onTransportFailed(reason)),
      }),
    );
  }

  protected override defer(task: () => void): void {
    this.#domain.timer.set(task, 0);
  }
}
