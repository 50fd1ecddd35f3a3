/** A fleet in simulated time: virtual boards, a network and a broker in memory, the same run for the same seed. */

import { setImmediate } from "node:timers/promises";
import { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { SimulatedHardware } from "../../host-sim/chips/hardware.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { arrivalOf } from "./arrival.js";
import { Crew } from "./crew.js";
import { Ledger } from "./ledger.js";
import type { FleetOptions } from "./options.js";
import type { FleetOutput } from "./output.js";
import { duration, type Kick, kickOf, number, type Summary, seconds } from "./summary.js";
import { Totals } from "./totals.js";

const ADDRESS = "10.0.0.1";
const PORT = 1883;

/** When it begins, in milliseconds since 1970. */
const BEGINNING = 1_795_175_351_184;

/** Simulated milliseconds between two looks. */
const STEP = 100;

/** Milliseconds of real time between two lines of progress. */
const PROGRESS = 1_000;

/** Simulated milliseconds beside the ramp or the spread for all to connect, and for what is under way at the end. */
const PATIENCE = 60_000;

export function runVirtual(
  options: FleetOptions,
  output: FleetOutput,
  ended: Promise<void>,
): Promise<Summary> {
  return new VirtualRun(options, output, ended).all();
}

class VirtualRun {
  #options: FleetOptions;
  #output: FleetOutput;
  #isEnded = false;
  #clock = new VirtualClock({ now: BEGINNING });
  #net = new VirtualNetwork(this.#clock);
  #broker = new MemoryBroker({ history: false });
  #ledger = new Ledger();
  #totals = new Totals();
  #crew: Crew;
  #problems: string[] = [];
  #shownAt = 0;

  constructor(options: FleetOptions, output: FleetOutput, ended: Promise<void>) {
    this.#options = options;
    this.#output = output;
    ended.then(() => {
      this.#isEnded = true;
    });
    const { topic } = options;
    const { length } = topic.split("/");
    this.#broker.onPublish = (message) => {
      const levels = message.topic.split("/");
      if (levels[length + 1] !== "temperature") return;
      const arrival = arrivalOf(message.payload);
      if (arrival) this.#ledger.arrive(levels[length], arrival);
      else this.#problems.push(`${levels[length]}: a message that is no reading came: ${message.payload}`);
    };
    this.#net.listen(ADDRESS, PORT, this.#broker.accept);
    this.#crew = this.#makeCrew();
  }

  #makeCrew(): Crew {
    const { devices, topic, interval, spread, seed } = this.#options;
    const clock = this.#clock;
    const net = this.#net;
    const hardware = new SimulatedHardware(() => clock.elapsed);
    const random = seededRandom(seed);
    return new Crew({
      first: 1,
      count: devices,
      settings: { broker: `mqtt://${ADDRESS}`, topic, interval, spread, more: {} },
      makeBoard: (_base, place) =>
        new VirtualBoard({
          clock,
          net,
          hardware,
          identity: String(place),
          flash: new VirtualFlash(),
          seed: Math.floor(random() * 0x8000_0000),
          udp: false,
        }),
      timer: clock.timer,
      now: () => clock.now() as number,
      ticks: () => clock.elapsed,
      random,
    });
  }

  async all(): Promise<Summary> {
    const { devices, ramp, duration: limit, interval, spread, seed } = this.#options;
    this.#output.banner([
      [
        "devices",
        `${number(devices)} whole nodes in simulated time, a reading every ${duration(interval)} each`,
      ],
      ["broker", `in memory; seed ${seed} gives the same run again`],
      ["spread", `${duration(spread)}, over which they return to a broker that they have lost`],
      ["end", "Ctrl-C"],
    ]);
    this.#crew.start((devices / ramp) * 1_000);
    await this.#untilConnected("connecting", (devices / ramp) * 1_000 + PATIENCE, 0);
    const rampTime = (this.#totals.connects.last ?? BEGINNING) - BEGINNING;
    const arrived = this.#ledger.arrived;
    const from = this.#clock.elapsed;
    await this.#run("running", limit, () => this.#clock.elapsed - from >= limit);
    const passed = this.#clock.elapsed - from;
    const readings = this.#ledger.arrived - arrived;
    const connected = this.#totals.online;
    const kick = await this.#kick();
    await this.#end();
    const verdict = this.#ledger.settle(new Map(this.#crew.taken));
    return {
      devices,
      connected,
      ramp: rampTime,
      duration: passed,
      readingsPerSecond: (readings / passed) * 1_000,
      latency: undefined,
      memory: undefined,
      kick,
      taken: verdict.taken,
      arrived: verdict.arrived,
      duplicates: verdict.duplicates,
      late: this.#totals.late,
      dropped: this.#totals.dropped,
      lost: verdict.lost,
      unacknowledged: this.#crew.waiting,
      problems: [...this.#problems, ...verdict.problems],
    };
  }

  /** Lets time pass until `isOver`, or `limit` simulated milliseconds are over. */
  async #run(phase: string, limit: number, isOver: () => boolean): Promise<void> {
    const end = this.#clock.elapsed + limit;
    while (!isOver() && !this.#isEnded && this.#clock.elapsed < end) {
      this.#clock.run(Math.min(STEP, end - this.#clock.elapsed));
      this.#totals.add(this.#crew.tally.take(), this.#crew);
      this.#progress(phase);
      await setImmediate();
    }
  }

  async #untilConnected(phase: string, limit: number, before: number): Promise<boolean> {
    const { devices } = this.#options;
    const totals = this.#totals;
    const isThere = () => totals.online === devices && totals.connects.count - before >= devices;
    await this.#run(phase, limit, isThere);
    if (isThere() || this.#isEnded) return isThere();
    this.#problems.push(
      `${number(devices - totals.online)} of ${number(devices)} devices are not connected after ${seconds(limit)}${totals.reason === undefined ? "" : `: ${totals.reason}`}`,
    );
    return false;
  }

  async #kick(): Promise<Kick | undefined> {
    const { kick: away, devices, spread } = this.#options;
    if (away === undefined || this.#isEnded) return undefined;
    const totals = this.#totals;
    const before = totals.connects.count;
    const start = this.#clock.now() as number;
    this.#output.note(`the broker is ended, and away for ${duration(away)}`);
    this.#broker.restart();
    this.#net.listen(ADDRESS, PORT, undefined);
    this.#net.resetAll();
    this.#clock.timer.set(() => this.#net.listen(ADDRESS, PORT, this.#broker.accept), away);
    const isBack = await this.#untilConnected("returning", away + 4 * spread + PATIENCE, before);
    const until = isBack ? (totals.connects.last ?? start) - start : undefined;
    return kickOf(devices, totals.attempts, totals.connects, { start, away, until });
  }

  /** Nothing more is measured; what was is delivered; then all say goodbye. */
  async #end(): Promise<void> {
    this.#isEnded = false;
    this.#crew.silence();
    await this.#run("ending", PATIENCE, () => this.#crew.waiting === 0);
    let isStopped = false;
    this.#crew.stop(() => {
      isStopped = true;
    });
    await this.#run("ending", PATIENCE, () => isStopped);
  }

  #progress(phase: string): void {
    const now = performance.now();
    if (now - this.#shownAt < PROGRESS) return;
    this.#shownAt = now;
    const { online } = this.#totals;
    const { elapsed } = this.#clock;
    const { arrived } = this.#ledger;
    this.#output.progress(
      phase,
      { simulated: elapsed, online, arrived },
      `${seconds(elapsed)} simulated, ${number(online)} connected, ${number(arrived)} readings`,
    );
  }
}
