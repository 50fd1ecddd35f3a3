/**
 * What the graph has of each chosen device, kept right: loaded for what is shown, with live readings at its end and late
 * ones where they belong. Readings go straight in; buckets are asked for again where something came, as only the server
 * knows what is in them.
 */

import { SECOND } from "./format.js";
import { insertReading, prune, removeReading, replaceRange } from "./rows.js";
import { askHistory } from "./server.js";
import { spanOf, type View } from "./view.js";
import type { Reading, Row } from "./wire.js";

export interface Trace {
  /** Milliseconds; 0 where rows are readings. */
  bucket: number;
  rows: Row[];
}

interface Loaded extends Trace {
  /** What of its time has new readings and was not asked for again. */
  stale: { from: number; to: number } | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** As a share of what is shown: asked for beyond its left edge, so that lines come in from there. */
const MARGIN = 0.05;

/** Milliseconds between questions for the buckets in which something came. */
const SOON = SECOND;
const LATEST = 15 * SECOND;

export interface Wish {
  bases: readonly string[];
  quantity: string;
  view: View;
  /** About so many rows for each. */
  points: number;
}

export class Traces {
  readonly #changed: () => void;
  readonly #crowded: () => void;
  readonly #traces = new Map<string, Loaded>();
  #wish: Wish | undefined;
  #asked = new AbortController();
  /** What came while history was on its way: the answer may be from before it. */
  #meanwhile: Reading[] | undefined;

  /**
   * @param changed when there is something other to draw
   * @param crowded when there are far more readings than points, so that they should be loaded as buckets
   */
  constructor(changed: () => void, crowded: () => void) {
    this.#changed = changed;
    this.#crowded = crowded;
  }

  get(base: string): Trace | undefined {
    return this.#traces.get(base);
  }

  /** Loads what is wished for; what is there stays until then. Throws what the server says, or that it is away. */
  async load(wish: Wish): Promise<void> {
    this.#asked.abort();
    const asked = new AbortController();
    this.#asked = asked;
    if (this.#wish?.quantity !== wish.quantity) this.#clear();
    this.#wish = wish;
    this.#meanwhile = [];
    for (const base of [...this.#traces.keys()]) if (!wish.bases.includes(base)) this.#drop(base);
    const { view, quantity } = wish;
    const query = {
      quantity,
      from: Math.floor(view.from - spanOf(view) * MARGIN),
      to: Math.ceil(view.to + SECOND),
      points: Math.round(wish.points * (1 + MARGIN)),
    };
    try {
      const answers = await Promise.allSettled(
        wish.bases.map(async (device) => {
          const { bucket, rows } = await askHistory({ ...query, device }, asked.signal);
          if (asked.signal.aborted) return;
          this.#drop(device);
          this.#traces.set(device, { bucket, rows, stale: undefined, timer: undefined });
          this.#changed();
        }),
      );
      // What has come is shown, whatever became of the rest.
      const failed = answers.find((answer) => answer.status === "rejected");
      if (failed && !asked.signal.aborted) throw failed.reason;
    } finally {
      if (!asked.signal.aborted) {
        const meanwhile = this.#meanwhile ?? [];
        this.#meanwhile = undefined;
        for (const reading of meanwhile) this.#take(reading);
      }
    }
    if (!asked.signal.aborted) this.#changed();
  }

  read(reading: Reading): void {
    if (this.#wish?.bases.includes(reading.base)) this.#meanwhile?.push(reading);
    this.#take(reading);
  }

  /** Forgets what a live view has left behind. */
  prune(view: View): void {
    const from = view.from - spanOf(view) * MARGIN;
    for (const { rows, bucket } of this.#traces.values()) prune(rows, from - bucket);
  }

  #take({ base, quantity, time, value, was }: Reading): void {
    const trace = this.#traces.get(base);
    const wish = this.#wish;
    if (!trace || !wish || quantity !== wish.quantity) return;
    const { view } = wish;
    if (was !== null && trace.bucket > 0) this.#ask(base, trace, was);
    else if (was !== null) removeReading(trace.rows, was);
    if (time < view.from - spanOf(view) * MARGIN || (!view.live && time > view.to)) return;
    if (trace.bucket > 0) {
      this.#ask(base, trace, time);
      return;
    }
    insertReading(trace.rows, time, value);
    if (trace.rows.length > 2 * wish.points + 100) this.#crowded();
    this.#changed();
  }

  #ask(base: string, trace: Loaded, time: number): void {
    const { bucket, rows, stale } = trace;
    const start = Math.floor(time / bucket) * bucket;
    trace.stale = {
      from: Math.min(stale?.from ?? start, start),
      to: Math.max(stale?.to ?? start, start),
    };
    // A late reading changes what is drawn already; a live one only the last pixel.
    const isTail = start >= (rows.at(-1)?.time ?? start);
    const wait = isTail ? Math.min(LATEST, Math.max(SOON, bucket / 20)) : SOON;
    trace.timer ??= setTimeout(() => void this.#refresh(base, trace), wait);
  }

  async #refresh(base: string, trace: Loaded): Promise<void> {
    const { stale, bucket } = trace;
    const wish = this.#wish;
    trace.timer = undefined;
    trace.stale = undefined;
    if (!stale || !wish) return;
    const to = stale.to + bucket - 1;
    const query = {
      device: base,
      quantity: wish.quantity,
      from: stale.from,
      to,
      points: wish.points,
      bucket,
    };
    try {
      const fresh = await askHistory(query, this.#asked.signal);
      if (this.#traces.get(base) !== trace || fresh.bucket !== bucket) return;
      replaceRange(trace.rows, stale.from, to, fresh.rows);
      this.#changed();
    } catch {
      // The server is away: all is loaded again when it is back.
    }
  }

  #drop(base: string): void {
    clearTimeout(this.#traces.get(base)?.timer);
    this.#traces.delete(base);
  }

  #clear(): void {
    for (const base of [...this.#traces.keys()]) this.#drop(base);
  }
}
