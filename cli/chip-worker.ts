/**
 * The thread in which a chip's firmware runs, from one reset to the next: what `LaptopNode` does, with all of the firmware
 * from an image. Whatever it does, an endless loop too, the thread that started it stays in charge.
 */

import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Settings } from "../firmware/config.js";
import { openDeviceSettings } from "../firmware/device-settings.js";
import type { Monitor } from "../firmware/monitor.js";
import type { Node } from "../firmware/node.js";
import { liveBoard } from "../host-sim/boards/live.js";
import type { Slot } from "../host-sim/boot/boot-record.js";
import { chipFiles } from "../host-sim/boot/chip-files.js";
import { evaluateImage } from "../host-sim/boot/image.js";
import { ChipSlots } from "../host-sim/boot/slots.js";
import { updateBoard } from "../host-sim/boot/update-board.js";
import { remoteSerial } from "../host-sim/io/remote-serial.js";
import { openStorage } from "./laptop-node.js";
import { TOLD, type Told } from "./told.js";

/** What the thread is started with. */
export interface ChipStart {
  /** Settings by name, as an image of the device has them. */
  settings: Readonly<Record<string, unknown>>;
  /** Where the chip's flash is. */
  directory: string;
  slot: Slot;
  /** What is in the slot. */
  image: Uint8Array;
  resetReason: string | undefined;
  /** To whoever has the serial ports: they are of the main thread alone. */
  serial: MessagePort;
}

/** What it tells. */
export type ChipMessage =
  | { kind: "booted"; settings: Settings; isPending: boolean }
  | { kind: "told"; method: Told; values: unknown[] }
  | { kind: "fed" }
  /** It ends, on purpose, to be started anew. */
  | { kind: "reset" };

/** It is told one thing only: to say goodbye and end. */
export const STOP = "stop";

function runFirmware(port: MessagePort, start: ChipStart): void {
  const { settings: image, directory, slot, resetReason } = start;
  const send = (message: ChipMessage) => port.postMessage(message);
  const reset = () => {
    send({ kind: "reset" });
    process.exit(0);
  };
  let node: Node | undefined;
  port.on("message", (what: unknown) => {
    if (what !== STOP) return;
    if (node) node.stop(() => process.exit(0));
    else process.exit(0);
  });

  const firmware = evaluateImage(start.image);
  const problems: string[] = [];
  const storage = openStorage(directory, problems);
  const { raw } = openDeviceSettings(image, storage, []);
  const slots = new ChipSlots(chipFiles(directory), slot, reset);
  const board = liveBoard({
    topic: String(raw["topic"] ?? raw["device"] ?? ""),
    state: directory,
    storage,
    firmware,
    update: updateBoard(slots),
    serial: remoteSerial(start.serial),
    watchdog: { feed: () => send({ kind: "fed" }) },
    onRestart: reset,
    resetReason: () => resetReason,
  });
  const monitor: Monitor = {};
  for (const method of TOLD)
    monitor[method] = (...values: unknown[]) => send({ kind: "told", method, values });
  const booted = firmware.boot({ board, image, monitor, version: firmware.version });
  send({ kind: "booted", settings: booted.settings, isPending: slots.isPending });
  for (const problem of [...problems, ...booted.problems]) monitor.warning?.(problem);
  node = booted.compose();
  node.start();
}

if (parentPort) runFirmware(parentPort, workerData as ChipStart);
