/** The processes that have the nodes, as the coordinator sees them. */

import { type ChildProcess, fork } from "node:child_process";
import { Failure } from "../../cli/command.js";
import type { DeviceSettings } from "./device.js";
import type { FromNodes, Memory, ToNodes } from "./messages.js";
import type { Taken } from "./taken.js";
import type { TallySums } from "./tally.js";

/** What a process has told last. */
interface Crewmate {
  child: ChildProcess;
  waiting: number;
}

/**
 * Of the processes of nodes. With V8's usual young generation, 48 MB of garbage that waits to be collected would pass for
 * memory of the devices.
 */
const FLAGS = ["--no-warnings", "--expose-gc", "--max-semi-space-size=2"];

const NONE: Memory = { rss: 0, heap: 0, external: 0 };

function sum(one: Memory, other: Memory): Memory {
  return {
    rss: one.rss + other.rss,
    heap: one.heap + other.heap,
    external: one.external + other.external,
  };
}

export class NodeProcesses {
  /** Of all processes, before any device was made. */
  baseline: Memory = NONE;
  readonly count: number;
  #crews: Crewmate[] = [];
  #onTally: (sums: TallySums, of: object) => void;
  #failure: Failure | undefined;
  #onFailure: ((failure: Failure) => void)[] = [];
  #isEnding = false;

  /** @param onTally gets what has happened in one of them, several times a second */
  constructor(count: number, onTally: (sums: TallySums, of: object) => void) {
    this.count = count;
    this.#onTally = onTally;
  }

  /** @throws Failure in one line where a process or the firmware does not take what it is given */
  async make(devices: number, settings: DeviceSettings): Promise<void> {
    for (let i = 0; i < this.count; i++) this.#crews.push({ child: this.#fork(), waiting: 0 });
    const ready = await this.#all("ready");
    this.baseline = ready.map(({ memory }) => memory).reduce(sum, NONE);
    let first = 1;
    const made = this.#all("made");
    this.#crews.forEach(({ child }, place) => {
      const count =
        Math.floor((devices * (place + 1)) / this.count) - Math.floor((devices * place) / this.count);
      child.send({ order: "make", first, count, settings } satisfies ToNodes);
      first += count;
    });
    await made;
  }

  order(message: ToNodes): void {
    for (const { child } of this.#crews) if (child.connected) child.send(message);
  }

  /** Readings that were taken, and neither acknowledged nor given up, as far as has been told. */
  get waiting(): number {
    return this.#crews.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Of all processes together. */
  async memory(): Promise<Memory> {
    const answers = this.#all("memory");
    this.order({ order: "measure" });
    return (await answers).map(({ memory }) => memory).reduce(sum, NONE);
  }

  /** Lets all nodes say goodbye. @returns what each has taken, by its id */
  async stop(): Promise<Map<string, Taken>> {
    const answers = this.#all("stopped");
    this.order({ order: "stop" });
    return new Map((await answers).flatMap(({ taken }) => taken));
  }

  /** Settles never, but for a process that fails. */
  failed(): Promise<never> {
    return new Promise((_resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      else this.#onFailure.push(reject);
    });
  }

  async close(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(
      this.#crews.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = new Promise((resolve) => child.once("exit", resolve));
        if (child.connected) child.disconnect();
        await exit;
      }),
    );
  }

  #fork(): ChildProcess {
    const child = fork(new URL("./node-process.js", import.meta.url), {
      execArgv: FLAGS,
    });
    child.on("message", (message: FromNodes) => {
      if (message.said === "failed") this.#fail(message.reason);
      if (message.said !== "tally") return;
      const crew = this.#crews.find((one) => one.child === child);
      if (crew) crew.waiting = message.waiting;
      this.#onTally(message.sums, child);
    });
    child.on("exit", (code, signal) => {
      if (!this.#isEnding) this.#fail(`a process of nodes has ended (${signal ?? `status ${code}`})`);
    });
    return child;
  }

  #fail(reason: string): void {
    this.#failure ??= new Failure(reason);
    for (const reject of this.#onFailure.splice(0)) reject(this.#failure);
  }

  /** The next message of this kind from each. */
  #all<Said extends FromNodes["said"]>(said: Said): Promise<Extract<FromNodes, { said: Said }>[]> {
    const answers = this.#crews.map(
      ({ child }) =>
        new Promise<Extract<FromNodes, { said: Said }>>((resolve) => {
          const onMessage = (message: FromNodes) => {
            if (message.said !== said) return;
            child.off("message", onMessage);
            resolve(message as Extract<FromNodes, { said: Said }>);
          };
          child.on("message", onMessage);
        }),
    );
    return Promise.race([Promise.all(answers), this.failed()]);
  }
}
