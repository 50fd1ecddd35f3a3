import { once } from "node:events";
import type net from "node:net";

/** Lets a server listen on loopback. @param port by default a free one */
export async function listen(server: net.Server, port = 0): Promise<net.Server> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}
