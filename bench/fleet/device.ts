import { boot } from "../../firmware/boot.js";
import type { Reading } from "../../firmware/codec/reading.js";
import type { Board } from "../../firmware/compose.js";
import { LinkState } from "../../firmware/links/link-state.js";
import type { Monitor } from "../../firmware/monitor.js";
import type { Node } from "../../firmware/node.js";
import { VERSION } from "../../firmware/version.js";
import { CountingSensor, hundredthsOf } from "./sensor.js";
import { digestOf, noneTaken } from "./taken.js";
import type { Tally } from "./tally.js";

/** What all devices of a fleet have in common. */
export interface DeviceSettings {
  /** `mqtt[s]://[user:pass@]host[:port]` */
  broker: string;
  /** A device's topics are `<topic>/<its id>/...`. */
  topic: string;
  /** Milliseconds between readings. */
  interval: number;
  /** Milliseconds within which a device returns to a broker that it has lost. */
  spread: number;
  /** Further settings of the firmware, such as whom to trust. */
  more: Readonly<Record<string, unknown>>;
}

/** Readings of which it is remembered when they were taken: more than are under way on a good link. */
const REMEMBERED = 16;

/** The client identifier of a fleet's n-th device, which is its level in the topic as well. */
export function deviceId(topic: string, number: number): string {
  return `${topic.replaceAll("/", "-")}-${String(number).padStart(5, "0")}`;
}

/** A whole node of the fleet, with its sensor, and what it says of itself. */
export class FleetDevice {
  readonly id: string;
  readonly taken = noneTaken();
  #sensor = new CountingSensor();
  #node: Node;
  #tally: Tally;
  /** Milliseconds since some moment. */
  #now: () => number;
  #state = LinkState.STOPPED;
  #isStarting = false;
  #isOnline = false;
  /** Taken and neither acknowledged nor given up. */
  #waiting = 0;
  #takenAt = new Float64Array(REMEMBERED);

  /**
   * @param makeBoard gets the topic base, and what the board must have of its own
   * @param now milliseconds since some moment, fractions included
   * @throws Error where the settings are not the firmware's
   */
  constructor(
    number: number,
    settings: DeviceSettings,
    makeBoard: (base: string) => Board,
    tally: Tally,
    now: () => number,
  ) {
    const { broker, topic, interval, spread, more } = settings;
    this.id = deviceId(topic, number);
    this.#tally = tally;
    this.#now = now;
    const base = `${topic}/${this.id}`;
    const board = makeBoard(base);
    const booted = boot({
      board: {
        ...board,
        sensors: { counting: () => this.#sensor.entry(interval) },
        // The ramp says when a device connects first, and not its own draw.
        random: () => (this.#isStarting ? 0 : board.random()),
      },
      // Nobody wants thousands of these in Home Assistant.
      image: { ...more, broker, topic: base, id: this.id, interval, spread, discovery: "off" },
      monitor: this.#monitor(),
      version: VERSION,
    });
    if (booted.problems.length > 0) throw new Error(booted.problems[0]);
    this.#node = booted.compose();
  }

  /** It gets power, and connects at once. */
  start(): void {
    this.#isStarting = true;
    this.#node.start();
    this.#isStarting = false;
  }

  /** It measures nothing any more, and goes on delivering. */
  silence(): void {
    this.#sensor.isSilent = true;
  }

  /** Says goodbye. @param onStopped called when all is closed */
  stop(onStopped: () => void): void {
    this.#node.stop(onStopped);
  }

  /** Readings that it has taken, and that were neither acknowledged nor given up. */
  get waiting(): number {
    return this.#waiting;
  }

  #monitor(): Monitor {
    const tally = this.#tally;
    return {
      link: (state) => this.#onLink(state),
      lost: (reason) => tally.lost(reason),
      recorded: (reading) => this.#onRecorded(reading),
      delivered: (reading, late) => this.#onDelivered(reading, late),
      dropped: (_first, count) => {
        this.#waiting -= count;
        tally.dropped += count;
      },
      warning: (text) => tally.warn(`${this.id}: ${text}`),
    };
  }

  #onLink(state: LinkState): void {
    const tally = this.#tally;
    if (state === LinkState.CONNECTING) tally.attempts.push(tally.now());
    const isAccepted = state === LinkState.SUBSCRIBING || state === LinkState.ONLINE;
    if (isAccepted && this.#state === LinkState.CONNECTING) tally.connects.push(tally.now());
    this.#state = state;
    const isOnline = state === LinkState.ONLINE;
    if (isOnline !== this.#isOnline) tally.online += isOnline ? 1 : -1;
    this.#isOnline = isOnline;
  }

  #onRecorded({ seq, epoch, value }: Reading): void {
    const { taken } = this;
    if (taken.count === 0) taken.first = seq;
    taken.last = seq;
    taken.count += 1;
    taken.epoch = epoch;
    taken.digest = (taken.digest + digestOf(seq, hundredthsOf(value))) >>> 0;
    this.#takenAt[seq % REMEMBERED] = this.#now();
    this.#waiting += 1;
    this.#tally.taken += 1;
  }

  #onDelivered({ seq }: Reading, late: boolean): void {
    const tally = this.#tally;
    this.#waiting -= 1;
    tally.delivered += 1;
    if (late) tally.late += 1;
    else if (seq > this.taken.last - REMEMBERED)
      tally.latencies.add(this.#now() - this.#takenAt[seq % REMEMBERED]);
  }
}
