import { LinkState } from "../../firmware/links/link-state.js";
import type { VirtualClock } from "../../host-sim/boards/virtual/clock.js";

/** Milliseconds that a deadline may be missed by: the clock's grid, and what happens at the same moment. */
const MARGIN = 1_000;

/**
 * Milliseconds within which a reading that waits must come to the broker, or the connection be given up: twice the link's
 * own deadline, and its pace.
 */
const PROGRESS = 45_000;

/** The same until one is acknowledged. */
const ACKNOWLEDGEMENT = 90_000;

/**
 * Attempts that fail one after the other, and the milliseconds that so many take at least. The waits are drawn between
 * nothing and a bound of 1, 2, 4 ... 60 s: their sum is some 13 minutes, and hardly ever less than 4.
 */
const ATTEMPTS = 32;
const ATTEMPTS_TIME = 150_000;

/** Milliseconds of a session after which the next attempt may come at once. */
const SETTLED = 30_000;

/** The same after which it must come within the bound of the first wait, whatever was before. */
const SURELY_SETTLED = 300_000;

/** Milliseconds of the bound of the first wait, where the spread is not wider, and of the largest. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

/** How long a link may be in a state, by state; what is not here has no limit. */
const LIMITS: Readonly<Partial<Record<LinkState, number>>> = {
  [LinkState.WAITING]: 60_000,
  [LinkState.CONNECTING]: 30_000,
  [LinkState.SUBSCRIBING]: 20_000,
  [LinkState.LEAVING]: 1_000,
};

/** Sees that every waiting state is left in time, and that a link that is there makes progress. */
export class LinkWatch {
  /** Number of the connection that there is, 0 for none. */
  connection = 0;
  /** The one that ended last, and the callback in which it did. */
  #ended = { connection: 0, step: -1 };
  /** Connections that the broker has accepted so far. */
  connections = 0;
  state = LinkState.STOPPED;
  #clock: VirtualClock;
  #fail: (what: string) => void;
  #networkUp: () => boolean;
  #deadline: unknown;
  /** Since when a reading waits for an acknowledgement on the present connection, and since when none has moved. */
  #expectsSince: number | undefined;
  #stillSince = 0;
  /** Readings are dropped: the node does not tell of the acknowledgement of one that it has dropped meanwhile. */
  #overflows = false;
  #onlineAt = 0;
  /** Moments of the last losses without a session that lasted. */
  #losses: number[] = [];
  /** The first wait is below this; the next one is below the other, which a connection that has lasted puts back, once. */
  #firstWait: number;
  #waitBound: number;
  #hasLasted = false;
  /** Places of the newest reading that was taken, and of the newest that was acknowledged. */
  #taken = -1;
  #acknowledged = -1;

  /**
   * @param spread milliseconds, as the setting
   * @param networkUp whether the device has an address
   */
  constructor(clock: VirtualClock, spread: number, networkUp: () => boolean, fail: (what: string) => void) {
    this.#clock = clock;
    this.#firstWait = Math.max(FIRST_WAIT, spread);
    this.#waitBound = this.#firstWait;
    this.#networkUp = networkUp;
    this.#fail = fail;
  }

  /** The connection that there was when the present callback began, 0 for none. */
  get connectionBefore(): number {
    return this.connection === 0 && this.#ended.step === this.#clock.steps
      ? this.#ended.connection
      : this.connection;
  }

  /** The link has changed its state. */
  changed(state: LinkState): void {
    this.check();
    this.#settle();
    const now = this.#clock.elapsed;
    if (this.state === LinkState.ONLINE && now - this.#onlineAt >= SETTLED) this.#losses = [];
    if (state === LinkState.ONLINE) {
      this.#onlineAt = now;
      this.#hasLasted = false;
    }
    this.state = state;
    const isConnected = state === LinkState.SUBSCRIBING || state === LinkState.ONLINE;
    if (!isConnected && state !== LinkState.LEAVING) {
      if (this.connection !== 0) this.#ended = { connection: this.connection, step: this.#clock.steps };
      this.connection = 0;
    } else if (isConnected && this.connection === 0) {
      this.connections += 1;
      this.connection = this.connections;
    }
    this.#expect();
    this.#watch(state);
  }

  /** The connection is lost, or an attempt has failed. @param wait milliseconds to the next attempt */
  lost(wait: number): void {
    this.#settle();
    if (wait >= this.#waitBound)
      this.#fail(`back-off: the next attempt comes in ${wait} ms, and not in less than ${this.#waitBound}`);
    this.#waitBound = Math.min(2 * this.#waitBound, LONGEST_WAIT);
    const losses = this.#losses;
    losses.push(this.#clock.elapsed);
    if (losses.length <= ATTEMPTS) return;
    const time = this.#clock.elapsed - (losses.shift() as number);
    if (time < ATTEMPTS_TIME) this.#fail(`back-off: ${ATTEMPTS} attempts failed within ${time} ms`);
  }

  #settle(): void {
    if (this.#hasLasted || this.state !== LinkState.ONLINE) return;
    this.#hasLasted = this.#clock.elapsed - this.#onlineAt >= SURELY_SETTLED;
    if (this.#hasLasted) this.#waitBound = this.#firstWait;
  }

  taken(place: number): void {
    this.check();
    this.#taken = place;
    if (this.#expectsSince === undefined) this.#expect();
  }

  acknowledged(place: number): void {
    this.check();
    this.#acknowledged = Math.max(this.#acknowledged, place);
    if (this.#acknowledged === this.#taken) this.#overflows = false;
    this.#expect();
  }

  /** The node has begun to drop readings. */
  overflowed(): void {
    this.#overflows = true;
  }

  /** A reading has come to the broker. */
  moved(): void {
    this.check();
    this.#stillSince = this.#clock.elapsed;
  }

  #expect(): void {
    const waits = this.state === LinkState.ONLINE && this.#taken > this.#acknowledged;
    this.#expectsSince = waits ? this.#clock.elapsed : undefined;
    this.#stillSince = this.#clock.elapsed;
  }

  /** Fails where the link is there, readings wait, and none gets anywhere. */
  check(): void {
    if (this.#expectsSince === undefined) return;
    const now = this.#clock.elapsed;
    const still = now - this.#stillSince;
    const waits = now - this.#expectsSince;
    if (still <= PROGRESS && (waits <= ACKNOWLEDGEMENT || this.#overflows)) return;
    this.#expectsSince = undefined;
    this.#fail(
      still > PROGRESS
        ? `state: the link was online for ${still} ms, readings waited and none came to the broker`
        : `state: the link was online for ${waits} ms, readings waited and none was acknowledged`,
    );
  }

  /** The power is gone, or the run is over. @returns connections of this life */
  end(): number {
    this.check();
    this.#clock.timer.clear(this.#deadline);
    this.#deadline = undefined;
    this.state = LinkState.STOPPED;
    this.connection = 0;
    this.#expectsSince = undefined;
    this.#losses = [];
    this.#waitBound = this.#firstWait;
    // The newest reading may be lost with the power.
    this.#acknowledged = this.#taken;
    const { connections } = this;
    this.connections = 0;
    return connections;
  }

  #watch(state: LinkState): void {
    const { timer } = this.#clock;
    timer.clear(this.#deadline);
    this.#deadline = undefined;
    const limit = LIMITS[state];
    if (limit !== undefined) {
      this.#deadline = timer.set(
        () => this.#fail(`state: the link was in state ${state} for more than ${limit} ms`),
        limit + MARGIN,
      );
    } else if (state === LinkState.OFFLINE) {
      this.#deadline = timer.set(() => {
        if (this.#networkUp()) this.#fail("state: the link is offline, and the network is up");
        else if (this.state === LinkState.OFFLINE) this.#watch(state);
      }, MARGIN);
    }
  }
}
