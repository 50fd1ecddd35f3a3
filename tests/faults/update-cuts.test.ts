/**
 * The power goes within an update: at each write and erase of the slots and the boot record, with writes and erases half
 * done; before and after each write to NVS; and again while the device recovers. `npm test` tries a share of the places within the
 * download, which are all alike, and all others; CUTS=all tries every one.
 */

import { describe, expect, it } from "@jest/globals";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { MemoryStorage } from "../support/memory-storage.js";
import { manifestFor, NEW, updateWorld } from "../support/update-world.js";

const isAll = process.env["CUTS"] === "all";

/** Of the operations in the middle of a download, every so manieth. */
const STRIDE = isAll ? 1 : 7;

/** At the beginning and the end of an update all are tried: notes, read-back, boot record. */
const EDGE = 16;

const { payload } = manifestFor(NEW);

type World = ReturnType<typeof updateWorld>;

/** Everything in order, without a cut. */
function operationsOfAnUpdate(): { slots: number; writes: number } {
  const world = updateWorld();
  world.device.run(10_000);
  const before = { slots: world.slots.operations, writes: world.storage.writes.length };
  world.publish(payload);
  world.device.run(30_000);
  expect(world.said().state).toBe("confirmed");
  return {
    slots: world.slots.operations - before.slots,
    writes: world.storage.writes.length - before.writes,
  };
}

/** After whatever happened: it boots, old or new, ends with the update complete, and has lost nothing. */
function checkRecovered(world: World, cuts: number, what: string): void {
  world.device.run(90_000);
  const { versions, crashes } = world.device;
  expect([what, versions.filter((version) => version !== "0.1.0" && version !== "0.2.0")]).toEqual([
    what,
    [],
  ]);
  expect([what, crashes]).toEqual([what, []]);
  expect([what, world.said().state, versions.at(-1)]).toEqual([what, "confirmed", "0.2.0"]);
  // Nothing is fetched twice but the block that was under way at a cut.
  const again = world.server.fetches().reduce((sum, count) => sum + count - 1, 0);
  expect([what, again <= cuts]).toEqual([what, true]);
  const numbers = world.numbers();
  expect([what, numbers.every((number, i) => number === i + 1)]).toEqual([what, true]);
  // It is there to stay.
  world.device.cutPower();
  world.device.run(20_000);
  expect([what, versions.at(-1), world.said().state]).toEqual([what, "0.2.0", "confirmed"]);
}

function published(storage = new MemoryStorage()): World {
  const world = updateWorld({ storage });
  // What was in the other slot before.
  const slot = world.slots.partition("ota_1");
  slot.write(new Uint8Array(slot.status().size), 0);
  slot.close();
  world.device.run(10_000);
  world.publish(payload);
  return world;
}

/** NVS whose power goes just before or just after a write. */
class CutStorage extends MemoryStorage {
  /** Writes until the cut; 0 is never. */
  untilCut = 0;
  isDone = false;
  onCut: () => void = () => {};

  override write(key: string, value: string): void {
    this.untilCut -= 1;
    if (this.untilCut !== 0) return super.write(key, value);
    if (this.isDone) super.write(key, value);
    this.onCut();
    throw new Error("the power went");
  }
}

const { slots: OPERATIONS, writes: WRITES } = operationsOfAnUpdate();

function places(): number[] {
  const all: number[] = [];
  for (let place = 1; place <= OPERATIONS; place++)
    if (place <= EDGE || place > OPERATIONS - EDGE || place % STRIDE === 0) all.push(place);
  return all;
}

let tried = 0;

describe(`a power cut within an update of ${OPERATIONS} flash operations and ${WRITES} writes to NVS`, () => {
  it("leaves a device that boots, old or new, and completes the update: at any operation", () => {
    for (const place of places()) {
      const world = published();
      world.slots.cutAt(place, seededRandom(place));
      checkRecovered(world, 1, `cut at ${place}`);
      tried += 1;
    }
  });

  it("likewise however much of the operation was done, where the boot record and the notes are written", () => {
    for (let seed = 1; seed <= (isAll ? 24 : 6); seed++) {
      for (const place of [1, 2, 3, ...Array.from({ length: 6 }, (_, i) => OPERATIONS - i)]) {
        const world = published();
        world.slots.cutAt(place, seededRandom(1_000 * seed + place));
        checkRecovered(world, 1, `cut at ${place}, seed ${seed}`);
        tried += 1;
      }
    }
  });

  it("likewise when the power goes again while it recovers", () => {
    const random = seededRandom(7);
    const firsts = places().filter((_, i) => i % (isAll ? 4 : 3) === 0 || isAll);
    for (const first of firsts) {
      const again = 1 + Math.floor(random() * 12);
      const world = published();
      world.slots.cutAt(first, seededRandom(first));
      world.clock.runUntil(() => world.device.resets.length === 2);
      world.slots.cutAt(again, seededRandom(first + 1));
      checkRecovered(world, 2, `cut at ${first} and ${again} operations later`);
      tried += 1;
    }
  });

  it("likewise before and after each write to NVS", () => {
    for (let place = 1; place <= WRITES; place++) {
      for (const isDone of [false, true]) {
        const storage = new CutStorage();
        const world = published(storage);
        storage.isDone = isDone;
        storage.untilCut = place;
        storage.onCut = () => world.device.cutPower();
        checkRecovered(world, 1, `cut ${isDone ? "after" : "before"} write ${place} to NVS`);
        tried += 1;
      }
    }
  });

  it("was tried often enough", () => {
    process.stdout.write(
      `power cuts within an update: ${tried} tried${isAll ? "" : "; CUTS=all tries all"}\n`,
    );
    expect(tried).toBeGreaterThan(isAll ? 1_500 : 200);
  });
});
