import net from "node:net";
import { Aedes } from "aedes";

/** An MQTT broker in this process, for a laptop that has none. */
export interface EmbeddedBroker {
  readonly port: number;
  /**
   * As a broker that is restarted, with its sessions: ends all connections, and for so many milliseconds nobody can connect.
   * @param stays beginning of the client identifiers that are left alone: what is on its way to a client is lost with its
   * connection
   */
  restart(away: number, stays?: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts it on loopback.
 * @param port 0 takes any free one
 * @throws the operating system's error where the port is taken
 */
export async function startEmbeddedBroker(port: number): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker();
  const server = net.createServer(broker.handle);
  const sockets = new Set<net.Socket>();
  /** Client identifiers, by socket. */
  const ids = new WeakMap<object, string>();
  broker.on("client", ({ id, conn }) => ids.set(conn, id));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  }).catch(async (error: unknown) => {
    await new Promise<void>((resolve) => broker.close(resolve));
    throw error;
  });
  const bound = (server.address() as net.AddressInfo).port;
  let isClosed = false;
  return {
    port: bound,
    restart: async (away, stays) => {
      server.close();
      const isLeft = (socket: net.Socket) => stays !== undefined && ids.get(socket)?.startsWith(stays);
      for (const socket of sockets) if (!isLeft(socket)) socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, away));
      if (isClosed) return;
      await new Promise<void>((resolve) => server.listen(bound, "127.0.0.1", resolve));
    },
    close: async () => {
      isClosed = true;
      await new Promise<void>((resolve) => broker.close(resolve));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
