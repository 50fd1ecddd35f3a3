import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import type { ProgramOptions } from "../scenarios/program/program.js";
import { Display } from "./display.js";
import { listen } from "./listen.js";

/** Milliseconds within which the simulator must be there, and within which a program must have ended. */
const TIMEOUT = 30_000;

/** In the home directory: the simulator runs a copy of the program from there, and does not make the folder. */
const COPIES = ".config/tech.moddable.mcsim";

/**
 * A port of loopback on which nothing listens. The SDK's TCP class on Linux writes to connections that the other end has
 * reset, and a simulator that has found a debugger dies of the signal; without one it ignores it, and has an error, as a
 * device has.
 */
const NO_DEBUGGER = "1";

/** What the program in the simulator says. */
interface Said {
  readonly told?: string;
  readonly stopped?: boolean;
}

/** Moddable's simulator without a screen, started and ended as often as one likes. */
export class Simulator {
  /** Where the program finds whoever tells it what to do; it is built into it. */
  readonly port: number;
  readonly #server: net.Server;
  readonly #display: Display;
  /** The program, as mcconfig has built it. */
  #file = "";
  #child: ChildProcess | undefined;
  /** What it has said on its standard error. */
  #errors = "";
  #socket: net.Socket | undefined;
  #tell: (line: string) => void = () => {};
  #onStopped: () => void = () => {};

  private constructor(server: net.Server, display: Display) {
    this.#server = server;
    this.#display = display;
    this.port = (server.address() as net.AddressInfo).port;
  }

  /** @throws Error where there is nothing to draw on */
  static async open(): Promise<Simulator> {
    return new Simulator(await listen(net.createServer()), await Display.open());
  }

  load(file: string): void {
    this.#file = file;
  }

  /** How it has ended, if it has. */
  get ending(): string | undefined {
    const child = this.#child;
    if (!child || (child.exitCode === null && child.signalCode === null)) return undefined;
    return `the simulator has ended with ${child.signalCode ?? child.exitCode}: ${this.#errors.trim()}`;
  }

  /**
   * Starts it, and a program in it.
   * @param home where it keeps what a device has in its flash
   * @throws Error where it does not come up
   */
  async start(
    home: string,
    program: ProgramOptions,
    isModdables: boolean,
    tell: (line: string) => void,
  ): Promise<void> {
    fs.mkdirSync(path.join(home, COPIES), { recursive: true });
    this.#tell = tell;
    const sdk = process.env["MODDABLE"] ?? "";
    const tools = path.join(sdk, "build", "bin", "lin", "release");
    const env = {
      ...process.env,
      DISPLAY: this.#display.name,
      HOME: home,
      XSBUG_HOST: "localhost",
      XSBUG_PORT: NO_DEBUGGER,
    };
    const args = [path.join(sdk, "build", "simulators"), this.#file];
    const child = spawn(path.join(tools, "mcsim"), args, { env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    this.#errors = "";
    child.stderr.on("data", (data: Buffer) => (this.#errors += data));
    const ended = once(child, "close").then(() => {
      throw new Error(this.ending);
    });
    ended.catch(() => {}); // later it is ended on purpose
    const connected = once(this.#server, "connection", { signal: AbortSignal.timeout(TIMEOUT) });
    const [socket] = (await Promise.race([connected, ended])) as [net.Socket];
    this.#attach(socket);
    socket.write(`${JSON.stringify({ start: program, isModdables })}\n`);
  }

  /** The program ends in an orderly way, and then the simulator. */
  async stop(): Promise<void> {
    const stopped = new Promise<void>((resolve, reject) => {
      this.#onStopped = resolve;
      setTimeout(() => reject(new Error("the program does not end")), TIMEOUT).unref();
    });
    this.#socket?.write(`${JSON.stringify({ stop: true })}\n`);
    await stopped;
    await this.kill();
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#tell = () => {};
    if (!child || this.ending !== undefined) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  async close(): Promise<void> {
    await this.kill();
    this.#display.close();
    this.#socket?.destroy();
    this.#server.close();
  }

  #attach(socket: net.Socket): void {
    this.#socket = socket;
    let text = "";
    socket.setEncoding("utf8");
    socket.on("error", () => {}); // it is killed, too
    socket.on("data", (piece: string) => {
      const lines = (text + piece).split("\n");
      text = lines.pop() as string;
      for (const line of lines) {
        const said = JSON.parse(line) as Said;
        if (said.told !== undefined) this.#tell(said.told);
        if (said.stopped) this.#onStopped();
      }
    });
  }
}
