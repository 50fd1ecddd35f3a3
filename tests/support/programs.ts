import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { it } from "@jest/globals";
import { mosquittoConfiguration } from "../../host-sim/world/mosquitto.js";
import { freePort, hasProgram, type SerialPair, serialPair, temporaryDirectory } from "./peers.js";

/**
 * `it` where all these programs are on the machine; `it.skip` elsewhere. Name them in the test's name, as in
 * "(needs mosquitto)": the summary of a run lists what was skipped.
 */
export function itWith(...programs: string[]): typeof it | typeof it.skip {
  return programs.every(hasProgram) ? it : it.skip;
}

const running = new Set<Running>();
const leftovers: (() => unknown)[] = [];

/** Ends every program that a test has started and not ended, and removes its files. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop("SIGKILL")));
  for (const remove of leftovers.splice(0)) await remove();
}

/** A program whose output can be waited for. Tests end with `stopAll`. */
export class Running {
  output = "";
  errors = "";
  readonly child: ChildProcess;
  /** Exit status, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  #waiting: (() => void)[] = [];

  constructor(
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    running.add(this);
    const collect = (into: "output" | "errors") => (data: Buffer) => {
      this[into] += data.toString();
      for (const check of this.#waiting) check();
    };
    this.child.stdout?.on("data", collect("output"));
    this.child.stderr?.on("data", collect("errors"));
    this.exited = new Promise((resolve) => {
      this.child.on("error", (error) => {
        this.errors += error.message;
        resolve(null);
      });
      this.child.on("close", (code, signal) => {
        running.delete(this);
        resolve(code ?? signal);
      });
    });
  }

  get lines(): string[] {
    return this.output.split("\n").filter((line) => line !== "");
  }

  /** Waits until what it printed, errors included, matches; fails with all of it where it never does. */
  async until(condition: RegExp | ((output: string) => boolean), limit = 20_000): Promise<void> {
    const holds = () => {
      const all = this.output + this.errors;
      return condition instanceof RegExp ? condition.test(all) : condition(all);
    };
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((other) => other !== check);
        resolve();
      };
      const timer = setTimeout(
        () => reject(new Error(`never saw ${String(condition)} in:\n${this.output}${this.errors}`)),
        limit,
      );
      this.#waiting.push(check);
      check();
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals | null> {
    if (this.child.exitCode === null) this.child.kill(signal);
    return this.exited;
  }
}

export const CLI = new URL("../../cli/main.js", import.meta.url).pathname;

/** What `npm start -- node ...` runs, without the random wait before the first connection. */
export function startNode(...args: string[]): Running {
  return new Running(process.execPath, [CLI, "node", "--spread", "0ms", ...args]);
}

export interface Mosquitto {
  readonly port: number;
  readonly running: Running;
}

/**
 * Starts a Mosquitto on loopback; with `users`, only these may connect. With `store`, a directory, it keeps its sessions
 * there with each change, and finds them again.
 */
export async function startMosquitto(
  users?: Readonly<Record<string, string>>,
  port?: number,
  store?: string,
): Promise<Mosquitto> {
  const chosen = port ?? (await freePort());
  if (store !== undefined) fs.chmodSync(store, 0o777); // it runs as a user of its own
  const running = await runMosquitto(
    mosquittoConfiguration(chosen, store, [
      ...(store === undefined ? [] : ["autosave_on_changes true", "autosave_interval 1"]),
      ...(users ? ["allow_anonymous false", `password_file ${passwordFile(users)}`] : []),
    ]),
  );
  return { port: chosen, running };
}

async function runMosquitto(lines: string): Promise<Running> {
  const configuration = path.join(scratchDirectory(), "mosquitto.conf");
  fs.writeFileSync(configuration, lines);
  const running = new Running("mosquitto", ["-v", "-c", configuration]);
  await running.until(/mosquitto version .* running/);
  return running;
}

function passwordFile(users: Readonly<Record<string, string>>): string {
  const directory = scratchDirectory();
  const file = path.join(directory, "passwords");
  fs.writeFileSync(file, "", { mode: 0o600 });
  for (const [user, password] of Object.entries(users)) {
    const { status } = spawnSync("mosquitto_passwd", ["-b", file, user, password]);
    if (status !== 0) throw new Error("mosquitto_passwd failed");
  }
  fs.chmodSync(directory, 0o755);
  fs.chmodSync(file, 0o644);
  return file;
}

export interface SecureMosquitto extends Mosquitto {
  /** Of the listener with TLS; `port` is that of a plain one on which everybody may listen. */
  readonly securePort: number;
}

export interface SecureOptions {
  /** Files in a directory that Mosquitto's own user may read. */
  cert: string;
  key: string;
  /** The authority of client certificates, which are demanded then. */
  clientAuthority?: string;
  users?: Readonly<Record<string, string>>;
}

/** Starts a Mosquitto with two listeners on loopback: a plain one, and one with TLS. */
export async function startSecureMosquitto(options: SecureOptions): Promise<SecureMosquitto> {
  const { cert, key, clientAuthority, users } = options;
  const [port, securePort] = [await freePort(), await freePort()];
  for (const file of [cert, key, clientAuthority]) if (file !== undefined) fs.chmodSync(file, 0o644);
  fs.chmodSync(path.dirname(cert), 0o755);
  const lines = [
    "persistence false",
    "per_listener_settings true",
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    `listener ${securePort} 127.0.0.1`,
    `allow_anonymous ${users ? "false" : "true"}`,
    `certfile ${cert}`,
    `keyfile ${key}`,
    ...(users ? [`password_file ${passwordFile(users)}`] : []),
    ...(clientAuthority === undefined ? [] : [`cafile ${clientAuthority}`, "require_certificate true"]),
  ];
  const running = await runMosquitto(`${lines.join("\n")}\n`);
  return { port, securePort, running };
}

/** `mosquitto_sub`, subscribed when this returns: the broker says so, for the client's own word is held back in a pipe. */
export async function subscribe(broker: Mosquitto, topic: string): Promise<Running> {
  const count = (output: string) => output.split("Sending SUBACK").length;
  const before = count(broker.running.output + broker.running.errors);
  const program = new Running("mosquitto_sub", ["-h", "127.0.0.1", "-p", String(broker.port), "-t", topic]);
  await broker.running.until((output) => count(output) > before);
  return program;
}

/** A directory that `stopAll` removes. */
export function scratchDirectory(): string {
  const { path: directory, remove } = temporaryDirectory();
  leftovers.push(remove);
  return directory;
}

/** Two ends of a pseudo-terminal, which `stopAll` ends. */
export async function startTerminal(directory: string): Promise<SerialPair> {
  const pair = await serialPair(directory);
  leftovers.push(pair.close);
  return pair;
}
