/** The engine with the firmware in a world of its own, as `worker/main.ts` has it. */

import { bundleForXS } from "../../host-sim/xs/bundle.js";
import { XSProcess } from "../../host-sim/xs/process.js";
import type { Heap } from "../../host-sim/xs/snapshot.js";
import { profiled } from "./profile.js";

/** A callback of the firmware's: its steps, and what it called of the board after how many of them. */
export interface Turn {
  readonly steps: number;
  readonly calls: readonly (readonly [string, number])[];
}

/** What a world may lack, to see what it costs to have it. */
export type Part = "journal";

export interface Start {
  /** Settings by name. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly without?: readonly Part[];
}

/** Settings of a node with a thermometer and a broker, all else as it comes. */
const SETTINGS = { broker: "mqtt://10.0.0.1" };

/** Milliseconds between two readings; what a setting is by default. */
export const INTERVAL = 5_000;

/** Messages of the host's that fit into the engine's limit of steps for one. */
const READINGS_AT_ONCE = 20_000;

/** A node that runs. To be closed. */
export class CountedNode {
  /** What the node took from the engine by being made and started, and by its first minute. */
  readonly heap: Heap;
  #engine: XSProcess;
  #before: Heap;

  /** @throws Error where the engine is not there */
  constructor(script: string, { settings = {}, without = [] }: Start = {}) {
    const engine = new XSProcess((request) => request);
    this.#engine = engine;
    try {
      engine.evaluate(`${script}\nundefined;`);
      this.call("world", { blocks: 224, without });
      this.#before = engine.heap();
      const problems = this.call("start", { ...SETTINGS, ...settings }) as string[];
      if (problems.length > 0) throw new Error(problems.join("\n"));
      this.call("run", 20 * INTERVAL);
      this.heap = this.heapNow();
    } catch (error) {
      engine.close();
      throw error;
    }
  }

  /** What the node has taken by now. */
  heapNow(): Heap {
    const { slots, chunks } = this.#engine.heap();
    return { slots: slots - this.#before.slots, chunks: chunks - this.#before.chunks };
  }

  /** Slots that are taken now, garbage included. */
  get slots(): number {
    return this.#engine.meter.slots;
  }

  /** Lets time pass for so many readings. @returns messages published at QoS 1 since the start */
  read(count: number, onProgress: (done: number) => void = () => {}): number {
    let published = 0;
    for (let done = 0; done < count; ) {
      const now = Math.min(READINGS_AT_ONCE, count - done);
      published = this.call("run", now * INTERVAL) as number;
      done += now;
      onProgress(done);
    }
    return published;
  }

  /** The callbacks of so many readings. */
  trace(readings: number): Turn[] {
    return this.call("trace", readings * INTERVAL) as Turn[];
  }

  /** `[function, calls, steps]` of so many readings, for a script that was made for it. */
  profile(readings: number): [number, number, number][] {
    this.call("profile");
    return this.call("profiled", readings * INTERVAL) as [number, number, number][];
  }

  close(): void {
    this.#engine.close();
  }

  private call(name: string, argument?: unknown): unknown {
    const answer = this.#engine.call(Buffer.from(JSON.stringify([name, argument ?? null])));
    return answer.length > 0 ? (JSON.parse(Buffer.from(answer).toString()) as unknown) : undefined;
  }
}

const ENTRY = "bench/budgets/worker/main.js";

export function countedScript(): Promise<string> {
  return bundleForXS(ENTRY);
}

/** A script whose functions are counted one by one. @param names gets the name of each by its number */
export async function profiledScript(names: string[]): Promise<string> {
  const script = await bundleForXS(ENTRY, { plugins: [profiled(names)] });
  return `globalThis.__enter = globalThis.__leave = () => {};\n${script}`;
}
