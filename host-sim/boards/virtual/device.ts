import { VirtualBoard, type VirtualBoardOptions } from "./board.js";
import { VirtualClock } from "./clock.js";
import { VirtualNetwork } from "./network.js";

/** Milliseconds from a reset to the program's first line: about what an ESP32 takes. */
const BOOT_TIME = 500;

export interface VirtualDeviceOptions extends Omit<VirtualBoardOptions, "onReset" | "resetReason"> {
  /** The program: what `main.ts` does on a device. What it throws, then or later, resets the device. */
  program(board: VirtualBoard): void;
}

/**
 * A device that is switched on, reset and cut off: each boot has a fresh board, in the same world and with the same
 * storage. An uncaught exception resets it, as XS does, and so does a hardware watchdog that is not fed.
 */
export class VirtualDevice {
  readonly clock: VirtualClock;
  readonly net: VirtualNetwork;
  /** Why each boot began, as the chip says it. */
  readonly resets: string[] = [];
  /** What was thrown and not caught. */
  readonly crashes: string[] = [];
  board: VirtualBoard;
  #options: VirtualDeviceOptions;

  /** Switches it on; the program begins when time passes. */
  constructor(options: VirtualDeviceOptions) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock(options);
    this.net = options.net ?? new VirtualNetwork(this.clock);
    this.board = this.#boot("power-on", BOOT_TIME);
  }

  /** Lets time pass, through as many resets as there are. */
  run(duration: number): void {
    const end = this.clock.elapsed + duration;
    for (;;) {
      try {
        this.clock.run(end - this.clock.elapsed);
        return;
      } catch (error) {
        this.crashes.push((error as Error).message);
        this.reset("software"); // what esp_restart() is called
      }
    }
  }

  /** The power is away for a while. */
  cutPower(duration = 0): void {
    this.reset("power-on", duration);
  }

  reset(reason: string, delay = 0): void {
    this.board.powerOff();
    this.board = this.#boot(reason, delay + BOOT_TIME);
  }

  #boot(reason: string, delay: number): VirtualBoard {
    const { program, seed, ...options } = this.#options;
    const board = new VirtualBoard({
      ...options,
      clock: this.clock,
      net: this.net,
      seed: (seed ?? 1) + 1_000 * this.resets.length,
      resetReason: reason,
      onReset: (why) => this.reset(why),
    });
    board.timer.set(() => {
      this.resets.push(reason);
      program(board);
    }, delay);
    return board;
  }
}
