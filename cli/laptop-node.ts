import type { Board } from "../firmware/compose.js";
import type { Settings } from "../firmware/config.js";
import { openDeviceSettings } from "../firmware/device-settings.js";
import type { Monitor } from "../firmware/monitor.js";
import type { KeyValue } from "../firmware/ports.js";
import { liveBoard } from "../host-sim/boards/live.js";
import type { SimulatedHardware } from "../host-sim/chips/hardware.js";
import { NVS } from "../host-sim/chips/nvs.js";
import { KeyValue as FileKeyValue } from "../host-sim/storage/key-value.js";
import { type Engine, type Life, nodeEngine } from "./engines.js";

export interface LaptopNodeOptions {
  /** Settings by name, as an image has them. */
  image: Readonly<Record<string, unknown>>;
  /** Directory of the node's flash; `undefined` for memory. */
  state: string | undefined;
  version: string;
  monitor: Monitor;
  /** The room; by default one of its own. */
  hardware?: SimulatedHardware;
  /** What runs the firmware; by default this process. */
  engine?: Engine;
}

/** A device in this process: started anew when it wants to be, as a chip is by a reset. */
export class LaptopNode {
  /** Of the first start. */
  readonly settings: Settings;
  #options: LaptopNodeOptions;
  #board: Board;
  #life: Life;
  /** Of its storage: told when it starts. */
  #problems: string[] = [];
  #resetReason: string | undefined;
  #isStopping = false;

  constructor(options: LaptopNodeOptions) {
    const { image, state, hardware } = options;
    this.#options = options;
    const storage = openStorage(state, this.#problems);
    const { raw } = openDeviceSettings(image, storage, []);
    this.#board = liveBoard({
      topic: String(raw["topic"] ?? raw["device"] ?? ""),
      storage,
      onRestart: () => this.#restart(),
      resetReason: () => this.#resetReason,
      ...(hardware && { hardware }),
      ...(state !== undefined && { state }),
    });
    this.#life = this.#begin();
    this.settings = this.#life.settings;
  }

  /** A name that no other node of this laptop has, as long as their topics differ. */
  get identity(): string {
    return this.#board.identity;
  }

  start(): void {
    const problems = [...this.#problems.splice(0), ...this.#life.problems];
    for (const problem of problems) this.#options.monitor.warning?.(problem);
    this.#life.start();
  }

  /** Says goodbye, and returns when all is closed. */
  stop(): Promise<void> {
    this.#isStopping = true;
    return new Promise((resolve) => this.#life.stop(resolve));
  }

  #restart(): void {
    // Who asked for the end gets it, whatever the node wants.
    if (this.#isStopping) return;
    this.#options.monitor.note?.("the node starts anew");
    this.#resetReason = "software";
    this.#life = this.#begin();
    this.start();
  }

  #begin(): Life {
    const { image, version, monitor, engine = nodeEngine } = this.#options;
    return engine({ board: this.#board, image, monitor, version });
  }
}

/** The node's key-value storage; in memory where the user wants none, or it cannot be had. */
export function openStorage(directory: string | undefined, problems: string[]): KeyValue {
  const inMemory = () => new NVS("memory", undefined, () => {});
  if (directory === undefined) return inMemory();
  try {
    return FileKeyValue.open({ directory, path: "hearth", format: "string" });
  } catch (error) {
    problems.push(`--state: ${(error as Error).message}; settings and restarts are not kept in this run`);
    return inMemory();
  }
}
