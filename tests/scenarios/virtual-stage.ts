import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualDevice, type VirtualDeviceOptions } from "../../host-sim/boards/virtual/device.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { type Peer, VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { NOW } from "../support/climate.js";
import { MemoryStorage } from "../support/memory-storage.js";
import type { Engine, Running } from "./engine.js";
import type { ProgramOptions } from "./program/program.js";
import type { Heard, Scenario, Stage, Update } from "./stage.js";
import type { ReadyUpdate } from "./update.js";
import { Wire } from "./wire.js";

const BROKER = { host: "10.0.0.1", port: 1883 };

/** Milliseconds until all that a device has sent has arrived: then servers see that it is gone. */
const NOTICED = 50;

/** The virtual board in simulated time, with the broker in memory: the same scenario gives the same trace, byte for byte. */
export class VirtualStage implements Stage {
  readonly broker = BROKER;
  readonly client = "ours";
  readonly heard: Heard[] = [];
  readonly told: string[] = [];
  readonly wire: Wire;
  declare readonly update?: Update;
  readonly #engine: Engine;
  readonly #ready: ReadyUpdate | undefined;
  readonly #clock = new VirtualClock({ now: NOW });
  readonly #net = new VirtualNetwork(this.#clock);
  readonly #memory = new MemoryBroker();
  /** Tells the server of a connection that its device is gone. */
  readonly #open = new Set<() => void>();
  #device: VirtualDevice | undefined;
  #program: ProgramOptions | undefined;
  #running: Running | undefined;

  constructor(engine: Engine, ready?: ReadyUpdate) {
    this.#engine = engine;
    this.#ready = ready;
    this.wire = new Wire(() => this.#clock.elapsed);
    this.#memory.onPublish = ({ topic, payload }) => this.heard.push({ topic, payload });
    this.#listen(true);
    if (!ready) return;
    this.#net.listen(ready.host, ready.port, this.#tapped("http", ready.serve()));
    this.update = { ...ready.update, booted: () => this.#device?.versions ?? [] };
  }

  now(): number {
    return this.#clock.now() as number;
  }

  async start(program: ProgramOptions): Promise<void> {
    this.#program = program;
    if (this.#device) this.#device.reset("power-on");
    else this.#device = new VirtualDevice(this.#deviceOptions());
  }

  async stop(): Promise<void> {
    let isStopped = false;
    this.#running?.stop(() => {
      isStopped = true;
    });
    await this.until("the program has stopped", () => isStopped);
    this.#powerOff();
    await this.pass(NOTICED);
  }

  async kill(): Promise<void> {
    this.#powerOff();
    this.#clock.timer.set(() => {
      for (const gone of [...this.#open]) gone();
    }, NOTICED);
    await this.pass(NOTICED);
  }

  async outage(): Promise<void> {
    this.#listen(false);
    this.#net.resetAll();
  }

  async repair(): Promise<void> {
    this.#listen(true);
  }

  async publish(topic: string, payload: string, how: { QoS: 0 | 1 | 2; retain?: boolean }): Promise<void> {
    this.#memory.publish(topic, payload, how.QoS, how.retain ?? false);
  }

  async retained(topic: string): Promise<string | undefined> {
    return this.#memory.retained.get(topic)?.payload;
  }

  async until(what: string, holds: () => boolean, limit = 60_000): Promise<void> {
    try {
      this.#clock.runUntil(() => this.#crash !== undefined || holds(), limit);
    } catch (error) {
      throw new Error(`waited for: ${what}: ${(error as Error).message}; last told: ${this.told.at(-1)}`);
    } finally {
      this.#checkCrashes();
    }
  }

  async pass(milliseconds: number): Promise<void> {
    this.#clock.run(milliseconds);
    this.#checkCrashes();
  }

  /** Ends what runs. */
  close(): void {
    this.#powerOff();
  }

  /** What the firmware does not catch, a device survives by a reset, and no scenario does. */
  #checkCrashes(): void {
    if (this.#crash !== undefined) throw new Error(`the firmware crashed: ${this.#crash}`);
  }

  get #crash(): string | undefined {
    return this.#device?.crashes[0];
  }

  #deviceOptions(): VirtualDeviceOptions {
    const world = {
      clock: this.#clock,
      net: this.#net,
      storage: new MemoryStorage(),
      flash: new VirtualFlash(16),
    };
    const run = (board: VirtualDevice["board"], image?: Uint8Array) => {
      this.#running?.end();
      this.#running = this.#engine.start(
        board,
        this.#program as ProgramOptions,
        (line) => this.told.push(line),
        image,
      );
    };
    return this.#ready
      ? { ...world, slots: this.#ready.flash(), program: run }
      : { ...world, program: (board) => run(board) };
  }

  #powerOff(): void {
    this.#device?.board.powerOff();
    this.#running?.end();
    this.#running = undefined;
  }

  #listen(isThere: boolean): void {
    const accept = isThere ? this.#tapped("mqtt", this.#memory.accept) : undefined;
    this.#net.listen(BROKER.host, BROKER.port, accept);
  }

  /** A server whose connections are written down. */
  #tapped(service: string, accept: (peer: Peer) => void): (peer: Peer) => void {
    return (peer) => {
      const tapped = this.wire.open(service);
      let onClose = () => {};
      const gone = () => {
        this.#open.delete(gone);
        tapped.end("device");
        onClose();
      };
      this.#open.add(gone);
      peer.onClose = gone;
      accept({
        set onData(callback: (bytes: Uint8Array) => void) {
          peer.onData = (bytes) => {
            tapped.up(bytes);
            callback(bytes);
          };
        },
        set onClose(callback: () => void) {
          onClose = callback;
        },
        write: (bytes) => {
          tapped.down(bytes);
          peer.write(bytes);
        },
        close: () => {
          if (this.#open.delete(gone)) tapped.end("server");
          peer.close();
        },
      });
    };
  }
}

/** Plays a scenario. @returns all that passed on the wire, and all that was told */
export async function playVirtual(
  scenario: Scenario,
  engine: Engine,
  ready?: ReadyUpdate,
): Promise<{ wire: readonly string[]; told: readonly string[] }> {
  const stage = new VirtualStage(engine, scenario.needs === "update" ? ready : undefined);
  try {
    await scenario.play(stage);
    return { wire: stage.wire.trace, told: stage.told };
  } finally {
    stage.close();
  }
}
