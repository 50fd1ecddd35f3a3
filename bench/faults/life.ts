/** What the clock said from a moment on: what it added to the world's time, `undefined` while it was not set. */
interface Word {
  readonly since: number;
  readonly offset: number | undefined;
}

/** Milliseconds by which the node may remember its clock wrongly: README, "What it says". */
const CLOCK_TOLERANCE = 10;

/** A device from one power-on to the next, and what its clock said meanwhile. */
export class Life {
  readonly number: number;
  /** Moment of the power-on. */
  readonly since: number;
  /** Moment at which the node learnt the time last. */
  learntAt: number | undefined;
  /** Restarts as the node counts them; 0 while it has not told. */
  boot = 0;
  #words: Word[];
  /** Moment at which the node itself learnt the time first. */
  #learntAt: number | undefined;
  #before: number;

  constructor(number: number, since: number, offset: number | undefined, former: Life | undefined) {
    this.number = number;
    this.since = since;
    this.#words = [{ since, offset }];
    this.#before = former ? former.boot || former.#before : 0;
  }

  /** Somebody has set the board's clock, or it has lost its time; that counts until the node has learnt the time itself. */
  boardClockSays(at: number, offset: number | undefined): void {
    if (this.#learntAt === undefined) this.#words.push({ since: at, offset });
  }

  /** The node has learnt from a server that it is `now`. */
  nodeLearns(at: number, now: number): void {
    this.#learntAt ??= at;
    this.learntAt = at;
    this.#words.push({ since: at, offset: now - at });
  }

  /** Restarts are counted upwards, one for each life; one that ended before it took a reading may have no trace. */
  checkBoot(boot: number, fail: (what: string) => void): void {
    if (this.boot === boot) return;
    if (this.boot !== 0 || boot <= this.#before)
      fail(`restarts: life ${this.number} counts ${boot}, after ${this.boot || this.#before}`);
    this.boot = boot;
  }

  /**
   * What is wrong with the time of a reading of this life. In its own life it is by what the clock says when it is sent.
   * After that it is by what the journal remembers of the clock, from before or after the reading.
   * @param at moment at which it was taken
   * @param until moment at which it came to the broker
   * @param isOver this life is
   */
  problemWithTime(time: number, at: number, until: number, isOver: boolean): string | undefined {
    const offsets = this.#during(isOver ? this.since : at, until).filter((offset) => offset !== undefined);
    if (offsets.some((offset) => Math.abs(time - at - offset) <= CLOCK_TOLERANCE)) return undefined;
    return offsets.length > 0 ? `time ${offsets.map((offset) => at + offset).join(" or ")}` : "no time";
  }

  /** The same of one without a time. */
  problemWithUptime(
    message: Record<string, unknown>,
    at: number,
    until: number,
    isOver: boolean,
  ): string | undefined {
    const uptime = at - this.since;
    if (this.boot === 0) this.boot = message["boot"] as number;
    if (message["uptime"] !== uptime || message["boot"] !== this.boot)
      return `uptime ${uptime} and boot ${this.boot}`;
    // The node knew the time before its end, and has noted it for what was waiting.
    if (isOver && this.#learntAt !== undefined) return "a time, which was learnt";
    return this.#during(at, until).includes(undefined) ? undefined : "a time";
  }

  #during(from: number, to: number): (number | undefined)[] {
    return this.#words
      .filter(({ since }, index) => since <= to && (this.#words[index + 1]?.since ?? to) >= from)
      .map(({ offset }) => offset);
  }
}
