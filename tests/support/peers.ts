import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export { freePort, hasProgram, programPath } from "../../host-sim/world/programs.js";

/** Waits until `condition` holds; a test that waits in vain fails by its time-out. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Runs a program and throws with what it said when it fails. */
export function runProgram(name: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(name, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
}

/** A temporary directory; `remove` takes it away again. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "hearth-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A TCP server on loopback at a free port, made of Node alone. */
export interface LoopbackServer {
  readonly port: number;
  readonly sockets: net.Socket[];
  close(): Promise<void>;
}

export async function loopbackServer(onConnection: (socket: net.Socket) => void = () => {}) {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const loopback: LoopbackServer = {
    port: (server.address() as net.AddressInfo).port,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return loopback;
}

/** Two pseudo-terminals, joined like the ends of a serial cable. */
export interface SerialPair {
  readonly a: string;
  readonly b: string;
  /** Pulls the cable: both ends are gone. */
  unplug(): Promise<void>;
  /** Ends it, and removes what it has left. */
  close(): Promise<void>;
}

/** @param where a directory to make them in, which stays; by default one that is removed on `close` */
export async function serialPair(where?: string): Promise<SerialPair> {
  const directory = where === undefined ? temporaryDirectory() : { path: where, remove: () => {} };
  const a = join(directory.path, "a");
  const b = join(directory.path, "b");
  const socat = spawn("socat", ["-d", "-d", `pty,raw,echo=0,link=${a}`, `pty,raw,echo=0,link=${b}`], {
    stdio: "ignore",
  });
  await until(() => (existsSync(a) && existsSync(b)) || socat.exitCode !== null);
  if (socat.exitCode !== null) {
    directory.remove();
    throw new Error(`socat has ended with ${socat.exitCode}`);
  }
  return {
    a,
    b,
    unplug: async () => {
      await ended(socat);
      for (const link of [a, b]) rmSync(link, { force: true });
    },
    close: async () => {
      await ended(socat);
      directory.remove();
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
