import { QUANTITIES, QUANTITY_COUNT, type Quantity, type Reading } from "../../firmware/codec/reading.js";
import type { Code } from "./codes.js";
import { Life } from "./life.js";

/** What became of a reading. */
const enum Fate {
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
interface Taken {
  readonly quantity: Quantity;
  readonly count: number;
  /** Place among all readings of this device. */
  readonly order: number;
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
  /** The node has been told that the broker has it. */
  isAcknowledged: boolean;
  fate: Fate;
}

/** The present moment. */
export interface Moment {
  readonly at: number;
  /** Number of the callback. */
  readonly step: number;
  /** Number of the connection that there is, 0 for none. */
  readonly connection: number;
}

/** What of a device's readings outlives its power. */
export const enum Keeping {
  /** Nothing. */
  NONE,
  /** All but those that were taken on the present connection. */
  OUTAGE,
  /** All that were taken. */
  ALWAYS,
}

/** A message as the broker has it. */
export interface Arrival {
  readonly topic: string;
  readonly payload: string;
  readonly dup: boolean;
  readonly retain: boolean;
}

/** Readings whose fate is known that are remembered: of a repetition of an older one nothing is known but that it was taken. */
const REMEMBERED = 10_000;

/** The mark of a reading that waited. */
const LATE = '"late":true}';

/**
 * What a device has taken and what of it has arrived, kept by the world and not by the node: what the node's own numbers
 * and times say is checked against it.
 */
export class Ledger {
  taken = 0;
  arrived = 0;
  duplicates = 0;
  dropped = 0;
  doubtful = 0;
  #base: string;
  #codes: readonly (Code | undefined)[];
  #fail: (what: string) => void;
  #lives = 0;
  #life!: Life;
  /** The connection on which whatever comes to the broker was sent: the last that it has accepted. */
  #accepted: { life: Life | undefined; connection: number } = { life: undefined, connection: 0 };
  /** By quantity and count within the code's cycle. */
  #readings: Map<number, Taken>[] = [];
  /** By the node's number; of several epochs the newest. */
  #numbered = new Map<number, Taken>();
  #lastSeq = -1;
  #lastLife: Life | undefined;
  /** Given to the node and not yet recorded by it, in order. */
  #expected: Taken[] = [];
  /** Numbers that the node has dropped before it has told what they are. */
  #droppedAhead = new Set<number>();
  /** Numbers of readings that the power went in, and that were stored all the same. */
  #phantoms = new Set<number>();
  #dropsOldest: boolean;
  /** A ring of those whose fate is known, oldest first. */
  #remembered: (Taken | undefined)[] = new Array(REMEMBERED).fill(undefined);
  #rememberedAt = 0;
  #counts: number[] = [];
  /** By quantity: the last one that has arrived for the first time. */
  #live: number[] = [];
  #late: number[] = [];
  /** By quantity: the payload of the live reading that arrived last. */
  #newest: (string | undefined)[] = [];

  /**
   * @param dropsOldest what the node gives up for want of room; otherwise it is what it just takes
   * @param fail called with what is wrong
   */
  constructor(
    base: string,
    codes: readonly (Code | undefined)[],
    dropsOldest: boolean,
    fail: (what: string) => void,
  ) {
    this.#base = base;
    this.#dropsOldest = dropsOldest;
    this.#codes = codes;
    this.#fail = fail;
    for (let quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
      this.#readings.push(new Map());
      this.#counts.push(0);
      this.#live.push(-1);
      this.#late.push(-1);
      this.#newest.push(undefined);
    }
  }

  // --- what happens to the device ----------------------------------------------------------------------------------

  /** The power comes. @param offset what the clock adds to the world's time, `undefined` while it is not set */
  begin(at: number, offset: number | undefined): Life {
    this.#lives += 1;
    this.#life = new Life(this.#lives, at, offset, this.#life);
    return this.#life;
  }

  /** The power goes. @param connection number of the connection that there is, 0 for none */
  cut(keeping: Keeping, connection: number): void {
    for (const reading of this.#expected) this.#doubt(reading);
    this.#expected = [];
    if (keeping === Keeping.ALWAYS || (keeping === Keeping.OUTAGE && connection === 0)) return;
    const isLost = (reading: Taken) =>
      keeping === Keeping.NONE || (reading.life === this.#life && reading.connection === connection);
    for (const reading of this.#unresolved()) if (isLost(reading)) this.#doubt(reading);
    // Their numbers are forgotten too, and given to others.
    for (const [seq, reading] of this.#numbered) if (isLost(reading)) this.#numbered.delete(seq);
  }

  /** The broker has accepted a connection of the present life. */
  accepted(connection: number): void {
    this.#accepted = { life: this.#life, connection };
  }

  /** The node is about to get a value that it has to take. */
  take(quantity: Quantity, count: number, { at, step, connection }: Moment): void {
    const { cycle } = this.#codes[quantity] as Code;
    const [missed] = this.#expected;
    if (missed && missed.step !== step) this.#fail(`taken: the node has not taken reading #${missed.order}`);
    const reading: Taken = {
      quantity,
      count,
      order: this.taken,
      life: this.#life,
      at,
      step,
      connection,
      seq: -1,
      epoch: "",
      isAcknowledged: false,
      fate: Fate.WAITS,
    };
    this.taken += 1;
    this.#counts[quantity] = count + 1;
    if (this.#readings[quantity].get(count % cycle)?.fate === Fate.WAITS)
      this.#fail("bench: readings cannot be told apart, too many of them wait");
    this.#readings[quantity].set(count % cycle, reading);
    this.#expected.push(reading);
  }

  // --- what the node tells -----------------------------------------------------------------------------------------

  /** The node has taken a reading and given it its number. @returns its place, and whether it was given up at once */
  recorded({ quantity, value, seq, epoch, uptime, boot }: Reading): { place: number; isGivenUp: boolean } {
    const reading = this.#expected.shift();
    if (!reading || this.#find(quantity, value) !== reading) {
      this.#fail(`invented: the node has recorded ${value}, which nothing measured just now`);
      return { place: -1, isGivenUp: false };
    }
    reading.seq = seq;
    reading.epoch = epoch.toString(16).padStart(8, "0");
    const { life } = reading;
    const isNext = seq === this.#lastSeq + 1 || this.#lastLife !== life;
    if (!isNext)
      this.#fail(`number: reading #${reading.order} has ${seq}, and the one before ${this.#lastSeq}`);
    for (let missing = this.#lastSeq + 1; this.#lastSeq > 0 && missing < seq; missing++) {
      if (this.#numbered.get(missing)?.epoch !== reading.epoch) this.#phantoms.add(missing);
    }
    this.#lastLife = life;
    this.#lastSeq = seq;
    const former = this.#numbered.get(seq);
    // One that was given up at once, or lost with the power, leaves its number to another after a restart.
    if (former && former.epoch === reading.epoch && (former.fate < Fate.DROPPED || former.life === life))
      this.#fail(
        `number: ${seq} of epoch ${reading.epoch} is given to #${former.order} and #${reading.order}`,
      );
    this.#numbered.set(seq, reading);
    life.checkBoot(boot, this.#fail);
    if (uptime !== reading.at - life.since)
      this.#fail(`time: reading #${reading.order} has uptime ${uptime} and not ${reading.at - life.since}`);
    const isGivenUp = this.#droppedAhead.delete(seq);
    if (isGivenUp) this.#drop(reading);
    return { place: reading.order, isGivenUp };
  }

  /** The node has given up `count` readings, the first of them `first`. */
  gaveUp(first: number, count: number): void {
    if (!this.#dropsOldest) {
      // Either the one that is just being taken, whose number is not known yet, or one that has waited in memory, and for
      // which there was no room in flash when the connection ended.
      const reading = this.#numbered.get(first);
      if (reading && reading.fate === Fate.WAITS && reading.life === this.#life) this.#drop(reading);
      else this.#droppedAhead.add(first);
      return;
    }
    let left = count;
    for (let seq = first; left > 0 && seq <= this.#lastSeq; seq++) {
      const reading = this.#numbered.get(seq);
      if (!reading) {
        if (this.#phantoms.delete(seq)) left -= 1;
      } else if (!reading.isAcknowledged) {
        this.#drop(reading);
        left -= 1;
      }
      // What was acknowledged may have been forgotten with the power, and then it is one of those that are counted.
    }
  }

  /** The node says that the broker has acknowledged this reading. @returns its place, -1 for one of long ago */
  acknowledged({ quantity, value }: Reading): number {
    const reading = this.#find(quantity, value);
    if (reading === "forgotten") return -1;
    if (reading === undefined) {
      this.#fail(`invented: the node says that ${value} was delivered`);
      return -1;
    }
    if (reading.fate !== Fate.ARRIVED)
      this.#fail(`lost: the node says that #${reading.order} was delivered, and it never came to the broker`);
    reading.isAcknowledged = true;
    return reading.order;
  }

  // --- what the broker has -----------------------------------------------------------------------------------------

  /** A message of this device has come to the broker. @returns what it was, for the trace */
  arrive({ topic, payload, dup, retain }: Arrival, at: number): string {
    const isLate = payload.endsWith(LATE);
    if (retain === isLate)
      this.#fail(`retained: a late reading is not to be retained, and a live one is: ${payload}`);
    const level = topic.slice(this.#base.length + 1);
    if (payload.charCodeAt(0) !== 0x7b) {
      const quantity = QUANTITIES.indexOf(level);
      return this.#arrive(quantity, Number(payload), undefined, false, payload, dup, at);
    }
    const message = JSON.parse(payload) as Record<string, unknown>;
    if (isLate !== (message["late"] === true)) this.#fail(`late: a mark of another form: ${payload}`);
    for (let quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
      const value = message[QUANTITIES[quantity]];
      if (value === undefined) continue;
      if (level !== QUANTITIES[quantity] && !(level === "history" && isLate)) break;
      return this.#arrive(quantity, value as number, message, isLate, payload, dup, at);
    }
    this.#fail(`invented: a message that is no reading came to ${topic}: ${payload}`);
    return "no reading";
  }

  #arrive(
    quantity: number,
    value: number,
    message: Record<string, unknown> | undefined,
    isLate: boolean,
    payload: string,
    isRepeated: boolean,
    at: number,
  ): string {
    const reading = this.#find(quantity, value);
    if (reading === "forgotten") {
      this.duplicates += 1;
      return `again, long after: ${payload}`;
    }
    if (reading === undefined) {
      this.#fail(`invented: nothing measured ${value} (${payload})`);
      return "invented";
    }
    const name = `#${reading.order}${isLate ? " late" : ""}`;
    if (message) this.#checkMessage(reading, message, payload, at);
    if (reading.fate === Fate.ARRIVED) {
      this.duplicates += 1;
      return `${name} again`;
    }
    this.#checkLateness(reading, isLate, isRepeated, payload);
    const order = isLate ? this.#late : this.#live;
    if (reading.order < order[quantity])
      this.#fail(`order: reading #${reading.order} came after #${order[quantity]} (${payload})`);
    order[quantity] = reading.order;
    if (!isLate) this.#newest[quantity] = payload;
    this.arrived += 1;
    if (reading.fate === Fate.DOUBTFUL) this.doubtful -= 1;
    if (reading.fate === Fate.DROPPED) this.dropped -= 1;
    reading.fate = Fate.ARRIVED;
    this.#remember(reading);
    return name;
  }

  #checkMessage(reading: Taken, message: Record<string, unknown>, payload: string, at: number): void {
    const seq = message["seq"] as number;
    const epoch = message["epoch"] as string;
    if (reading.seq < 0) {
      // The power went before the node could tell its number: it must be one that no other reading has.
      const other = this.#numbered.get(seq);
      if (other && other.epoch === epoch)
        this.#fail(`number: ${seq} of epoch ${epoch} is given to #${other.order} and #${reading.order}`);
      reading.seq = seq;
      reading.epoch = epoch;
      this.#phantoms.delete(seq);
      if (!other) this.#numbered.set(seq, reading);
    }
    if (reading.seq !== seq || reading.epoch !== epoch)
      this.#fail(`number: reading #${reading.order} is ${reading.seq} of epoch ${reading.epoch}: ${payload}`);
    const { life } = reading;
    const isOver = life !== this.#life;
    // One that had arrived before its life was over may have been done with when the node learnt the time.
    const isNew = reading.fate !== Fate.ARRIVED;
    const wrong =
      message["time"] === undefined
        ? life.problemWithUptime(message, reading.at, at, isOver && isNew)
        : life.problemWithTime(message["time"] as number, reading.at, at, isOver);
    if (wrong) this.#fail(`time: reading #${reading.order} must have ${wrong}: ${payload}`);
  }

  #checkLateness(reading: Taken, isLate: boolean, isRepeated: boolean, payload: string): void {
    const { life, connection } = this.#accepted;
    const isPresent = reading.life === life;
    const wasTakenNow = isPresent && reading.connection === connection && connection !== 0;
    if (isLate && wasTakenNow)
      this.#fail(`late: reading #${reading.order} was taken on this connection and is marked: ${payload}`);
    // One that was sent before, on another connection, stays what it was then.
    const mayBeLive = wasTakenNow || (isRepeated && isPresent && reading.connection !== 0);
    if (!isLate && !mayBeLive)
      this.#fail(`late: reading #${reading.order} waited for this connection and is not marked: ${payload}`);
  }

  /** What must hold when everything has had its time. @param before readings that were taken later may be under way still */
  settle(before: number, retained: (topic: string) => string | undefined): void {
    for (const { order } of this.#expected) this.#fail(`taken: the node has not taken reading #${order}`);
    const missing = this.#unresolved().filter(({ at }) => at <= before);
    if (missing.length > 0) {
      const [{ order, at, seq, epoch, life }] = missing;
      this.#fail(
        `lost: ${missing.length} readings never came and were not counted as dropped, the first of them #${order}, ` +
          `number ${seq} of epoch ${epoch}, taken at ${at} in life ${life.number}`,
      );
    }
    for (let quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
      const newest = this.#newest[quantity];
      const topic = `${this.#base}/${QUANTITIES[quantity]}`;
      if (newest !== undefined && retained(topic) !== newest)
        this.#fail(`retained: ${topic} holds ${retained(topic)}, the newest live reading is ${newest}`);
    }
  }

  /** Readings that were taken before this moment and have not arrived. */
  waiting(before: number): number {
    return this.#unresolved().filter(({ at }) => at <= before).length;
  }

  /** Whether this was ever measured. */
  knows(quantity: number, value: number): boolean {
    return this.#find(quantity, value) !== undefined;
  }

  // --- keeping -----------------------------------------------------------------------------------------------------

  /** Oldest first. */
  #unresolved(): Taken[] {
    const unresolved: Taken[] = [];
    for (const readings of this.#readings)
      for (const reading of readings.values()) if (reading.fate === Fate.WAITS) unresolved.push(reading);
    return unresolved.sort((a, b) => a.order - b.order);
  }

  /** "forgotten" where it was settled so long ago that nothing else is known of it. */
  #find(quantity: number, value: number): Taken | "forgotten" | undefined {
    const code = this.#codes[quantity];
    if (!code) return undefined;
    const key = code.count(value);
    if (key < 0) return undefined;
    const reading = this.#readings[quantity].get(key);
    if (reading) return reading;
    return this.#counts[quantity] > key ? "forgotten" : undefined;
  }

  #doubt(reading: Taken): void {
    reading.fate = Fate.DOUBTFUL;
    this.doubtful += 1;
    this.#remember(reading);
  }

  #drop(reading: Taken): void {
    if (reading.fate !== Fate.WAITS) return;
    reading.fate = Fate.DROPPED;
    this.dropped += 1;
    this.#remember(reading);
  }

  #remember(reading: Taken): void {
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
