/** One device that can be updated over the air: what `npm start -- node` runs where there is an update key, or was one. */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { VERSION } from "../firmware/version.js";
import { nameOf } from "../host-sim/boot/bootloader.js";
import { bundleFirmware } from "../host-sim/boot/bundle.js";
import { flashImage, hasChip, isUntouched, partitionFile } from "../host-sim/boot/chip-files.js";
import type { EmbeddedBroker } from "../host-sim/world/embedded-broker.js";
import { Chip, type Running } from "./chip.js";
import { Failure, UsageError } from "./command.js";
import { brokerLines, deviceLines, embeddedBroker } from "./node.js";
import type { NodeOptions } from "./node-options.js";
import type { Output } from "./output.js";

/** Whether what runs comes from the slots of a flash, rather than from this checkout. */
export function isChip({ settings, state }: NodeOptions): boolean {
  return settings["updatekey"] !== undefined || (state !== undefined && hasChip(state));
}

/** @throws UsageError where its flash cannot be had, Failure where it cannot go on */
export async function runChip(
  { state }: NodeOptions,
  settings: Record<string, unknown>,
  output: Output,
  end: Promise<void>,
): Promise<void> {
  const directory = state ?? temporaryDirectory();
  try {
    await runIn(directory, state === undefined, settings, output, end);
  } finally {
    if (state === undefined) fs.rmSync(directory, { recursive: true, force: true });
  }
}

async function runIn(
  directory: string,
  isTemporary: boolean,
  settings: Record<string, unknown>,
  output: Output,
  end: Promise<void>,
): Promise<void> {
  const notes: string[] = [];
  let embedded: EmbeddedBroker | undefined;
  let fail: (reason: string) => void = () => {};
  const failed = new Promise<Failure>((resolve) => {
    fail = (reason) => resolve(new Failure(reason));
  });
  let isFirst = true;
  let isFactory = false;
  const onBooted = (running: Running) => {
    if (!isFirst) return output.note(`the node starts anew: ${whatRuns(running)}`);
    isFirst = false;
    output.banner(`Hearth ${running.version}`, [
      ...deviceLines(running.settings),
      ["firmware", `${whatRuns(running)}${originOf(directory, isFactory, isTemporary)}`],
      ...brokerLines(running.settings, embedded !== undefined),
      ["end", "Ctrl-C"],
    ]);
    for (const note of notes) output.note(note);
  };
  const chip = ofState(() => new Chip({ settings, directory, monitor: output, onBooted, onFailed: fail }));
  try {
    isFactory = ofState(() => isUntouched(chip.open));
    if (isFactory) {
      const image = await bundleFirmware();
      ofState(() => flashImage(chip.open, image));
    }
    embedded = await embeddedBroker(settings, notes);
    chip.start();
    const failure = await Promise.race([failed, end.then(() => undefined)]);
    if (failure) throw failure;
  } finally {
    await chip.stop();
    await embedded?.close();
  }
}

function whatRuns({ version, slot, isPending }: Running): string {
  return `${version} from ${nameOf(slot)}${isPending ? ", not confirmed yet" : ""}`;
}

/** How what runs came there, and how to have this checkout's. */
function originOf(directory: string, isFactory: boolean, isTemporary: boolean): string {
  if (!isFactory)
    return `; delete ${partitionFile(directory, "otadata")} to run this checkout's (${VERSION})`;
  return `, this checkout's${isTemporary ? "; without --state an update is gone at the end" : ""}`;
}

function temporaryDirectory(): string {
  try {
    return fs.mkdtempSync(path.join(os.tmpdir(), "hearth-node-"));
  } catch (error) {
    throw new UsageError(`no directory for the node's flash can be made: ${(error as Error).message}`);
  }
}

/** What goes wrong with the directory is the user's to mend. */
function ofState<Result>(task: () => Result): Result {
  try {
    return task();
  } catch (error) {
    throw new UsageError(`--state: ${(error as Error).message}`);
  }
}
