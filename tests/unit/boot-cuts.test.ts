import { describe, expect, it } from "@jest/globals";
import { PowerCut } from "../../host-sim/boards/virtual/flash.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { BootRecord, ImageState } from "../../host-sim/boot/boot-record.js";
import { type BootedChip, imageOf, newChip } from "../support/chip.js";

/** What runs, and what may run after a cut within the step under way. */
interface Model {
  /** The image that was confirmed last. */
  confirmed: string;
  /** It is, or is about to be, the next one to be tried. */
  candidate: string | undefined;
  /** The candidate has been booted: it is not booted again. */
  isTried: boolean;
  /** The candidate is being confirmed: it may be already. */
  isConfirming: boolean;
  /** Updates begun: each brings an image that is like no other. */
  updates: number;
}

/** Takes an update on as the firmware does: into the other slot block by block, then the boot record. */
function update(chip: BootedChip, model: Model): void {
  model.updates += 1;
  const version = `2.0.${model.updates}`;
  chip.download(imageOf(version));
  model.candidate = version;
  model.isTried = false;
  chip.slots.activate();
}

/** A boot, after which all that the model does not allow is wrong. */
function reboot(chip: BootedChip, model: Model): string[] {
  const wrong: string[] = [];
  chip.boot();
  const { version, slots } = chip;
  if (version === undefined) return ["nothing runs"];
  const { candidate } = model;
  if (version === candidate) {
    if (model.isConfirming && !slots.isPending) {
      model.confirmed = version;
    } else {
      if (!slots.isPending) wrong.push(`${version} runs for good and was not confirmed`);
      if (model.isTried) wrong.push(`${version} runs again and was not confirmed`);
      model.isTried = true;
    }
  } else {
    if (version !== model.confirmed) wrong.push(`${version} runs`);
    if (slots.isPending) wrong.push(`${version} is pending`);
  }
  if (version !== candidate || version === model.confirmed) model.candidate = undefined;
  model.isConfirming = false;
  return wrong;
}

function confirm(chip: BootedChip, model: Model): void {
  model.isConfirming = true;
  chip.slots.confirm();
  model.isConfirming = false;
  model.confirmed = chip.version as string;
  model.candidate = undefined;
}

/**
 * Four updates from whatever runs: one is confirmed, one is reset in its trial, one goes back by itself, and one is confirmed
 * again.
 */
function life(chip: BootedChip, model: Model): string[] {
  const wrong: string[] = [];
  const boot = () => wrong.push(...reboot(chip, model));
  while (chip.slots.isPending) boot();
  update(chip, model);
  boot();
  confirm(chip, model);
  boot();
  update(chip, model);
  boot();
  boot();
  update(chip, model);
  boot();
  chip.slots.goBack();
  boot();
  update(chip, model);
  boot();
  confirm(chip, model);
  boot();
  if (chip.version !== `2.0.${model.updates}`) wrong.push(`at last ${chip.version} runs`);
  return wrong;
}

function isCut(task: () => void): boolean {
  try {
    task();
    return false;
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    return true;
  }
}

const fresh = (): Model => ({
  confirmed: "1.0.0",
  candidate: undefined,
  isTried: false,
  isConfirming: false,
  updates: 0,
});
const SEEDS = 20;

describe("a chip whose power goes within any write or erase", () => {
  const chip = newChip(imageOf("1.0.0"));
  const begin = chip.flash.snapshot();
  chip.boot();
  const wrongAtAll = life(chip, fresh());
  const operations = chip.flash.operations - begin.operations;
  const cuts = { first: 0, second: 0 };

  it("lives through four updates without a cut", () => {
    expect(wrongAtAll).toEqual([]);
    expect(operations).toBeGreaterThan(30);
  });

  /** Cuts once, and once more in what comes after where `again` says so; then all of it must still be possible. */
  function cutLife(operation: number, seed: number, again: number): string[] {
    chip.flash.restore(begin);
    chip.flash.reopen();
    const random = seededRandom(seed * 1_000 + operation);
    const model = fresh();
    const wrong: string[] = [];
    chip.boot();
    chip.flash.cutAt(operation, random);
    if (!isCut(() => wrong.push(...life(chip, model)))) return [`no cut at ${operation}`];
    cuts.first += 1;
    chip.flash.reopen();
    if (again > 0) {
      chip.flash.cutAt(again, random);
      const isAgain = isCut(() => {
        wrong.push(...reboot(chip, model));
        wrong.push(...life(chip, model));
      });
      if (!isAgain) return [...wrong, "no second cut"];
      cuts.second += 1;
      chip.flash.reopen();
    }
    wrong.push(...reboot(chip, model));
    wrong.push(...life(chip, model));
    return wrong;
  }

  it("runs the old image or the new one after it, never neither, and takes updates on", () => {
    for (let operation = 1; operation <= operations; operation++)
      for (let seed = 0; seed < SEEDS; seed++)
        expect([operation, seed, ...cutLife(operation, seed, 0)]).toEqual([operation, seed]);
    expect(cuts.first).toBe(operations * SEEDS);
  });

  it("does so when it goes once more, within whatever comes after", () => {
    for (let operation = 1; operation <= operations; operation++)
      for (let again = 1; again <= operations; again++)
        expect([operation, again, ...cutLife(operation, again, again)]).toEqual([operation, again]);
    expect(cuts.second).toBeGreaterThan(operations * 10);
  });

  it("says how many cuts that were", () => {
    process.stderr.write(
      `boot record: ${operations} writes and erases, ${cuts.first + cuts.second} power cuts, ${cuts.second} of them during recovery\n`,
    );
    expect(cuts.first).toBeGreaterThan(0);
  });
});

describe("a boot record that is damaged", () => {
  it("never keeps a chip from running, whatever its bytes are", () => {
    const random = seededRandom(7);
    for (let i = 0; i < 300; i++) {
      const chip = newChip(imageOf("1.0.0"));
      chip.boot();
      chip.download(imageOf("2.0.0"));
      if (random() < 0.5) chip.slots.activate();
      chip.scrambleRecord(random);
      chip.boot();
      expect(["1.0.0", "2.0.0"]).toContain(chip.version);
    }
  });

  it("loses the entry whose number is not the one of its check, and the other one holds", () => {
    const chip = newChip(imageOf("1.0.0"));
    chip.boot();
    chip.download(imageOf("2.0.0"));
    chip.slots.activate();
    chip.boot();
    chip.slots.confirm();
    chip.download(imageOf("3.0.0"));
    chip.slots.activate();
    const entries = () => chip.on("otadata", (flash) => new BootRecord(flash).entries());
    expect(entries()).toEqual([
      { number: 2, state: ImageState.VALID },
      { number: 3, state: ImageState.NEW },
    ]);
    chip.on("otadata", (flash) => flash.write(Uint8Array.of(0), 4_096));
    expect(entries()).toEqual([{ number: 2, state: ImageState.VALID }, undefined]);
    chip.boot();
    expect(chip.version).toBe("2.0.0");
  });
});
