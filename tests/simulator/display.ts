import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** Where the simulator draws: an X server that is there, or one of memory alone. */
export class Display {
  readonly name: string;
  readonly #server: ChildProcess | undefined;

  private constructor(name: string, server?: ChildProcess) {
    this.name = name;
    this.#server = server;
  }

  /** @throws Error where Xvfb does not come up */
  static async open(): Promise<Display> {
    const { DISPLAY } = process.env;
    if (DISPLAY) return new Display(DISPLAY);
    // It chooses a free number, and says which when it takes connections.
    const args = ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
    const server = spawn("Xvfb", args, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
    let said = "";
    server.stderr?.on("data", (data: Buffer) => (said += data));
    const number = await new Promise<string>((resolve, reject) => {
      (server.stdio[3] as Readable).once("data", (data: Buffer) => resolve(data.toString().trim()));
      server.once("error", ({ message }) => reject(new Error(`Xvfb cannot be run: ${message}`)));
      server.once("exit", () => reject(new Error(`Xvfb has ended: ${said.trim().split("\n").at(-1)}`)));
    });
    return new Display(`:${number}`, server);
  }

  close(): void {
    this.#server?.kill();
  }
}
