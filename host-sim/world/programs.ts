/** Programs of this machine, and ports of loopback. */

import { once } from "node:events";
import { existsSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";

/** Whether the program `name` is on the path. */
export function hasProgram(name: string): boolean {
  return programPath(name) !== undefined;
}

/** Where it is on the path. */
export function programPath(name: string): string | undefined {
  const places = (process.env["PATH"] ?? "").split(":").map((place) => join(place, name));
  return places.find((place) => existsSync(place));
}

/** A port of loopback on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
