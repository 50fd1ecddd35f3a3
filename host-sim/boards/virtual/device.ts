import { chooseSlot } from "../../boot/bootloader.js";
import { ChipSlots } from "../../boot/slots.js";
import { updateBoard } from "../../boot/update-board.js";
import { VirtualBoard, type VirtualBoardOptions } from "./board.js";
import type { ChipFlash } from "./chip-flash.js";
import { VirtualClock } from "./clock.js";
import { PowerCut } from "./flash.js";
import { VirtualNetwork } from "./network.js";

/** Milliseconds from a reset to the program's first line: about what an ESP32 takes. */
const BOOT_TIME = 500;

/** Milliseconds until a bootloader that has found nothing to run looks again. */
const BROKEN_PAUSE = 10_000;

interface CommonOptions extends Omit<VirtualBoardOptions, "onReset" | "onThrow" | "resetReason"> {}

interface ProgramOptions extends CommonOptions {
  /** The program: what `main.ts` does on a device. What it throws, then or later, resets the device. */
  program(board: VirtualBoard): void;
  slots?: undefined;
}

export interface UpdatableOptions extends CommonOptions {
  /** Its slots: at each boot the bootloader chooses one, and the firmware is what is in there. */
  slots: ChipFlash;
  /**
   * What `main.ts` does on a device. What it throws, then or later, resets the device.
   * @param image what is in the slot; `board.load` evaluates it
   */
  program(board: VirtualBoard, image: Uint8Array): void;
}

export type VirtualDeviceOptions = ProgramOptions | UpdatableOptions;

/**
 * A device that is switched on, reset and cut off: each boot has a fresh board, in the same world and with the same
 * storage. An uncaught exception resets it, as XS does, and so does a hardware watchdog that is not fed. Where the power
 * goes within a write to the slots (`VirtualFlash.cutAt`), all of the device has lost it, and it comes back at once.
 *
 * Many of them may be in one world: then its clock is let run instead of any one of them.
 */
export class VirtualDevice {
  readonly clock: VirtualClock;
  readonly net: VirtualNetwork;
  /** Why each boot began, as the chip says it. */
  readonly resets: string[] = [];
  /** What was thrown and not caught. */
  readonly crashes: string[] = [];
  /** Of a device with slots: the version that each boot ran, and what the bootloader said. */
  readonly versions: string[] = [];
  readonly notes: string[] = [];
  board: VirtualBoard;
  #options: VirtualDeviceOptions;

  /** Switches it on; the program begins when time passes. */
  constructor(options: VirtualDeviceOptions) {
    this.#options = options;
    this.clock = options.clock ?? new VirtualClock(options);
    this.net = options.net ?? new VirtualNetwork(this.clock);
    if (options.slots) options.slots.onCut = () => this.cutPower();
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
        this.#crash(error);
      }
    }
  }

  /** The power is away for a while. */
  cutPower(duration = 0): void {
    this.reset("power-on", duration);
  }

  reset(reason: string, delay = 0): void {
    this.board.powerOff();
    this.#options.slots?.reopen();
    this.board = this.#boot(reason, delay + BOOT_TIME);
  }

  #crash(error: unknown): void {
    if (error instanceof PowerCut) return this.cutPower();
    this.crashes.push((error as Error).message);
    this.reset("software"); // what esp_restart() is called
  }

  #boot(reason: string, delay: number): VirtualBoard {
    const { program: _program, slots: _slots, seed, ...options } = this.#options;
    const board: VirtualBoard = new VirtualBoard({
      ...options,
      clock: this.clock,
      net: this.net,
      seed: (seed ?? 1) + 1_000 * this.resets.length,
      resetReason: reason,
      onReset: (why) => this.reset(why),
      onThrow: (error) => {
        // A program whose power went, or that resets its device, may throw as it ends.
        if (this.board === board) this.#crash(error);
      },
    });
    board.timer.set(() => {
      this.resets.push(reason);
      this.#start(board, reason);
    }, delay);
    return board;
  }

  #start(board: VirtualBoard, reason: string): void {
    const options = this.#options;
    if (!options.slots) return options.program(board);
    const { slots } = options;
    const open = slots.partition.bind(slots);
    const choice = chooseSlot(open);
    if (!choice) return this.reset(reason, BROKEN_PAUSE);
    this.versions.push(choice.version);
    this.notes.push(...choice.notes);
    const running = new ChipSlots(open, choice.slot, () => this.reset("software"));
    board.boots(updateBoard(running));
    options.program(board, choice.image);
  }
}
