import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/**
 * The configuration of a Mosquitto on loopback. With `store`, a directory, it finds its sessions again after a restart.
 * @param more further lines; without an `allow_anonymous` among them everybody may connect
 */
export function mosquittoConfiguration(port: number, store?: string, more: readonly string[] = []): string {
  const lines = [`listener ${port} 127.0.0.1`, ...more];
  if (!more.some((line) => line.startsWith("allow_anonymous"))) lines.push("allow_anonymous true");
  if (store === undefined) lines.push("persistence false");
  else lines.push("persistence true", `persistence_location ${store}/`);
  return `${lines.join("\n")}\n`;
}

/** Milliseconds within which it must be there, and be gone. */
const TIMEOUT = 20_000;

/** A Mosquitto on loopback, in a process group of its own: Ctrl-C is for whoever has started it. */
export class Mosquitto {
  readonly port: number;
  #directory = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-mosquitto-"));
  #more: readonly string[];
  #child: ChildProcess | undefined;

  /** @param more further lines of its configuration */
  constructor(port: number, more: readonly string[] = []) {
    this.port = port;
    this.#more = more;
    fs.chmodSync(this.#directory, 0o777); // it runs as a user of its own
  }

  /** @throws Error in one line where it does not come up */
  async start(): Promise<void> {
    const configuration = path.join(this.#directory, "mosquitto.conf");
    fs.writeFileSync(configuration, mosquittoConfiguration(this.port, this.#directory, this.#more));
    const child = spawn("mosquitto", ["-c", configuration], {
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`mosquitto ${what}: ${lastLine(said)}`));
      const timer = setTimeout(() => fail("does not start"), TIMEOUT);
      child.once("error", ({ message }) => reject(new Error(`mosquitto cannot be run: ${message}`)));
      child.once("exit", (code) => fail(`has ended with status ${code}`));
      child.stderr?.on("data", (data: Buffer) => {
        if (said.length < 10_000) said += data.toString();
        if (!/mosquitto version .* running/.test(said)) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Ends it as its service does, so that it stores its sessions. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT);
    await exit;
    clearTimeout(timer);
  }

  /** Ends it at once, and removes what it has stored. */
  remove(): void {
    this.#child?.kill("SIGKILL");
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
