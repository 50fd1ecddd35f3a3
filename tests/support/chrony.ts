import dgram from "node:dgram";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { pause } from "./peers.js";
import { Running, scratchDirectory } from "./programs.js";

export interface Chrony {
  readonly port: number;
  readonly running: Running;
}

/**
 * Starts a `chronyd` as a time server on loopback, which leaves this machine's clock alone; `stopAll` ends it.
 * @param isSynchronised it gives out its own time at stratum 8; otherwise it has no source, and says so
 */
export async function startChrony(isSynchronised: boolean): Promise<Chrony> {
  const port = await freeUDPPort();
  const directory = scratchDirectory();
  const configuration = path.join(directory, "chrony.conf");
  const lines = [
    `port ${port}`,
    "bindaddress 127.0.0.1",
    "allow 127.0.0.1",
    "cmdport 0",
    "bindcmdaddress /",
    `pidfile ${path.join(directory, "pid")}`,
    ...(isSynchronised ? ["local stratum 8"] : []),
  ];
  fs.writeFileSync(configuration, `${lines.join("\n")}\n`);
  // -x: does not touch the clock; -U: need not be root; -d: stays in the foreground.
  const running = new Running("chronyd", ["-x", "-U", "-d", "-f", configuration]);
  await running.until(/Disabled control of system clock/);
  await answers(port);
  return { port, running };
}

/** It says nothing when it has opened its port: it is asked until it answers. */
async function answers(port: number): Promise<void> {
  const socket = dgram.createSocket("udp4");
  let isThere = false;
  socket.on("message", () => {
    isThere = true;
  });
  const request = new Uint8Array(48);
  request[0] = 0x23;
  while (!isThere) {
    socket.send(request, port, "127.0.0.1");
    await pause(10);
  }
  socket.close();
}

async function freeUDPPort(): Promise<number> {
  const socket = dgram.createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}
