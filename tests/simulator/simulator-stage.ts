import fs from "node:fs";
import type { ProgramOptions } from "../scenarios/program/program.js";
import type { Heard, Stage } from "../scenarios/stage.js";
import { Wire } from "../scenarios/wire.js";
import { pause, temporaryDirectory } from "../support/peers.js";
import { LocalBroker } from "./broker.js";
import { Gate } from "./gate.js";
import type { Simulator } from "./simulator.js";

/** Moddable's simulator in real time, with a real broker. */
export class SimulatorStage implements Stage {
  readonly wire: Wire;
  readonly told: string[] = [];
  readonly client: Stage["client"];
  readonly #simulator: Simulator;
  readonly #broker: LocalBroker;
  readonly #gate: Gate;
  /** It has been ended on purpose. */
  #isOff = true;
  /** What is left between two starts. */
  readonly #home = temporaryDirectory();

  private constructor(
    simulator: Simulator,
    client: Stage["client"],
    broker: LocalBroker,
    gate: Gate,
    wire: Wire,
  ) {
    this.#simulator = simulator;
    this.client = client;
    this.#broker = broker;
    this.#gate = gate;
    this.wire = wire;
  }

  /** A new world: nothing was published yet, and nothing kept. */
  static async open(simulator: Simulator, client: Stage["client"]): Promise<SimulatorStage> {
    const start = performance.now();
    const wire = new Wire(() => Math.round(performance.now() - start));
    const broker = await LocalBroker.open();
    return new SimulatorStage(simulator, client, broker, await Gate.open(broker.port, wire), wire);
  }

  get broker(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.#gate.port };
  }

  get heard(): readonly Heard[] {
    return this.#broker.heard;
  }

  now(): number {
    return Date.now();
  }

  async start(program: ProgramOptions): Promise<void> {
    await this.#simulator.kill();
    this.#isOff = false;
    const tell = (line: string) => this.told.push(line);
    await this.#simulator.start(this.#home.path, program, this.client !== "ours", tell);
  }

  async stop(): Promise<void> {
    this.#isOff = true;
    await this.#simulator.stop();
    await this.pass(100);
  }

  async kill(): Promise<void> {
    this.#isOff = true;
    await this.#simulator.kill();
    await this.pass(100);
  }

  async outage(): Promise<void> {
    await this.#gate.shut();
  }

  async repair(): Promise<void> {
    await this.#gate.reopen();
  }

  async publish(topic: string, payload: string, how: { QoS: 0 | 1 | 2; retain?: boolean }): Promise<void> {
    await this.#broker.publish(topic, payload, how.QoS, how.retain ?? false);
  }

  async retained(topic: string): Promise<string | undefined> {
    return this.#broker.retained(topic);
  }

  async until(what: string, holds: () => boolean, limit = 60_000): Promise<void> {
    const end = performance.now() + limit;
    while (!holds()) {
      const { ending } = this.#simulator;
      if (!this.#isOff && ending !== undefined) throw new Error(`waited for: ${what}: ${ending}`);
      if (performance.now() > end)
        throw new Error(`waited for: ${what}: not within ${limit} ms; last told: ${this.told.at(-1)}`);
      await pause(10);
    }
  }

  async pass(milliseconds: number): Promise<void> {
    await pause(milliseconds);
  }

  async close(): Promise<void> {
    await this.#simulator.kill();
    await this.#gate.shut();
    await this.#broker.close();
    fs.rmSync(this.#home.path, { recursive: true, force: true });
  }
}
