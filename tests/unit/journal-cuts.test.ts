import { describe, expect, it } from "@jest/globals";
import type { Reading } from "../../firmware/codec/reading.js";
import { Journal } from "../../firmware/outbox/journal.js";
import { Policy } from "../../firmware/outbox/policy.js";
import { type FlashSnapshot, PowerCut, VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { bootTime, readAt, readingOf, sequencesOf } from "../support/outbox.js";

/** What must be in the journal, and what may be: everything else would be invented. */
class Model {
  /** Written, not acknowledged, not given up. */
  readonly waiting = new Set<number>();
  /** Acknowledged: may come back after a cut, for that is noted now and then. */
  readonly acknowledged = new Set<number>();
  readonly dropped = new Set<number>();
  /** Given up for good. */
  gone = 0;
  /** Under way when the power went. */
  writing = -1;
}

class Life {
  readonly journal: Journal;
  readonly model: Model;
  #boot: number;

  constructor(flash: VirtualFlash, model: Model, boot: number) {
    this.model = model;
    this.#boot = boot;
    this.journal = new Journal({
      flash: flash.reopen(),
      random: seededRandom(boot),
      policy: Policy.OLDEST,
      onDropped: (first, count) => {
        const oldest = [...model.waiting].filter((seq) => seq >= first).sort((a, b) => a - b);
        for (const seq of oldest.slice(0, count)) {
          model.waiting.delete(seq);
          model.dropped.add(seq);
        }
      },
      problems: [],
    });
    this.journal.begin(bootTime(boot));
  }

  /** Everything is found that must be, nothing else is, in order and as it was written. */
  check(): void {
    const { model, journal } = this;
    const found = sequencesOf(journal);
    const set = new Set(found);
    // One expectation for all: a thousand lives are looked at.
    const wrong: string[] = [];
    if (journal.size !== found.length) wrong.push(`size ${journal.size} of ${found.length}`);
    for (const seq of model.waiting) if (!set.has(seq)) wrong.push(`lost ${seq}`);
    let last = -1;
    for (const seq of found) {
      if (seq <= last) wrong.push(`order ${seq} after ${last}`);
      last = seq;
      const known = model.waiting.has(seq) || model.acknowledged.has(seq) || model.dropped.has(seq);
      if (!known && seq !== model.writing) wrong.push(`invented ${seq}`);
      const { value, quantity, epoch } = readAt(journal, seq) as Reading;
      const written = readingOf(seq);
      if (value !== written.value || quantity !== written.quantity || epoch !== written.epoch)
        wrong.push(`changed ${seq}`);
    }
    if (journal.next <= last) wrong.push(`next ${journal.next}`);
    // Where the cut came before that was noted, they are still there, and wait again.
    for (const seq of model.dropped) if (!set.has(seq)) model.gone += 1;
    expect(wrong).toEqual([]);
    // What the cut decided holds from now on.
    model.waiting.clear();
    model.acknowledged.clear();
    model.dropped.clear();
    for (const seq of found) model.waiting.add(seq);
    model.writing = -1;
  }

  append(): void {
    const { model, journal } = this;
    const { next } = journal;
    model.writing = next;
    // Its number may be one that a cut took from a reading that was being written: it is another reading then.
    journal.append(readingOf(next, this.#boot));
    model.waiting.add(next);
    model.writing = -1;
  }

  acknowledge(seq: number): void {
    const { model, journal } = this;
    // The journal knows it before it notes it.
    model.waiting.delete(seq);
    model.acknowledged.add(seq);
    journal.acknowledge(seq);
  }
}

/** Appends and acknowledges across the ends of blocks, late ones and live ones. */
function script(life: Life, steps: number, seed: number): void {
  const random = seededRandom(seed);
  for (let i = 0; i < steps; i++) {
    life.append();
    if (random() < 0.7) {
      const { journal } = life;
      let seq = random() < 0.8 ? journal.first : journal.next - 1;
      for (let count = 1 + Math.floor(random() * 3); count > 0 && seq < journal.next; count--) {
        life.acknowledge(seq);
        seq = journal.following(seq + 1);
      }
    }
  }
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

/** A ring that is full and holds `waiting` readings to deliver; the next block's end is near. */
function prepared(waiting: number): { flash: VirtualFlash; snapshot: FlashSnapshot; model: () => Model } {
  const flash = new VirtualFlash(4);
  const made = new Model();
  const life = new Life(flash, made, 1);
  for (let i = 0; i < 4 * 125 + 110; i++) life.append();
  for (const seq of sequencesOf(life.journal).slice(0, -waiting)) life.acknowledge(seq);
  const snapshot = flash.snapshot();
  return {
    flash,
    snapshot,
    model: () => {
      const copy = new Model();
      for (const name of ["waiting", "acknowledged", "dropped"] as const)
        for (const seq of made[name]) copy[name].add(seq);
      copy.gone = made.gone;
      return copy;
    },
  };
}

describe("a journal whose power is cut", () => {
  it.each([
    ["little waits", 20],
    ["it is full to the last block", 380],
  ])(
    "at any write or erase, when %s, loses at most the reading under way and invents none",
    (_when, waiting) => {
      const { flash, snapshot, model } = prepared(waiting);
      let cuts = 0;
      for (;;) {
        const operation = cuts + 1;
        flash.restore(snapshot);
        const state = model();
        const life = new Life(flash, state, 2);
        flash.cutAt(operation, seededRandom(operation));
        if (!isCut(() => script(life, 150, 7))) break;
        cuts += 1;
        const second = new Life(flash, state, 3);
        second.check();
        // Noted before the block is erased.
        expect(second.journal.dropped).toBe(state.gone);
        // And again, soon after: the ring must go on from whatever there is.
        flash.cutAt(1 + (operation % 5), seededRandom(operation));
        isCut(() => script(second, 6, operation));
        const third = new Life(flash, state, 4);
        third.check();
        third.append();
      }
      expect(cuts).toBeGreaterThan(150);
    },
  );

  it("while it makes itself a home is made at the next start", () => {
    for (let operation = 1; operation <= 2; operation++) {
      for (let draw = 0; draw < 40; draw++) {
        const flash = new VirtualFlash(4);
        flash.scramble(seededRandom(draw), 0, 4 * 4096);
        flash.cutAt(operation, seededRandom(draw));
        const model = new Model();
        expect(isCut(() => new Life(flash, model, 1))).toBe(true);
        const life = new Life(flash, model, 2);
        life.check();
        for (let i = 0; i < 10; i++) life.append();
        new Life(flash, model, 3).check();
      }
    }
  });
});
