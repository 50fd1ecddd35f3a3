import type { Quantity } from "../../firmware/codec/reading.js";
import type { LinkState } from "../../firmware/links/link-state.js";
import type { Monitor } from "../../firmware/monitor.js";
import type { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import type { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import type { Published } from "../../host-sim/world/memory-broker.js";
import { BadCommands } from "./bad-commands.js";
import { DropCount } from "./drop-count.js";
import { Keepsakes } from "./keeping.js";
import { Keeping, Ledger, type Moment } from "./ledger.js";
import type { Life } from "./life.js";
import { WORLD_START } from "./life-clock.js";
import { LinkWatch } from "./link-watch.js";
import { Messages } from "./messages.js";
import { Powered } from "./powered.js";
import { Random } from "./random.js";
import { RawLines } from "./raw-lines.js";
import type { SensorWorld, Taker } from "./sources.js";
import type { Trace } from "./trace.js";
import { SENSOR_LIMIT, Vigil } from "./vigil.js";
import { DeviceWeather } from "./weather.js";
import type { Air } from "./wifi.js";

export const MQTT_PORT = 1883;

/** Milliseconds that a silent connection may live longer than the keep-alive. */
const SILENCE_MARGIN = 1_000;

/** Milliseconds from opening a connection to CONNACK. */
const CONNECT_LIMIT = 30_000;

/** A reading's own, and its share of the notes of what was acknowledged. */
const RECORDS_PER_READING = 1.1;

/** Milliseconds by which an answer may be misunderstood that took the longest time allowed. */
const TIME_TOLERANCE = 3_000;

/** Milliseconds by which a clock that is set is moved at the word of one server. */
const JUMP = 60_000;

/** Timers that a node may have set at once. */
const TIMER_LIMIT = 24;

/** Connections of a node: to the broker, to the raw TCP server, and one of each that is just being closed. */
const CONNECTION_LIMIT = 4;

/** Readings of a block of the journal, besides all that is noted among them. */
const BLOCK_READINGS = 100;

/** Milliseconds from a reset to the program's first line. */
const BOOT_TIME = 500;

/** What a device is made of, drawn from the seed. */
export interface DeviceOptions {
  name: string;
  seed: number;
  clock: VirtualClock;
  net: VirtualNetwork;
  trace: Trace;
  sensor: (taker: Taker) => SensorWorld;
  settings: Readonly<Record<string, unknown>>;
  /** Milliseconds to anything else. */
  latency: number;
  /** Blocks of the journal's flash, 0 for a board without. */
  blocks: number;
  /** Reaches the network by Wi-Fi. */
  wifi: boolean;
  /** Subscribes to commands. */
  listens: boolean;
  /** Who sets the clock: it is right from the start, the node asks for the time, or nobody does. */
  time: "known" | "asked" | "unknown";
  /** Milliseconds by which those whom it asks have been off so far; one of them is 0. */
  timeOffsets: ReadonlySet<number>;
  fail: (what: string) => void;
}

/** A device in the world: its node, lived through again and again, and the ledger of what it has to deliver. */
export class Device {
  readonly name: string;
  readonly base: string;
  readonly id: string;
  readonly ledger: Ledger;
  readonly weather: DeviceWeather;
  readonly sensor: SensorWorld;
  readonly keepsakes: Keepsakes;
  readonly messages: Messages;
  readonly commands: BadCommands;
  readonly air: Air = { accessPoint: true, addresses: true };
  cuts = 0;
  connections = 0;
  /** Readings that the node said were waiting when it last told. */
  waiting = 0;
  /** The name server does not answer this device. */
  nameless = false;
  #options: DeviceOptions;
  #random: Random;
  #powered: Powered | undefined;
  #watch: LinkWatch;
  #life: Life | undefined;
  #resetReason = "power-on";
  /** Looks whether the sensor is read again. */
  #sensing: unknown;
  #dropped = new DropCount();
  /** Times that the clock was set. */
  #words = 0;
  #vigil: Vigil;
  /** What comes to the raw TCP server. */
  readonly lines: RawLines;
  /** `online` was published on the present connection. */
  #announced = false;
  /** Turns the power on again. */
  #return: unknown;

  constructor(options: DeviceOptions) {
    const { name, seed, clock, latency, blocks, fail } = options;
    this.#options = options;
    this.#random = new Random(seed, `${name}/boot`);
    this.name = name;
    this.base = `bench/${name}`;
    this.id = `hearth-${identityOf(name)}`;
    this.sensor = options.sensor({
      taken: (quantity, count) => this.#taken(quantity, count),
      invented: fail,
    });
    this.ledger = new Ledger({
      base: this.base,
      codes: this.sensor.codes,
      dropsOldest: options.settings["full"] === "oldest",
      room: roomOf(options),
      window: options.settings["window"] as number,
      fail,
    });
    const watchdog = options.settings["watchdog"] as number;
    this.#vigil = new Vigil({ name, clock, sensor: this.sensor, watchdog, fail });
    this.lines = new RawLines(this.ledger, fail);
    this.keepsakes = new Keepsakes(blocks, new Random(seed, `${name}/flash`));
    this.messages = new Messages(`${this.base}/messages`, fail);
    this.commands = new BadCommands(this.base, new Random(seed, `${name}/commands`));
    this.weather = new DeviceWeather(clock, new Random(seed, `${name}/weather`), latency, () =>
      this.#watchSilence(),
    );
    const spread = options.settings["spread"] as number;
    this.#watch = new LinkWatch(clock, spread, () => this.#powered?.isUp ?? true, fail);
  }

  /** Board and node, while there is power. */
  get powered(): Powered | undefined {
    return this.#powered;
  }

  get listens(): boolean {
    return this.#options.listens;
  }

  get hasWiFi(): boolean {
    return this.#options.wifi;
  }

  /** How often the journal's blocks were erased. */
  get erases(): { most: number; least: number; total: number } {
    const { flash } = this.keepsakes;
    const { blocks } = this.#options;
    const counts = flash ? Array.from({ length: blocks }, (_, block) => flash.erases(block)) : [0];
    const total = counts.reduce((sum, count) => sum + count, 0);
    return { most: Math.max(...counts), least: Math.min(...counts), total };
  }

  note(what: string): void {
    this.#options.trace.note(this.#options.clock.elapsed, this.name, what);
  }

  // --- power -------------------------------------------------------------------------------------------------------

  powerOn(): void {
    const { clock, net, time, settings, listens, fail } = this.#options;
    if (this.#powered) return;
    clock.timer.clear(this.#return);
    this.#return = undefined;
    const clockOffset = time === "known" ? WORLD_START : undefined;
    const { weather, sensor, keepsakes } = this;
    const powered = new Powered(
      {
        clock,
        net,
        weather,
        sensor,
        keepsakes,
        air: this.hasWiFi ? this.air : undefined,
        random: this.#random,
        identity: identityOf(this.name),
        clockOffset,
        asksForTime: time === "asked",
        resetReason: this.#resetReason,
        hasNames: () => !this.nameless,
      },
      {
        clockChanged: (offset) => {
          this.#words += 1;
          this.#life?.boardClockSays(clock.elapsed, offset);
        },
        airChanged: () => this.#airChanged(),
        restartWanted: () => {
          this.#vigil.restarts();
          this.#reset();
        },
        bitten: () => fail("watchdog: the node has not turned for 30 s"),
        cutWithin: () => this.cutFor(this.#random.magnitude(10, 600_000), this.#random.chance(0.3)),
      },
    );
    this.#powered = powered;
    this.#dropped = new DropCount();
    this.#vigil.begin();
    this.#airChanged();
    this.note("power on");
    this.#life = this.ledger.begin(clock.elapsed, clockOffset);
    const image = { topic: this.base, ssid: "bench", ...sensor.settings, ...settings };
    const subscriptions = listens ? [this.messages.subscription] : [];
    for (const problem of powered.start(image, this.#monitor(powered), subscriptions))
      fail(`settings: ${problem}`);
  }

  /**
   * The power goes, at once, and comes again.
   * @param duration milliseconds without power
   * @param told whether the other ends of its connections see a reset; otherwise they hear nothing
   */
  cutFor(duration: number, told: boolean): void {
    const { settings, clock } = this.#options;
    const keeping = settings["durability"] === "outage" ? Keeping.OUTAGE : Keeping.ALWAYS;
    this.#resetReason = "power-on";
    this.#end(this.keepsakes.flash ? keeping : Keeping.NONE, told);
    this.note(`power off for ${duration} ms`);
    this.cuts += 1;
    this.#return = clock.timer.set(() => this.powerOn(), duration);
  }

  /** An orderly restart: what is in memory is stored before. */
  restart(): void {
    const powered = this.#powered;
    this.note("restarts");
    powered?.stop(() => {
      if (this.#powered === powered) this.#reset();
    });
  }

  /** The node has stopped, and the processor starts anew. */
  #reset(): void {
    this.note("reset");
    this.#resetReason = "software";
    this.#end(this.keepsakes.flash ? Keeping.ALWAYS : Keeping.NONE, true, true);
    this.#return = this.#options.clock.timer.set(() => this.powerOn(), BOOT_TIME);
  }

  /** No cut comes any more, and the power is there. */
  calm(): void {
    this.keepsakes.calm();
    this.powerOn();
  }

  #end(keeping: Keeping, told: boolean, isOrderly = false): void {
    const powered = this.#powered;
    if (!powered) return;
    this.#powered = undefined;
    powered.domain.cut();
    const { connections } = powered.host;
    powered.host.vanish();
    if (told) for (const connection of connections) connection.reset();
    this.sensor.cut();
    // What is in memory is stored when the connection ends, and the power may go within that.
    const { steps } = this.#options.clock;
    this.ledger.cut(keeping, { step: steps, connection: this.#watch.connectionBefore }, isOrderly);
    this.connections += this.#watch.end();
    this.weather.resume("wi-fi");
  }

  /** Says goodbye, as at an orderly end. */
  stop(onStopped: () => void): void {
    this.#powered?.stop(onStopped);
  }

  /** Ends the run. */
  finish(): void {
    this.connections += this.#watch.end();
  }

  // --- what comes to the broker ------------------------------------------------------------------------------------

  arrived(message: Published): void {
    const { topic, payload } = message;
    if (topic === this.messages.topic || topic === this.commands.topic) return;
    const { fail } = this.#options;
    const problem = this.commands.answered(topic, payload);
    if (problem !== undefined) {
      if (problem !== "") fail(problem);
      return this.note(`broker has ${payload}`);
    }
    let what = payload;
    if (topic === `${this.base}/diagnostics`) this.#diagnosed(payload);
    else if (topic === `${this.base}/status`) this.#announced = payload === "online";
    else if (topic === `${this.base}/update/state`) {
      if (!payload.startsWith('{"state":"idle"')) fail(`update: nothing was published, and it is ${payload}`);
    } else {
      if (!this.#announced) fail(`status: a reading came before "online": ${payload}`);
      if (message.qos !== 1) fail(`QoS: a reading came with ${message.qos}: ${payload}`);
      this.#watch.moved();
      what = this.ledger.arrive(message, this.#options.clock.elapsed);
    }
    this.note(`broker has ${what}`);
  }

  #diagnosed(payload: string): void {
    const said = JSON.parse(payload) as { waiting: number; dropped: number; uptime: number; boot: number };
    this.waiting = said.waiting;
    // Some may come out of an earlier life, from a broker that hung.
    if (said.boot !== this.#life?.boot) return;
    if (said.waiting === 0) this.ledger.drained();
    const problem = this.#dropped.problemWith(said.uptime, said.dropped);
    if (problem) this.#options.fail(`dropped: the diagnostics of ${this.name} say that ${problem}`);
  }

  // --- what must hold ----------------------------------------------------------------------------------------------

  /** What must be bounded at every moment. */
  check(): void {
    const { fail } = this.#options;
    this.#watch.check();
    if (!this.#powered) return;
    const { domain, host } = this.#powered;
    if (domain.pending > TIMER_LIMIT) fail(`bounds: ${this.name} has ${domain.pending} timers`);
    const { length } = host.connections;
    if (length > CONNECTION_LIMIT) fail(`bounds: ${this.name} has ${length} connections`);
    this.#vigil.look(this.air.accessPoint && this.air.addresses && !this.#powered.isUp);
    const twice = this.keepsakes.flash?.programmedTwice ?? 0;
    if (twice > 0) fail(`flash: ${this.name} has written over what was written`);
  }

  /**
   * What must hold when nothing has been wrong for long.
   * @param since moment from which on nothing was
   * @param knowsTime whether there are servers to ask for the time
   */
  settled(since: number, knowsTime: boolean): void {
    const { clock, settings, time, fail } = this.#options;
    const now = clock.elapsed;
    if (time === "asked" && knowsTime && (this.#life?.learntAt ?? -1) < since)
      fail(`time: ${this.name} has not asked for it since ${since}`);
    if (settings["server"]) this.lines.settle(now, this.sensor.pace);
    const { total } = this.erases;
    // Each start, connection and word of the clock may take a few records too, and leave a block that is not full.
    const others = (this.#life?.number ?? 0) + this.connections + this.#watch.connections + this.#words;
    // What a node that keeps the oldest gives up never gets there.
    const { taken, dropped } = this.ledger;
    const stored = settings["full"] === "oldest" ? taken : taken - dropped;
    const budget = 2 + 2 * this.cuts + (stored * RECORDS_PER_READING + 2 * others) / BLOCK_READINGS;
    if (total > budget) fail(`wear: ${this.name} has erased ${total} blocks for ${stored} readings`);
  }

  /** A connection that is dead from now on must be found out within one keep-alive. */
  mustEnd(connection: { readonly isOpen: boolean }, isDead: () => boolean): void {
    const { clock, fail, settings } = this.#options;
    const keepAlive = settings["keepalive"] as number;
    const isConnected = this.#watch.connection !== 0;
    const limit = (isConnected ? keepAlive : Math.max(keepAlive, CONNECT_LIMIT)) + SILENCE_MARGIN;
    clock.timer.set(() => {
      if (connection.isOpen && isDead()) fail(`half-open: a dead connection is still open after ${limit} ms`);
    }, limit);
  }

  /** A sensor that is there again must be read again. */
  mustSense(): void {
    const { clock, fail } = this.#options;
    const powered = this.#powered;
    const { taken } = this.ledger;
    const limit = SENSOR_LIMIT + 3 * this.sensor.pace;
    // It may have been away again since the last time.
    clock.timer.clear(this.#sensing);
    this.#sensing = clock.timer.set(() => {
      if (powered && this.#powered === powered && this.sensor.isFine && this.ledger.taken === taken)
        fail(`sensor: it is there again, and nothing was taken for ${limit} ms`);
    }, limit);
  }

  #watchSilence(): void {
    const since = this.#options.clock.elapsed;
    for (const connection of this.#powered?.host.connections ?? []) {
      if (connection.remotePort === MQTT_PORT)
        this.mustEnd(connection, () => this.weather.silentSince === since);
    }
  }

  #airChanged(): void {
    const { wifi } = this.#powered ?? {};
    if (!wifi) return;
    this.note(`wi-fi ${wifi.connection}`);
    if (wifi.isUp) this.weather.resume("wi-fi");
    else this.weather.stop("wi-fi", true, true);
  }

  /** What the node tells; what it does after its power went is not heard. */
  #monitor(powered: Powered): Required<Monitor> {
    const watch = this.#watch;
    const heard =
      <Args extends unknown[]>(callback: (...args: Args) => void) =>
      (...args: Args) => {
        if (this.#powered === powered) callback(...args);
      };
    return {
      link: heard((state: LinkState) => {
        this.note(`link ${state}`);
        const before = watch.connections;
        watch.changed(state);
        if (watch.connections > before) {
          this.#announced = false;
          this.ledger.accepted(watch.connections);
        } else if (watch.connection === 0) this.ledger.lost();
      }),
      lost: heard((reason, retryIn) => {
        this.note(`lost: ${reason}; again in ${retryIn}`);
        // The broker of the bench never does.
        if (reason.includes("broke the MQTT protocol")) this.#options.fail(`protocol: ${reason}`);
        watch.lost(retryIn);
      }),
      recorded: heard((reading) => {
        const { place, isGivenUp } = this.ledger.recorded(reading);
        this.note(`recorded #${place} as ${reading.seq}`);
        if (isGivenUp) watch.acknowledged(place);
      }),
      dropped: heard((first, count) => {
        this.note(`dropped ${count} from ${first} on`);
        this.#dropped.add(this.#options.clock.elapsed - (this.#life?.since ?? 0), count);
        this.ledger.gaveUp(first, count);
        watch.overflowed();
      }),
      delivered: heard((reading, late) => {
        const place = this.ledger.acknowledged(reading, late);
        this.note(`delivered #${place}`);
        watch.acknowledged(place);
      }),
      receipt: heard((receipt) => this.note(`receipt ${receipt}`)),
      time: heard((now, change) => {
        this.note(`time ${now}, moved by ${change}`);
        this.#words += 1;
        this.#checkTime(now, change);
        this.#life?.nodeLearns(this.#options.clock.elapsed, now);
      }),
      commanded: heard((what, refusal) => this.note(`${what}: ${refusal ?? "done"}`)),
      acting: heard((action) => this.note(`acts: ${action}`)),
      note: heard((text) => this.note(`note: ${text}`)),
      warning: heard((text) => this.note(`warning: ${text}`)),
    };
  }

  /** What a node takes for the time a server has said; and where it moves the clock far, it is the true time. */
  #checkTime(now: number, change: number | undefined): void {
    const { clock, timeOffsets, fail } = this.#options;
    const off = now - (WORLD_START + clock.elapsed);
    const sources = [...timeOffsets].filter((offset) => Math.abs(off - offset) <= TIME_TOLERANCE).length;
    if (sources === 0) fail(`time: ${this.name} takes ${now} for the time, which no server has said`);
    if (change !== undefined && Math.abs(change) > JUMP && Math.abs(off) > JUMP && sources < 2)
      fail(`time: ${this.name} moves its clock by ${change} ms, to a time that one server alone says`);
  }

  #taken(quantity: Quantity, count: number): void {
    if (!this.#powered) return;
    const { taken } = this.ledger;
    this.note(`took #${taken}`);
    this.#vigil.took();
    this.#watch.taken(taken);
    this.ledger.take(quantity, count, this.#moment());
  }

  #moment(): Moment {
    const { elapsed, steps } = this.#options.clock;
    return { at: elapsed, step: steps, connection: this.#watch.connection };
  }
}

/** Readings for which there is room for certain: of the journal's half, or of the queue; `thin` begins at half of that. */
function roomOf({ blocks, settings }: DeviceOptions): number {
  const room = blocks > 0 ? ((blocks - 2) * BLOCK_READINGS) / 2 : (settings["queue"] as number);
  return settings["full"] === "thin" ? room / 2 : room;
}

function identityOf(name: string): string {
  return `0200000000${name.slice(1).padStart(2, "0")}`;
}
