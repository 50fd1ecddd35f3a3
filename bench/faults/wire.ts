/** A reading as far as it was seen on the way to the broker. */
export interface Seen {
  /** Place among all readings of this device. */
  readonly order: number;
  /** The node has been told that the broker has it. */
  isAcknowledged: boolean;
  /** With which identifier it came last, and in which of the broker's sessions; 0 for none. */
  id: number;
  session: number;
  /** It came as a late one then. */
  wasLate: boolean;
}

/** Live readings that wait at once, at most, before none of them is watched: the link is stuck, and that is found elsewhere. */
const WATCHED = 4_096;

/**
 * How the readings of one device follow each other to the broker: in their order within live and within late, each once
 * on a connection; again with DUP and the same identifier as long as the broker has the session, and without DUP where it
 * has none; live ones not held up behind late ones.
 */
export class Wire {
  #window: number;
  #mayForget: () => boolean;
  #fail: (what: string) => void;
  /** Sessions that the broker has begun for this device, and whether the present connection found one. */
  #session = 1;
  #isPresent = false;
  /** Places of the last that came on the present connection, in either lane. */
  #late = -1;
  #live = -1;
  /** By identifier: came in the present session, and the node was not told. */
  #underWay = new Map<number, Seen>();
  /** Late ones that came on the present connection, those that came again not counted. */
  #lateCount = 0;
  /** Taken on the present connection and not seen yet, oldest first, and how many late ones had come then. */
  #waiting: { order: number; lateCount: number }[] = [];

  /**
   * @param window readings under way at once
   * @param mayForget whether the node may have forgotten that some were acknowledged: they come again, as late ones and at
   *   once, and with them live ones that are under way
   */
  constructor(window: number, mayForget: () => boolean, fail: (what: string) => void) {
    this.#window = window;
    this.#mayForget = mayForget;
    this.#fail = fail;
  }

  /** The broker has accepted a connection; before the node hears of it. */
  connected(isSessionPresent: boolean): void {
    this.#isPresent = isSessionPresent;
    if (isSessionPresent) return;
    this.#session += 1;
    this.#underWay.clear();
  }

  /** Nothing has come of which the node was not told. */
  get isQuiet(): boolean {
    return this.#underWay.size === 0;
  }

  /** The node has heard of it: what comes from now on was sent on this connection. */
  accepted(): void {
    this.#late = this.#live = -1;
    this.#lateCount = 0;
    this.#waiting = [];
  }

  /** A reading is taken on the present connection. */
  taken(order: number): void {
    if (this.#waiting.length < WATCHED) this.#waiting.push({ order, lateCount: this.#lateCount });
  }

  /** The connection is gone, or the node has given this reading up. */
  forget(order?: number): void {
    this.#waiting = order === undefined ? [] : this.#waiting.filter((one) => one.order !== order);
  }

  acknowledged(reading: Seen): void {
    reading.isAcknowledged = true;
    if (this.#underWay.get(reading.id) === reading) this.#underWay.delete(reading.id);
  }

  /** It has come to the broker, for the first time or again. */
  came(reading: Seen, isLate: boolean, isRepeated: boolean, id: number): void {
    const name = `reading #${reading.order}${isLate ? " late" : ""}`;
    const last = isLate ? this.#late : this.#live;
    const isForgotten = isLate && (reading.isAcknowledged || !reading.wasLate) && this.#mayForget();
    if (reading.order <= last && !isForgotten)
      this.#fail(`order: ${name} came after #${last} on one connection`);
    if (isLate) this.#late = reading.order;
    else this.#live = reading.order;
    if (isRepeated && !this.#isPresent)
      this.#fail(`repeated: ${name} has DUP, and the broker had no session`);
    if (reading.session === this.#session && !reading.isAcknowledged && !isForgotten) {
      if (!isRepeated) this.#fail(`repeated: ${name} came again in the same session, without DUP`);
      if (id !== reading.id)
        this.#fail(`repeated: ${name} came again in the same session as ${id} and not as ${reading.id}`);
    }
    const other = this.#underWay.get(id);
    if (other && other !== reading)
      this.#fail(`identifier: ${name} came as ${id}, and #${other.order} is under way as ${id}`);
    if (!isLate) this.#seen(reading.order);
    else if (reading.session === 0) this.#checkPace();
    reading.session = this.#session;
    reading.id = id;
    reading.wasLate = isLate;
    if (!reading.isAcknowledged) this.#underWay.set(id, reading);
  }

  #seen(order: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0].order <= order) this.#waiting.shift();
  }

  /** A late one has come: what was under way may come first, and so may what was lost on the connection before. */
  #checkPace(): void {
    this.#lateCount += 1;
    const [oldest] = this.#waiting;
    if (!oldest) return;
    const count = this.#lateCount - oldest.lateCount;
    if (count <= 2 * this.#window + 1) return;
    this.#fail(`starved: reading #${oldest.order} is live, and ${count} late ones came since it was taken`);
    this.#waiting = [];
  }
}
