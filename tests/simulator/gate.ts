import net from "node:net";
import type { Wire } from "../scenarios/wire.js";
import { listen } from "./listen.js";

/** The way to the broker: it can be closed, and everything that passes is written down. */
export class Gate {
  readonly port: number;
  readonly #wire: Wire;
  readonly #broker: number;
  readonly #sockets = new Set<net.Socket>();
  #server: net.Server;

  private constructor(server: net.Server, broker: number, wire: Wire) {
    this.#server = server;
    this.#broker = broker;
    this.#wire = wire;
    this.port = (server.address() as net.AddressInfo).port;
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** @param broker its port */
  static async open(broker: number, wire: Wire): Promise<Gate> {
    return new Gate(await listen(net.createServer()), broker, wire);
  }

  /** Ends all connections, and takes no more. */
  async shut(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Takes connections again. */
  async reopen(): Promise<void> {
    this.#server = net.createServer((socket) => this.#accept(socket));
    await listen(this.#server, this.port);
  }

  #accept(device: net.Socket): void {
    const tapped = this.#wire.open("mqtt");
    const broker = net.connect({ port: this.#broker, host: "127.0.0.1", noDelay: true });
    let isOpen = true;
    const ends = (who: "device" | "server") => () => {
      if (isOpen) tapped.end(who);
      isOpen = false;
      device.destroySoon();
      broker.destroySoon();
    };
    for (const [socket, who] of [
      [device, "device"],
      [broker, "server"],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", ends(who));
      socket.on("end", ends(who));
      socket.on("close", ends(who));
      socket.once("close", () => this.#sockets.delete(socket));
    }
    device.setNoDelay();
    device.on("data", (data) => {
      tapped.up(data);
      broker.write(data);
    });
    broker.on("data", (data) => {
      tapped.down(data);
      device.write(data);
    });
  }
}
