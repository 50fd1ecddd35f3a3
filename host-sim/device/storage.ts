/** What a device keeps, as `embedded:storage/*` and `embedded:update` have it. */

import fs from "node:fs";
import path from "node:path";
import { VERSION } from "../../firmware/version.js";
import { chooseSlot, type OpenPartition } from "../boot/bootloader.js";
import { flashImage, isUntouched } from "../boot/chip-files.js";
import { makeImage } from "../boot/image.js";
import { ChipSlots } from "../boot/slots.js";
import { Update, type UpdateOptions } from "../boot/update.js";
import type { NVS } from "../chips/nvs.js";
import { Directory } from "../storage/directory.js";
import { makeDirectory } from "../storage/files.js";
import { Flash, type FlashOptions } from "../storage/flash.js";
import { type DomainOptions, domainName, fileNVS, KeyValue } from "../storage/key-value.js";
import { BLOCK_LENGTH } from "../storage/nor.js";
import { type Partition, readPartitions } from "./partitions.js";
import { asProblem } from "./problem.js";
import { stateDirectory } from "./state.js";

const domains = new Map<string, NVS>();

/** `embedded:storage/key-value`: whoever opens a domain sees what others write to it. */
export const keyValue = Object.freeze({
  open(options: DomainOptions): KeyValue {
    const name = domainName(options);
    const directory = path.join(stateDirectory(), "nvs");
    makeDirectory(directory);
    const nvs = domains.get(name) ?? fileNVS(path.join(directory, `${name}.json`));
    const domain = new KeyValue(nvs, options);
    domains.set(name, nvs);
    return domain;
  },
});

/** `embedded:storage/files`: the root. */
export const files = makeRoot();

function makeRoot(): Directory {
  const root = path.join(stateDirectory(), "files");
  makeDirectory(root);
  return new Directory(root);
}

const partitions = asProblem(tableOf);

function tableOf(): readonly Partition[] {
  const ours = new URL("../../../firmware/boards/esp32/partitions.csv", import.meta.url).pathname;
  // What is kept in nvs and phy_init is not there to be read.
  return readPartitions(process.env["HEARTH_PARTITIONS"] ?? ours).filter(
    ({ name }) => !/^(nvs|phy_)/.test(name),
  );
}

function openPartition(options: Pick<FlashOptions, "path" | "mode" | "format">): Flash {
  const name = realName(options.path);
  const partition = partitions.find((one) => one.name === name);
  if (!partition) throw new Error(`there is no partition "${name}": ${names().join(", ")} are`);
  const directory = stateDirectory();
  const blocks = Math.ceil(partition.size / BLOCK_LENGTH);
  // One that is read only is made all the same: on a device it is there.
  Flash.open({ directory, path: name, blocks, lock: false }).close();
  return Flash.open({ ...options, directory, path: name, blocks, lock: false });
}

/** A program may also ask for the slot that runs, and the other. */
function realName(asked: unknown): string {
  if (asked === undefined) throw new Error("path is missing");
  const name = `${asked as string}`;
  if (name !== "running" && name !== "nextota") return name;
  const { next } = slots();
  const running = next === "ota_0" ? "ota_1" : "ota_0";
  return name === "nextota" ? next : running;
}

function names(): string[] {
  return partitions.map(({ name }) => name);
}

/** `embedded:storage/flash`. */
export const flash = Object.freeze({
  open(options: Pick<FlashOptions, "path" | "mode" | "format">): Flash {
    const { path: name, mode, format } = options;
    return openPartition({ path: name, ...(mode !== undefined && { mode }), ...(format && { format }) });
  },
  [Symbol.iterator](): IterableIterator<string> {
    return names()[Symbol.iterator]();
  },
});

let chipSlots: ChipSlots | undefined;

/**
 * The two slots. The program itself is what is in the one that runs, so that there is something to read; an update is
 * written, checked and chosen as on a device, but what starts next time is what is named on the command line.
 */
function slots(): ChipSlots {
  if (chipSlots) return chipSlots;
  const open: OpenPartition = (name) => openPartition({ path: name });
  if (isUntouched(open)) flashImage(open, makeImage(VERSION, programText()));
  const choice = chooseSlot(open);
  chipSlots = new ChipSlots(open, choice?.slot ?? 0, () => process.exit(0));
  // Without rollback, as Moddable's images are made: what boots stays.
  chipSlots.confirm();
  return chipSlots;
}

function programText(): string {
  const [, program] = process.argv;
  return program !== undefined && fs.existsSync(program) ? fs.readFileSync(program, "utf8") : "";
}

/** `embedded:update`. */
export const update = Object.freeze({
  open(options: UpdateOptions): Update {
    return Update.open(options, slots());
  },
});
