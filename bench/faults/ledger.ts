import { QUANTITIES, QUANTITY_COUNT, type Quantity, type Reading } from "../../firmware/codec/reading.js";
import type { Code } from "./codes.js";
import { Forgetting } from "./forgetting.js";
import { Life } from "./life.js";
import { Fate, Register, type Taken } from "./register.js";
import { Wire } from "./wire.js";

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
  /** Packet identifier. */
  readonly messageId: number | undefined;
}

export interface LedgerOptions {
  base: string;
  codes: readonly (Code | undefined)[];
  /** What the node gives up for want of room; otherwise it is what it just takes. */
  dropsOldest: boolean;
  /** Readings that have been taken since the oldest one that waits, at least, before one is given up. */
  room: number;
  /** Readings under way at once. */
  window: number;
  /** Called with what is wrong. */
  fail: (what: string) => void;
}

/** The mark of a reading that waited. */
const LATE = '"late":true}';

/**
 * What a device has taken and what of it has arrived, kept by the world and not by the node: what the node's own numbers
 * and times say is checked against it.
 */
export class Ledger {
  arrived = 0;
  duplicates = 0;
  dropped = 0;
  doubtful = 0;
  #base: string;
  #register: Register;
  #fail: (what: string) => void;
  #lives = 0;
  #life!: Life;
  /** The connection on which whatever comes to the broker was sent: the last that it has accepted. */
  #accepted: { life: Life | undefined; connection: number } = { life: undefined, connection: 0 };
  /** Connections of all lives that the node has heard of. */
  #connections = 0;
  #wire: Wire;
  #forgetting: Forgetting;
  #lastSeq = 0;
  /** Readings that the power went in since the last one that was recorded: their numbers may be used up. */
  #torn = 0;
  #lastLife: Life | undefined;
  /** Given to the node and not yet recorded by it, in order. */
  #expected: Taken[] = [];
  /** Numbers that the node has dropped before it has told what they are. */
  #droppedAhead = new Set<number>();
  /** Numbers of readings that the power went in, and that were stored all the same. */
  #phantoms = new Set<number>();
  #dropsOldest: boolean;
  #room: number;
  /** By quantity: the last one that has arrived for the first time. */
  #live: number[] = [];
  #late: number[] = [];
  /** By quantity: the payload of the live reading that arrived last. */
  #newest: (string | undefined)[] = [];

  get taken(): number {
    return this.#register.count;
  }

  constructor({ base, codes, dropsOldest, room, window, fail }: LedgerOptions) {
    this.#base = base;
    this.#dropsOldest = dropsOldest;
    this.#room = room;
    this.#register = new Register(codes);
    this.#fail = fail;
    this.#forgetting = new Forgetting(fail);
    this.#wire = new Wire(window, () => this.#forgetting.isExcused, fail);
    for (let quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
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

  /** The power goes, in this moment. @param isOrderly the node had stopped */
  cut(keeping: Keeping, { step, connection }: Pick<Moment, "step" | "connection">, isOrderly = false): void {
    for (const reading of this.#expected) {
      // Only what was on its way to the flash just now.
      if (reading.step !== step) this.#fail(`taken: the node has not taken reading #${reading.order}`);
      this.#torn += 1;
      this.#doubt(reading);
    }
    this.#expected = [];
    const isKept = isOrderly && keeping === Keeping.ALWAYS;
    this.#forgetting.ended(isKept && this.#wire.isQuiet && this.#register.waiting().length === 0);
    this.#droppedAhead.clear();
    this.#wire.forget();
    if (keeping === Keeping.ALWAYS || (keeping === Keeping.OUTAGE && connection === 0)) return;
    const isLost = (reading: Taken) =>
      keeping === Keeping.NONE || (reading.life === this.#life && reading.connection === connection);
    for (const reading of this.#register.waiting()) if (isLost(reading)) this.#doubt(reading);
  }

  /** The broker has accepted a connection, of which the node may never hear. */
  connected(isSessionPresent: boolean): void {
    this.#wire.connected(isSessionPresent);
  }

  /** The broker has accepted a connection of the present life, and the node has heard of it. */
  accepted(connection: number): void {
    this.#accepted = { life: this.#life, connection };
    this.#connections += 1;
    this.#wire.accepted();
    this.#forgetting.accepted();
  }

  /** The connection is over. */
  lost(): void {
    this.#wire.forget();
  }

  /** The node is about to get a value that it has to take. */
  take(quantity: Quantity, count: number, { at, step, connection }: Moment): void {
    const [missed] = this.#expected;
    if (missed && missed.step !== step) this.#fail(`taken: the node has not taken reading #${missed.order}`);
    const reading: Taken = {
      quantity,
      count,
      order: this.#register.count,
      life: this.#life,
      at,
      step,
      connection,
      seq: -1,
      epoch: "",
      isAcknowledged: false,
      id: 0,
      session: 0,
      wasLate: false,
      fate: Fate.WAITS,
      dropped: undefined,
      acknowledgedIn: undefined,
    };
    if (!this.#register.add(reading))
      this.#fail("bench: readings cannot be told apart, too many of them wait");
    this.#expected.push(reading);
    if (connection !== 0) this.#wire.taken(reading.order);
  }

  // --- what the node tells -----------------------------------------------------------------------------------------

  /** The node has taken a reading and given it its number. @returns its place, and whether it was given up at once */
  recorded({ quantity, value, seq, epoch, uptime, boot }: Reading): { place: number; isGivenUp: boolean } {
    const reading = this.#expected.shift();
    if (!reading || this.#register.find(quantity, value) !== reading) {
      this.#fail(`invented: the node has recorded ${value}, which nothing measured just now`);
      return { place: -1, isGivenUp: false };
    }
    reading.seq = seq;
    reading.epoch = epoch.toString(16).padStart(8, "0");
    const { life } = reading;
    const last = this.#lastSeq;
    const highest = last + 1 + this.#torn;
    if (this.#lastLife === life ? seq !== last + 1 : seq > highest)
      this.#fail(`number: reading #${reading.order} has ${seq}, and the one before ${last}`);
    for (let missing = last + 1; missing < Math.min(seq, highest); missing++) {
      if (this.#register.numbered(missing)?.epoch !== reading.epoch) this.#phantoms.add(missing);
    }
    this.#lastLife = life;
    this.#lastSeq = seq;
    this.#torn = 0;
    const former = this.#register.numbered(seq);
    if (former && former.epoch === reading.epoch && !this.#leavesNumber(former, life))
      this.#fail(
        `number: ${seq} of epoch ${reading.epoch} is given to #${former.order} and #${reading.order}`,
      );
    this.#register.number(reading);
    life.checkBoot(boot, this.#fail);
    if (uptime !== reading.at - life.since)
      this.#fail(`time: reading #${reading.order} has uptime ${uptime} and not ${reading.at - life.since}`);
    const isGivenUp = this.#droppedAhead.delete(seq);
    if (isGivenUp) this.#drop(reading);
    for (const other of this.#droppedAhead)
      this.#fail(`dropped: ${other} is given up, and no reading has it`);
    this.#droppedAhead.clear();
    return { place: reading.order, isGivenUp };
  }

  /** The node has given up `count` readings, the first of them `first`. */
  gaveUp(first: number, count: number): void {
    if (!this.#dropsOldest) {
      if (count !== 1) this.#fail(`dropped: ${count} at once, and only what is taken is given up`);
      // Either the one that is just being taken, whose number is not known yet, or one that has waited in memory, and for
      // which there was no room in flash when the connection ended; it may have come to the broker.
      const reading = this.#register.numbered(first);
      if (reading?.life === this.#life) this.#drop(reading);
      else this.#droppedAhead.add(first);
      return;
    }
    let left = count;
    // What was acknowledged may have been forgotten, and then it is one of those that are counted.
    let done = 0;
    for (let seq = first; left > 0 && seq <= this.#lastSeq; seq++) {
      const reading = this.#register.numbered(seq);
      if (reading && !reading.isAcknowledged) {
        this.#drop(reading, left > done);
        left -= 1;
      } else if (this.#phantoms.delete(seq)) left -= 1;
      else done += 1;
    }
    if (left > done)
      this.#fail(`dropped: ${count} from ${first} on, and ${left - done} of them there never were`);
  }

  /** The node says that the broker has acknowledged this reading. @returns its place, -1 for one of long ago */
  acknowledged({ quantity, value }: Reading, isLate: boolean): number {
    const reading = this.#register.find(quantity, value);
    if (reading === "forgotten") return -1;
    if (reading === undefined) {
      this.#fail(`invented: the node says that ${value} was delivered`);
      return -1;
    }
    if (reading.fate !== Fate.ARRIVED)
      this.#fail(`lost: the node says that #${reading.order} was delivered, and it never came to the broker`);
    this.#wire.acknowledged(reading);
    this.#forgetting.acknowledged(reading.order, isLate);
    reading.acknowledgedIn = this.#life;
    return reading.order;
  }

  // --- what the broker has -----------------------------------------------------------------------------------------

  /** A message of this device has come to the broker. @returns what it was, for the trace */
  arrive(arrival: Arrival, at: number): string {
    const { topic, payload, retain } = arrival;
    const isLate = payload.endsWith(LATE);
    if (retain === isLate)
      this.#fail(`retained: a late reading is not to be retained, and a live one is: ${payload}`);
    const level = topic.slice(this.#base.length + 1);
    if (payload.charCodeAt(0) !== 0x7b) {
      const quantity = QUANTITIES.indexOf(level);
      return this.#arrive(quantity, Number(payload), undefined, false, arrival, at);
    }
    const message = JSON.parse(payload) as Record<string, unknown>;
    if (isLate !== (message["late"] === true)) this.#fail(`late: a mark of another form: ${payload}`);
    for (let quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
      const value = message[QUANTITIES[quantity]];
      if (value === undefined) continue;
      if (level !== QUANTITIES[quantity] && !(level === "history" && isLate)) break;
      return this.#arrive(quantity, value as number, message, isLate, arrival, at);
    }
    this.#fail(`invented: a message that is no reading came to ${topic}: ${payload}`);
    return "no reading";
  }

  #arrive(
    quantity: number,
    value: number,
    message: Record<string, unknown> | undefined,
    isLate: boolean,
    { payload, dup, messageId = 0 }: Arrival,
    at: number,
  ): string {
    const reading = this.#register.find(quantity, value);
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
    if (reading.acknowledgedIn && reading.acknowledgedIn !== this.#life)
      this.#forgetting.cameAgain(reading.order);
    this.#wire.came(reading, isLate, dup, messageId);
    if (reading.fate === Fate.ARRIVED) {
      this.duplicates += 1;
      return `${name} again`;
    }
    this.#checkLateness(reading, isLate, dup, payload);
    const order = isLate ? this.#late : this.#live;
    if (reading.order < order[quantity])
      this.#fail(`order: reading #${reading.order} came after #${order[quantity]} (${payload})`);
    order[quantity] = reading.order;
    if (!isLate) this.#newest[quantity] = payload;
    this.arrived += 1;
    if (reading.fate === Fate.DOUBTFUL) this.doubtful -= 1;
    if (reading.fate === Fate.DROPPED) this.#undrop(reading);
    reading.fate = Fate.ARRIVED;
    this.#register.settled(reading);
    return name;
  }

  #checkMessage(reading: Taken, message: Record<string, unknown>, payload: string, at: number): void {
    const seq = message["seq"] as number;
    const epoch = message["epoch"] as string;
    if (reading.seq < 0) {
      // The power went before the node could tell its number: it must be one that no other reading has.
      const other = this.#register.numbered(seq);
      if (other && other.epoch === epoch && !this.#leavesNumber(other, reading.life))
        this.#fail(`number: ${seq} of epoch ${epoch} is given to #${other.order} and #${reading.order}`);
      reading.seq = seq;
      reading.epoch = epoch;
      this.#phantoms.delete(seq);
      if (!other) this.#register.number(reading);
    }
    if (reading.seq !== seq || reading.epoch !== epoch)
      this.#fail(`number: reading #${reading.order} is ${reading.seq} of epoch ${reading.epoch}: ${payload}`);
    const { life } = reading;
    // Whether it was, when this was sent: a broker that hangs may get it much later.
    const isOver = life !== this.#accepted.life;
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
    const missing = this.#register.waiting().filter(({ at }) => at <= before);
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
    return this.#register.waiting().filter(({ at }) => at <= before).length;
  }

  /** The node says that nothing waits. */
  drained(): void {
    this.#forgetting.drained();
  }

  /** Readings of which it is known what became of them, or not yet. */
  get known(): number {
    return this.#register.size;
  }

  /** What is wrong with a reading that somebody else than the broker has got. */
  problemWith(quantity: number, value: number, seq: unknown, epoch: unknown): string | undefined {
    const reading = this.#register.find(quantity, value);
    if (reading === undefined) return "invented";
    // One that the power went in may have been told of, and its number not.
    if (reading === "forgotten" || reading.seq < 0) return undefined;
    const isOwn = reading.seq === seq && reading.epoch === epoch;
    return isOwn ? undefined : `number: it is ${reading.seq} of epoch ${reading.epoch}`;
  }

  // --- fates -------------------------------------------------------------------------------------------------------

  /** One that was given up at once was never sent, and leaves its number to another after a restart. */
  #leavesNumber({ fate, life }: Taken, present: Life): boolean {
    return fate === Fate.DROPPED && !this.#dropsOldest && life !== present;
  }

  #doubt(reading: Taken): void {
    reading.fate = Fate.DOUBTFUL;
    this.doubtful += 1;
    this.#register.settled(reading);
  }

  #drop(reading: Taken, isSure = true): void {
    const { order, dropped } = reading;
    this.#forgetting.excuse();
    if (isSure && dropped?.isSure && dropped.life === this.#life)
      this.#fail(`dropped: #${order} is given up for the second time`);
    reading.dropped = { life: this.#life, connections: this.#connections, isSure };
    if (reading.fate !== Fate.WAITS) return;
    this.#checkRoom(reading);
    reading.fate = Fate.DROPPED;
    this.dropped += 1;
    this.#wire.forget(order);
    this.#register.settled(reading);
  }

  /** One is given up for want of room alone. */
  #checkRoom({ order }: Taken): void {
    // What has come and was forgotten takes its room, and is counted with what is given up.
    if (this.#forgetting.isScrambled) return;
    const oldest = this.#dropsOldest ? order : this.#register.oldest();
    const since = this.#register.count - 1 - oldest;
    if (since < this.#room)
      this.#fail(`dropped: #${order} is given up, and there is room: ${since} were taken since #${oldest}`);
  }

  /** It was under way when it was given up, or the power has gone since. */
  #undrop({ order, dropped }: Taken): void {
    this.dropped -= 1;
    if (dropped?.isSure && dropped.life === this.#life && dropped.connections < this.#connections)
      this.#fail(`dropped: #${order} was given up, and sent on a later connection`);
  }
}
