/**
 * Learns the time of day by SNTP (RFC 4330, RFC 5905) and keeps it. The servers are asked in turn, one at a time, so that
 * one that is wrong is found out by the next. The state that each exchange goes through:
 *
 * ```
 *  OFFLINE <-- network --> WAITING --> RESOLVING --> ASKING --> WAITING
 *                                         \_____________/
 *                                     failed: the next server
 * ```
 */

import { Alarm } from "../alarm.js";
import { errorText } from "../error-text.js";
import type { Monitor } from "../monitor.js";
import type { Clock, IO, ResolverClass, Timer, UDP, UDPClass } from "../ports.js";
import { elapsed, remaining } from "../time.js";
import { Association } from "./association.js";
import { judge, PACKET_LENGTH, timeOnArrival, Verdict, writeRequest } from "./ntp.js";
import { SecondOpinion } from "./second-opinion.js";

export interface TimeSyncOptions {
  udp: IO<UDPClass>;
  dns: IO<ResolverClass>;
  timer: Timer;
  /** The clock that is set with what is learnt. */
  clock: Clock;
  /** From 0 up to but not including 1. It protects against answers from strangers: on a device, from the hardware. */
  random: () => number;
  monitor: Monitor;
  /** One or more, each a name or an IPv4 address. */
  servers: readonly { readonly host: string; readonly port: number }[];
  /** Milliseconds within which the first request goes out, once there is a network. */
  spread: number;
  /** A moment that has passed for certain, milliseconds since 1970. */
  firstDay: number;
  /** It was `now`, in milliseconds since 1970, at tick `ticks`: the clock is to be set. */
  onTime(now: number, ticks: number): void;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Milliseconds from one good answer to the next request, give or take a tenth: a crystal loses 40 ms in it. */
const PERIOD = HOUR;

/** Milliseconds for a name to become an address. */
const NAME_TIMEOUT = 10_000;

/** Milliseconds for an answer. */
const ANSWER_TIMEOUT = 5_000;

/** Milliseconds of the first pause, after all servers have failed; doubled each time, up to the limit. */
const FIRST_PAUSE = 4_000;
const PAUSE_LIMIT = 900_000;

/** A longer round trip, in milliseconds, does not move a clock that is set: half of it may be error. */
const ROUND_TRIP_LIMIT = 2_000;

/** A clock that is set is moved further, in milliseconds, only if two servers agree. A month without any loses less. */
const JUMP = 60_000;

/** Times that every server may fail before that is told. */
const ROUNDS_TO_TELL = 2;

const enum State {
  STOPPED,
  /** There is no network. */
  OFFLINE,
  /** Until the next request. */
  WAITING,
  /** A name is to become an address. */
  RESOLVING,
  /** A request is out. */
  ASKING,
}

export class TimeSync {
  #options: TimeSyncOptions;
  #associations: Association[] = [];
  #opinion = new SecondOpinion();
  #alarm: Alarm;
  #state = State.STOPPED;
  #up = false;
  /** Counts what the resolver was asked: an answer that comes late, or twice, is not listened to. */
  #exchange = 0;
  /** Index of the server that is asked, or was last. */
  #current = -1;
  #socket: UDP | undefined;
  #address = "";
  #request = new Uint8Array(PACKET_LENGTH);
  #sentAt = 0;
  /** Something came from the server that was no answer. */
  #isBabbling = false;
  /** Exchanges failed, one after the other. */
  #failures = 0;
  #pause = FIRST_PAUSE;
  #isTold = false;
  #isSynced = false;
  /** The tick of the last good answer. */
  #syncedAt = 0;

  constructor(options: TimeSyncOptions) {
    this.#options = options;
    for (const { host, port } of options.servers) this.#associations.push(new Association(host, port));
    this.#alarm = new Alarm(options.timer, this);
  }

  start(networkUp: boolean): void {
    this.#up = networkUp;
    this.#networkChanged();
  }

  networkChanged(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    if (this.#state !== State.STOPPED) this.#networkChanged();
  }

  /** Closes everything; the clock goes on. */
  stop(): void {
    this.end();
    this.#state = State.STOPPED;
  }

  #networkChanged(): void {
    this.end();
    this.#pause = FIRST_PAUSE; // what failed did so for want of a network
    if (!this.#up) {
      this.#state = State.OFFLINE;
      return;
    }
    const { clock, random, spread } = this.#options;
    const rest = this.#isSynced ? remaining(this.#syncedAt, PERIOD, clock.ticks()) : 0;
    this.wait(rest + random() * spread);
  }

  onAlarm(): void {
    switch (this.#state) {
      case State.WAITING:
        this.begin();
        break;
      case State.RESOLVING:
        this.failed("no address found for this name in time");
        break;
      case State.ASKING:
        this.failed(this.#isBabbling ? "what it sends is no answer" : "no answer");
        break;
      default:
        break;
    }
  }

  private wait(delay: number): void {
    this.#state = State.WAITING;
    this.#alarm.set(Math.floor(delay));
  }

  /** Ends the exchange, if there is one. */
  private end(): void {
    this.#exchange += 1;
    this.#alarm.clear();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  // --- an exchange -------------------------------------------------------------------------------------------------

  /** Asks the next server that may be asked now. */
  private begin(): void {
    const associations = this.#associations;
    const ticks = this.#options.clock.ticks();
    let shortest = DAY;
    for (let i = 1; i <= associations.length; i++) {
      const index = (this.#current + i) % associations.length;
      const wait = associations[index].wait(ticks);
      if (wait === 0) {
        this.#current = index;
        return this.resolve();
      }
      shortest = Math.min(shortest, wait);
    }
    this.wait(shortest);
  }

  private resolve(): void {
    const { dns } = this.#options;
    const { host } = this.#associations[this.#current];
    this.#state = State.RESOLVING;
    this.#exchange += 1;
    const exchange = this.#exchange;
    this.#alarm.set(NAME_TIMEOUT);
    try {
      new dns.io(dns).resolve({
        host,
        onResolved: (_host, address) => {
          if (exchange === this.#exchange) this.ask(address);
        },
        onError: () => {
          if (exchange === this.#exchange) this.failed("no address found for this name");
        },
      });
    } catch (error) {
      this.failed(errorText(error));
    }
  }

  private ask(address: string): void {
    const { udp, clock, random } = this.#options;
    const association = this.#associations[this.#current];
    if (association.refuses(address)) return this.failed("it refuses to answer");
    this.#state = State.ASKING;
    this.#exchange += 1; // whatever the resolver may still say
    this.#address = address;
    this.#isBabbling = false;
    writeRequest(this.#request, random);
    this.#alarm.set(ANSWER_TIMEOUT);
    try {
      this.#socket = new udp.io({ ...udp, onReadable: (count) => this.onReadable(count) });
      this.#sentAt = clock.ticks();
      association.asked(this.#sentAt);
      this.#socket.write(this.#request, address, association.port);
    } catch (error) {
      this.failed(errorText(error));
    }
  }

  private onReadable(count: number): void {
    const ticks = this.#options.clock.ticks();
    for (; count > 0 && this.#socket; count--) {
      const packet = this.#socket.read();
      if (packet === undefined) return;
      // From anybody else: not worth a look.
      if (packet.address !== this.#address || packet.port !== this.#associations[this.#current].port)
        continue;
      this.answered(new Uint8Array(packet), ticks);
    }
  }

  private answered(answer: Uint8Array, ticks: number): void {
    const association = this.#associations[this.#current];
    const { firstDay } = this.#options;
    switch (judge(this.#request, answer, firstDay)) {
      case Verdict.FOREIGN:
        this.#isBabbling = true;
        break;
      case Verdict.REFUSED:
        association.refused(this.#address);
        this.failed("it refuses to answer");
        break;
      case Verdict.SLOWER:
        association.slower();
        this.failed("it wants to be asked less often");
        break;
      case Verdict.UNSYNCHRONISED:
        this.failed("it does not know the time itself");
        break;
      case Verdict.IMPLAUSIBLE:
        this.failed("the time that it says cannot be");
        break;
      default: {
        const roundTrip = elapsed(this.#sentAt, ticks);
        this.learnt(timeOnArrival(answer, roundTrip, firstDay), ticks, roundTrip);
      }
    }
  }

  /** A server says that it was `time` at tick `ticks`, which is now. */
  private learnt(time: number, ticks: number, roundTrip: number): void {
    const believed = this.#options.clock.now();
    const change = believed === undefined ? undefined : time - believed;
    if (roundTrip > ROUND_TRIP_LIMIT) {
      // Better than no time at all; and the next server is asked at once.
      if (change === undefined) this.tell(time, ticks, change);
      return this.failed(`its answer took ${roundTrip} ms`);
    }
    if (change !== undefined && Math.abs(change) > JUMP) {
      const alone = this.#associations.length === 1;
      if (!this.#opinion.confirms(time, ticks, this.#address, alone)) {
        return this.failed(
          `it says a time ${Math.round(change / 1_000)} s from the clock's, and no other does`,
        );
      }
    }
    this.end();
    this.#failures = 0;
    this.#pause = FIRST_PAUSE;
    this.#isTold = false;
    this.#isSynced = true;
    this.#syncedAt = ticks;
    this.wait(PERIOD * (0.9 + 0.2 * this.#options.random()));
    this.tell(time, ticks, change);
  }

  private tell(time: number, ticks: number, change: number | undefined): void {
    this.#options.onTime(time, ticks);
    this.#options.monitor.time?.(time, change);
  }

  /** The exchange is over, without a good time. */
  private failed(reason: string): void {
    const { monitor, random } = this.#options;
    const { host } = this.#associations[this.#current];
    const count = this.#associations.length;
    this.end();
    this.#failures += 1;
    if (this.#failures >= ROUNDS_TO_TELL * count && !this.#isTold) {
      this.#isTold = true;
      monitor.warning?.(
        `no time from the servers of setting "ntp", the last being ${host}: ${reason}; trying again, or name others`,
      );
    }
    if (this.#failures % count !== 0) return this.wait(0);
    const pause = this.#pause;
    this.#pause = Math.min(pause * 2, PAUSE_LIMIT);
    this.wait(pause * (0.5 + 0.5 * random()));
  }
}
