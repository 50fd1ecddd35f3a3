import path from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";
import type { Settings } from "../firmware/config.js";
import type { Monitor } from "../firmware/monitor.js";
import type { Slot } from "../host-sim/boot/boot-record.js";
import { type Choice, chooseSlot, nameOf, type OpenPartition } from "../host-sim/boot/bootloader.js";
import { chipFiles, partitionFile } from "../host-sim/boot/chip-files.js";
import { SerialHost } from "../host-sim/io/serial-host.js";
import { FileLock } from "../host-sim/storage/file-lock.js";
import { fileError, makeDirectory } from "../host-sim/storage/files.js";
import { type ChipMessage, type ChipStart, STOP } from "./chip-worker.js";

const WORKER = fileURLToPath(new URL("./chip-worker.js", import.meta.url));

/** Milliseconds after which a hardware watchdog bites that was not fed. */
const WATCHDOG = 30_000;

/** The watchdog looks so often in its time: a process that was stopped as a whole is given a while before it is bitten. */
const LOOKS = 2;

/** Milliseconds before a start that follows a crash. */
const CRASH_PAUSE = 500;

/** Milliseconds that a goodbye may take; a node's own takes a second at most. */
const GOODBYE = 3_000;

/** Calls of a stack that are shown of a crash. */
const FRAMES = 4;

/** What runs, since it was booted. */
export interface Running {
  settings: Settings;
  version: string;
  slot: Slot;
  /** It was not confirmed yet. */
  isPending: boolean;
}

export interface ChipOptions {
  /** Settings by name, as an image of the device has them. */
  settings: Readonly<Record<string, unknown>>;
  /** Where its flash is; nobody else may have it at the same time. */
  directory: string;
  /** What the firmware and the bootloader tell. */
  monitor: Monitor;
  /** A boot has come so far that its settings are known. */
  onBooted: (running: Running) => void;
  /** It cannot go on. */
  onFailed: (reason: string) => void;
  /** Milliseconds, 30 s by default. */
  watchdog?: number;
}

/**
 * A chip whose firmware is what is in its slots: this thread is the bootloader and the hardware watchdog, and each boot is
 * a thread of its own. What it does not catch, and what it hangs in, resets it.
 */
export class Chip {
  /** Its flash; to be opened by others only while it is off. */
  readonly open: OpenPartition;
  #options: ChipOptions;
  #lock: FileLock;
  #worker: Worker | undefined;
  #pause: NodeJS.Timeout | undefined;
  #isStopping = false;
  #onEnded: () => void = () => {};

  /** @throws Error in one line where its flash is in use, or cannot be written */
  constructor(options: ChipOptions) {
    this.#options = options;
    const { directory } = options;
    try {
      makeDirectory(directory);
    } catch (error) {
      throw fileError(directory, "cannot be made", error);
    }
    this.#lock = new FileLock(path.join(directory, "chip"));
    this.open = chipFiles(directory);
  }

  /** Switches it on. */
  start(): void {
    this.#boot(undefined);
  }

  /** Lets the firmware say goodbye, and returns when all of it has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#pause);
    const worker = this.#worker;
    if (worker) {
      const ended = new Promise<void>((resolve) => {
        this.#onEnded = resolve;
      });
      worker.postMessage(STOP);
      const limit = setTimeout(() => void worker.terminate(), GOODBYE);
      await ended;
      clearTimeout(limit);
    }
    this.#lock.release();
  }

  #boot(resetReason: string | undefined): void {
    const { directory, monitor, onFailed } = this.#options;
    let choice: Choice | undefined;
    try {
      choice = chooseSlot(this.open);
    } catch (error) {
      onFailed((error as Error).message);
      return;
    }
    if (!choice) {
      const record = partitionFile(directory, "otadata");
      onFailed(
        `neither slot has an image that can run: delete ${record} to have this checkout's flashed anew`,
      );
      return;
    }
    for (const note of choice.notes) monitor.warning?.(note);
    this.#run(choice, resetReason);
  }

  #run({ slot, image, version }: Choice, resetReason: string | undefined): void {
    const { settings, directory, monitor, onBooted, watchdog = WATCHDOG } = this.#options;
    const channel = new MessageChannel();
    const ports = new SerialHost(channel.port1);
    const start: ChipStart = { settings, directory, slot, image, resetReason, serial: channel.port2 };
    const worker = new Worker(WORKER, { workerData: start, transferList: [channel.port2] });
    this.#worker = worker;
    /** Why it ends; without a word of it, it has crashed. */
    let reason = "software";
    let pause = CRASH_PAUSE;
    let looks = 0;
    const looking = setInterval(() => {
      looks += 1;
      if (looks <= LOOKS || this.#isStopping) return;
      clearInterval(looking);
      monitor.warning?.(`the firmware has not fed the watchdog for ${watchdog / 1_000} s: the chip is reset`);
      reason = "watchdog";
      pause = 0;
      void worker.terminate();
    }, watchdog / LOOKS);
    let told = false;
    worker.on("message", (message: ChipMessage) => {
      if (message.kind === "fed") looks = 0;
      else if (message.kind === "booted") onBooted({ ...message, version, slot });
      else if (message.kind === "reset") pause = 0;
      else (monitor[message.method] as ((...values: unknown[]) => void) | undefined)?.(...message.values);
    });
    worker.on("error", (error: unknown) => {
      told = true;
      monitor.warning?.(`the firmware in ${nameOf(slot)} threw what it did not catch: ${describe(error)}`);
    });
    worker.on("exit", async () => {
      clearInterval(looking);
      await ports.close();
      this.#worker = undefined;
      FileLock.sweep(directory, [this.#lock]);
      if (this.#isStopping) return this.#onEnded();
      if (pause > 0 && !told) monitor.warning?.(`the firmware in ${nameOf(slot)} has ended by itself`);
      this.#pause = setTimeout(() => this.#boot(reason), pause);
    });
  }
}

/** A crash, and where it was, in one line. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, FRAMES);
  return [error.message, ...frames.map((line) => line.trim())].join(" ");
}
