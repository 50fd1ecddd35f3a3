import { QUANTITY_COUNT, type Quantity } from "../../firmware/codec/reading.js";
import type { Code } from "./codes.js";
import type { Life } from "./life.js";
import type { Seen } from "./wire.js";

/** What became of a reading. */
export const enum Fate {
  /** The node has it, or should. */
  WAITS,
  /** The broker has got it. */
  ARRIVED,
  /** The node has told that it dropped it, and it has not arrived. */
  DROPPED,
  /** The power went before the node could have stored it. It may arrive all the same. */
  DOUBTFUL,
}

/** A reading as the world knows it. */
export interface Taken extends Seen {
  readonly quantity: Quantity;
  readonly count: number;
  readonly life: Life;
  /** Moment in the world's time. */
  readonly at: number;
  /** Callback in which it was taken. */
  readonly step: number;
  /** Number of the connection that was there, 0 for none. */
  readonly connection: number;
  /** The node's own number and epoch; -1 and "" while it has not told. */
  seq: number;
  epoch: string;
  fate: Fate;
  dropped: Dropped | undefined;
  /** The life in which the node was told that the broker has it. */
  acknowledgedIn: Life | undefined;
}

/** Where a reading was given up. */
interface Dropped {
  readonly life: Life;
  /** How many connections there had been until then. */
  readonly connections: number;
  /** It was this one, and not another that the node has had to take for one that waits. */
  readonly isSure: boolean;
}

/** Readings whose fate is known that are remembered: of a repetition of an older one nothing is known but that it was taken. */
const REMEMBERED = 4_000;

/** The readings of a device: all that wait, and the last ones whose fate is known. */
export class Register {
  /** All that were taken. */
  count = 0;
  #codes: readonly (Code | undefined)[];
  /** By quantity and count within the code's cycle. */
  #readings: Map<number, Taken>[] = [];
  /** By quantity: how many were taken. */
  #counts: number[] = [];
  /** By the node's number; of several epochs the newest. */
  #numbered = new Map<number, Taken>();
  /** None that waits is older; it may be done with since. */
  #oldestKnown: Taken | undefined;
  /** A ring of those whose fate is known, oldest first. */
  #remembered: (Taken | undefined)[] = new Array(REMEMBERED).fill(undefined);
  #rememberedAt = 0;

  constructor(codes: readonly (Code | undefined)[]) {
    this.#codes = codes;
    for (let quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
      this.#readings.push(new Map());
      this.#counts.push(0);
    }
  }

  /** Readings that are remembered. */
  get size(): number {
    return this.#readings.reduce((sum, readings) => sum + readings.size, 0);
  }

  /** False where one that waits has the same value. */
  add(reading: Taken): boolean {
    const { quantity, count } = reading;
    const readings = this.#readings[quantity];
    const key = count % (this.#codes[quantity] as Code).cycle;
    if (readings.get(key)?.fate === Fate.WAITS) return false;
    readings.set(key, reading);
    this.#counts[quantity] = count + 1;
    this.count += 1;
    return true;
  }

  /** "forgotten" where it was settled so long ago that nothing else is known of it. */
  find(quantity: number, value: number): Taken | "forgotten" | undefined {
    const code = this.#codes[quantity];
    if (!code) return undefined;
    const key = code.count(value);
    if (key < 0) return undefined;
    const reading = this.#readings[quantity].get(key);
    if (reading) return reading;
    return this.#counts[quantity] > key ? "forgotten" : undefined;
  }

  /** The one to which the node has given this number last. */
  numbered(seq: number): Taken | undefined {
    return this.#numbered.get(seq);
  }

  /** The node has given it its number. */
  number(reading: Taken): void {
    this.#numbered.set(reading.seq, reading);
  }

  /** Those that wait, oldest first. */
  waiting(): Taken[] {
    const waiting: Taken[] = [];
    for (const readings of this.#readings)
      for (const reading of readings.values()) if (reading.fate === Fate.WAITS) waiting.push(reading);
    return waiting.sort((a, b) => a.order - b.order);
  }

  /** Place of the oldest that waits in the node: what has come does too until it is acknowledged. `count` where none does. */
  oldest(): number {
    const waits = ({ fate, isAcknowledged }: Taken) =>
      fate === Fate.WAITS || (fate === Fate.ARRIVED && !isAcknowledged);
    if (this.#oldestKnown && waits(this.#oldestKnown)) return this.#oldestKnown.order;
    this.#oldestKnown = undefined;
    for (const readings of this.#readings)
      for (const reading of readings.values())
        if (waits(reading) && reading.order < (this.#oldestKnown?.order ?? this.count))
          this.#oldestKnown = reading;
    return this.#oldestKnown?.order ?? this.count;
  }

  /** What became of it is known: it is forgotten after some more. */
  settled(reading: Taken): void {
    const oldest = this.#remembered[this.#rememberedAt];
    if (oldest) {
      const readings = this.#readings[oldest.quantity];
      const key = oldest.count % (this.#codes[oldest.quantity] as Code).cycle;
      if (readings.get(key) === oldest) readings.delete(key);
      if (this.#numbered.get(oldest.seq) === oldest) this.#numbered.delete(oldest.seq);
    }
    this.#remembered[this.#rememberedAt] = reading;
    this.#rememberedAt = (this.#rememberedAt + 1) % REMEMBERED;
  }
}
