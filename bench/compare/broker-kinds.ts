import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

/** Milliseconds for Mosquitto to answer, and between two attempts to reach it. */
const START_LIMIT = 5_000;
const START_POLL = 20;

export function hasMosquitto(): boolean {
  return spawnSync("mosquitto", ["-h"], { stdio: "ignore" }).error === undefined;
}

/** A Mosquitto on loopback that keeps nothing. */
export interface Mosquitto {
  readonly port: number;
  /** Settles when it listens. @throws Error where it does not within five seconds */
  ready(): Promise<void>;
  close(): void;
}

/** Begins to start it: whoever gets this has to close it, also before it is ready. */
export async function launchMosquitto(): Promise<Mosquitto> {
  const port = await freePort();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-bench-"));
  const file = path.join(directory, "mosquitto.conf");
  fs.writeFileSync(
    file,
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence false",
      "log_dest none",
      "set_tcp_nodelay true",
      "",
    ].join("\n"),
  );
  // A group of its own: Ctrl-C is for whoever started it.
  const child = spawn("mosquitto", ["-c", file], { stdio: "ignore", detached: true });
  return {
    port,
    ready: () => untilListening(port, child),
    close: () => {
      child.kill("SIGTERM");
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const end = performance.now() + START_LIMIT;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`mosquitto has ended with status ${child.exitCode}`);
    if (performance.now() > end) throw new Error("mosquitto does not listen");
    await new Promise((resolve) => setTimeout(resolve, START_POLL));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    const end = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
