import { once } from "node:events";
import net from "node:net";

/** Between clients and a broker on loopback, until it falls silent. */
export interface SilentProxy {
  readonly port: number;
  /**
   * From now on nothing gets through of the connection of the client with this identifier, either way, and neither end is
   * told: what the client sends is taken, as by a network that is slow to find out.
   */
  silence(id: string): void;
  close(): Promise<void>;
}

/** @param broker its port */
export async function startProxy(broker: number): Promise<SilentProxy> {
  const ways = new Map<string, () => void>();
  const sockets = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect({ host: "127.0.0.1", port: broker });
    let isSilent = false;
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(socket);
      socket.on("data", (data: Buffer) => {
        if (!isSilent) other.write(data);
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        if (!isSilent) other.destroy();
      });
    }
    client.once("data", (connect: Buffer) => {
      ways.set(clientId(connect), () => {
        isSilent = true;
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    silence: (id) => {
      const fallSilent = ways.get(id);
      if (!fallSilent) throw new Error(`no connection of the client ${id}`);
      fallSilent();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Of a CONNECT shorter than 128 bytes: behind a fixed header of two bytes, and ten more. */
function clientId(connect: Buffer): string {
  const length = connect.readUInt16BE(12);
  return connect.toString("utf8", 14, 14 + length);
}
