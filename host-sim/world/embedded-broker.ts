import net from "node:net";
import { Aedes } from "aedes";

/** An MQTT broker in this process, for a laptop that has none. */
export interface EmbeddedBroker {
  readonly port: number;
  /**
   * As a broker that is restarted, with its sessions: ends all connections, and for so many milliseconds nobody can connect.
   * @param stays client identifier of one that is left alone: what is on its way to a client is lost with its connection
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
  /** By client identifier, the latest. */
  const connections = new Map<string, unknown>();
  broker.on("client", ({ id, conn }) => connections.set(id, conn));
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
  return {
    port: bound,
    restart: async (away, stays) => {
      server.close();
      const kept = stays === undefined ? undefined : connections.get(stays);
      for (const socket of sockets) if (socket !== kept) socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, away));
      await new Promise<void>((resolve) => server.listen(bound, "127.0.0.1", resolve));
    },
    close: async () => {
      await new Promise<void>((resolve) => broker.close(resolve));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
