/** A fleet of real sockets: the coordinator of the broker, the processes of nodes, and the subscriber that proves. */

import { setTimeout as pause } from "node:timers/promises";
import { type Broker, openBroker } from "./broker.js";
import { type DeviceSettings, deviceId } from "./device.js";
import { Ledger } from "./ledger.js";
import { NodeProcesses } from "./node-processes.js";
import { checkOpenFiles, openFileLimit } from "./open-files.js";
import type { FleetOptions } from "./options.js";
import type { FleetOutput } from "./output.js";
import {
  type DeviceMemory,
  duration,
  type Kick,
  kickOf,
  latencyOf,
  ms,
  number,
  type Summary,
  seconds,
} from "./summary.js";
import { Totals } from "./totals.js";
import { Verifier, verifierIds } from "./verifier.js";

/** Milliseconds between two looks. */
const LOOK = 200;

/** Milliseconds between two lines of progress. */
const PROGRESS = 1_000;

/** Milliseconds beside the ramp or the spread for all to connect: an attempt that fails is followed by others. */
const PATIENCE = 60_000;

/** Milliseconds for what is under way to be acknowledged: longer than a link takes to give a silent broker up. */
const DRAINING = 60_000;

/** Milliseconds without a reading after which the subscriber will get no more. */
const QUIET = 3_000;

/** What a device says and the broker retains. */
const RETAINED = ["temperature", "status", "update/state"];

/** Runs it. @param isEnded settles when somebody wants it to end @throws Failure, UsageError in one line */
export async function runLive(
  options: FleetOptions,
  output: FleetOutput,
  ended: Promise<void>,
): Promise<Summary> {
  const { devices, processes, broker: foreign } = options;
  checkOpenFiles(devices, processes, foreign === undefined, openFileLimit());
  const broker = await openBroker(options);
  let run: LiveRun | undefined;
  try {
    run = new LiveRun(options, broker, output, ended);
    return await run.all();
  } finally {
    await run?.close();
    await broker.close();
  }
}

class LiveRun {
  #options: FleetOptions;
  #broker: Broker;
  #output: FleetOutput;
  #isEnded = false;
  #ledger = new Ledger();
  #totals = new Totals();
  #nodes: NodeProcesses;
  #verifier: Verifier | undefined;
  #problems: string[] = [];
  /** Of the last line of progress. */
  #shownAt = 0;
  #shown = { connects: 0, arrived: 0 };
  #warnings = new Set<string>();

  constructor(options: FleetOptions, broker: Broker, output: FleetOutput, ended: Promise<void>) {
    this.#options = options;
    this.#broker = broker;
    this.#output = output;
    ended.then(() => {
      this.#isEnded = true;
    });
    this.#nodes = new NodeProcesses(options.processes, (sums, of) => {
      this.#totals.add(sums, of);
      for (const warning of sums.warnings) this.#warn(warning);
    });
  }

  async all(): Promise<Summary> {
    const { devices, topic, ramp } = this.#options;
    const { url, endpoint, secure } = this.#broker;
    this.#banner();
    this.#verifier = await Verifier.open({ endpoint, secure, topic, devices, ledger: this.#ledger });
    await this.#nodes.make(devices, this.#settings(url));
    const from = Date.now();
    this.#nodes.order({ order: "start", ramp: (devices / ramp) * 1_000 });
    await this.#untilConnected("connecting", (devices / ramp) * 1_000 + PATIENCE, 0);
    const rampTime = (this.#totals.connects.last ?? from) - from;
    const steady = await this.#steady();
    const connected = this.#totals.online;
    const kick = await this.#kick();
    const verdict = await this.#end();
    return {
      devices,
      connected,
      ramp: rampTime,
      ...steady,
      kick,
      taken: verdict.taken,
      arrived: verdict.arrived,
      duplicates: verdict.duplicates,
      late: this.#totals.late,
      dropped: this.#totals.dropped,
      lost: verdict.lost,
      unacknowledged: this.#nodes.waiting,
      problems: [...this.#problems, ...this.#strangeProblems(), ...verdict.problems],
    };
  }

  async close(): Promise<void> {
    await this.#nodes.close();
    await this.#verifier?.close();
  }

  #banner(): void {
    const { devices, processes, interval, topic, spread } = this.#options;
    const ids = `${deviceId(topic, 1)} to ${deviceId(topic, devices)}`;
    this.#output.banner([
      [
        "devices",
        `${number(devices)} whole nodes in ${processes} processes, a reading every ${duration(interval)} each`,
      ],
      ["broker", this.#broker.description],
      ["topics", `${topic}/<id>/..., ids ${ids}`],
      ["spread", `${duration(spread)}, over which they return to a broker that they have lost`],
      ["end", "Ctrl-C"],
    ]);
  }

  #settings(broker: string): DeviceSettings {
    const { topic, interval, spread, broker: foreign } = this.#options;
    return { broker, topic, interval, spread, more: foreign?.credentials ?? {} };
  }

  /** Time passes, in steps; what is told meanwhile is told. */
  async #look(): Promise<void> {
    await Promise.race([pause(LOOK), this.#nodes.failed()]);
  }

  // --- connecting --------------------------------------------------------------------------------------------------

  /** Until all are online, or `limit` milliseconds have passed, which is a problem. @param before connects to begin with */
  async #untilConnected(phase: string, limit: number, before: number): Promise<boolean> {
    const { devices } = this.#options;
    const from = performance.now();
    const isThere = () => this.#totals.online === devices && this.#totals.connects.count - before >= devices;
    while (!isThere() && !this.#isEnded && performance.now() - from < limit) {
      await this.#look();
      this.#progress(phase, (rates) => [
        { online: this.#totals.online, attempts: this.#totals.attempts.count, ...rates },
        `${number(this.#totals.online)} of ${number(devices)} connected, ${number(Math.round(rates.connectsPerSecond))} connections/s`,
      ]);
    }
    if (isThere()) return true;
    if (this.#isEnded) return false;
    const { reason } = this.#totals;
    this.#problem(
      `${number(devices - this.#totals.online)} of ${number(devices)} devices are not connected after ${seconds(limit)}${reason === undefined ? "" : `: ${reason}`}`,
    );
    return false;
  }

  // --- running -----------------------------------------------------------------------------------------------------

  async #steady(): Promise<Pick<Summary, "duration" | "readingsPerSecond" | "latency" | "memory">> {
    const limit = this.#options.duration;
    const totals = this.#totals;
    totals.latencies.take();
    const from = performance.now();
    const arrived = this.#ledger.arrived;
    const passed = () => performance.now() - from;
    while (passed() < limit && !this.#isEnded) {
      await this.#look();
      this.#progress("running", (rates) => {
        const latency = latencyOf(totals.latencies);
        const { p50 = 0, p99 = 0 } = latency ?? {};
        const percentiles = latency ? `, p50 ${ms(p50)}, p99 ${ms(p99)}` : "";
        return [
          { passed: Math.round(passed()), online: totals.online, p50, p99, ...rates },
          `${(passed() / 1_000).toFixed(0)} s of ${(limit / 1_000).toFixed(0)} s, ${number(totals.online)} connected, ` +
            `${number(Math.round(rates.readingsPerSecond))} readings/s${percentiles}`,
        ];
      });
    }
    const time = passed();
    const readings = this.#ledger.arrived - arrived;
    const latency = latencyOf(totals.latencies);
    return {
      duration: time,
      readingsPerSecond: (readings / time) * 1_000,
      latency,
      memory: await this.#memory(),
    };
  }

  async #memory(): Promise<DeviceMemory> {
    const { devices } = this.#options;
    const { baseline } = this.#nodes;
    const { rss, heap, external } = await this.#nodes.memory();
    return {
      rss: (rss - baseline.rss) / devices,
      heap: (heap - baseline.heap) / devices,
      external: (external - baseline.external) / devices,
    };
  }

  // --- the kick ----------------------------------------------------------------------------------------------------

  async #kick(): Promise<Kick | undefined> {
    const { kick: asked, devices, spread } = this.#options;
    if (asked === undefined || this.#isEnded) return undefined;
    const totals = this.#totals;
    const before = totals.connects.count;
    const start = Date.now();
    let away = 0;
    if (this.#broker.restart) {
      this.#output.note(`the broker is ended, and away for ${duration(asked)}`);
      const restarted = this.#broker.restart(asked, verifierIds(this.#options.topic));
      away = await Promise.race([restarted, this.#nodes.failed()]);
      this.#output.note(`the broker is back after ${seconds(away)}`);
    } else {
      this.#output.note("all connections of the devices are cut at once; the broker stays");
      this.#nodes.order({ order: "cut" });
    }
    const isBack = await this.#untilConnected("returning", 4 * spread + PATIENCE, before);
    const until = isBack ? (totals.connects.last ?? start) - start : undefined;
    return kickOf(devices, totals.attempts, totals.connects, { start, away, until });
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  /** Nothing more is measured; what was is delivered; then all say goodbye. */
  async #end() {
    const nodes = this.#nodes;
    nodes.order({ order: "silence" });
    const from = performance.now();
    const isDrained = () =>
      this.#totals.online === 0 || (nodes.waiting === 0 && this.#isQuiet(from, 2 * LOOK));
    do {
      await this.#look();
      this.#progress("ending", () => [
        { waiting: nodes.waiting },
        `waits for ${number(nodes.waiting)} acknowledgements`,
      ]);
    } while (!isDrained() && performance.now() - from < DRAINING);
    const taken = await nodes.stop();
    // What the broker has acknowledged is on its way to the subscriber.
    const total = [...taken.values()].reduce((sum, { count }) => sum + count, 0);
    const stopped = performance.now();
    while (this.#ledger.arrived < total && !this.#isQuiet(stopped, QUIET)) await this.#look();
    if (this.#broker.restart === undefined) await this.#clear([...taken.keys()]);
    return this.#ledger.settle(taken);
  }

  /** Nothing has come to the subscriber for so many milliseconds, which are counted from `from` on. */
  #isQuiet(from: number, time: number): boolean {
    return performance.now() - Math.max(from, this.#verifier?.lastAt ?? 0) >= time;
  }

  /** A broker that was there before is left as it was, but for the sessions of the devices. */
  async #clear(ids: readonly string[]): Promise<void> {
    const topics = ids.flatMap((id) => RETAINED.map((level) => `${this.#options.topic}/${id}/${level}`));
    await this.#verifier?.clear(topics);
  }

  #strangeProblems(): string[] {
    const { malformed } = this.#verifier as Verifier;
    return malformed === 0 ? [] : [`${number(malformed)} messages came that are no readings`];
  }

  // --- telling -----------------------------------------------------------------------------------------------------

  #progress(
    phase: string,
    tell: (rates: {
      connectsPerSecond: number;
      readingsPerSecond: number;
    }) => [Record<string, number>, string],
  ): void {
    const now = performance.now();
    const passed = now - this.#shownAt;
    if (passed < PROGRESS) return;
    const connects = this.#totals.connects.count;
    const { arrived } = this.#ledger;
    const rates = {
      connectsPerSecond: ((connects - this.#shown.connects) / passed) * 1_000,
      readingsPerSecond: ((arrived - this.#shown.arrived) / passed) * 1_000,
    };
    this.#shownAt = now;
    this.#shown = { connects, arrived };
    this.#output.progress(phase, ...tell(rates));
  }

  /** Told at once, and again in the end. */
  #problem(text: string): void {
    this.#output.note(text);
    this.#problems.push(text);
  }

  /** Each once: a thousand devices say the same. */
  #warn(text: string): void {
    const what = text.slice(text.indexOf(": ") + 2);
    if (this.#warnings.has(what)) return;
    this.#warnings.add(what);
    this.#output.note(text);
  }
}
