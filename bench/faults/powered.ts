import { Alarm } from "../../firmware/alarm.js";
import { type Board, compose, sensorNames } from "../../firmware/compose.js";
import { openDeviceSettings } from "../../firmware/device-settings.js";
import { Boots } from "../../firmware/health/boots.js";
import type { Subscription } from "../../firmware/links/inbox.js";
import { WiFiStation } from "../../firmware/links/wifi-station.js";
import type { Monitor } from "../../firmware/monitor.js";
import MQTTClient from "../../firmware/mqtt/client.js";
import type { Node } from "../../firmware/node.js";
import { readSettings } from "../../firmware/settings.js";
import { VERSION } from "../../firmware/version.js";
import type { TimerDomain, VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import type { VirtualHost } from "../../host-sim/boards/virtual/host.js";
import type { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import type { Keepsakes } from "./keeping.js";
import { firstTick, LifeClock } from "./life-clock.js";
import type { Random } from "./random.js";
import type { SensorWorld } from "./sources.js";
import type { DeviceWeather } from "./weather.js";
import { type Air, SimulatedWiFi } from "./wifi.js";

/** Milliseconds after which the hardware watchdog bites that was not fed. */
const WATCHDOG_TIMEOUT = 30_000;

/** What a board is put into. */
export interface Surroundings {
  clock: VirtualClock;
  net: VirtualNetwork;
  weather: DeviceWeather;
  sensor: SensorWorld;
  keepsakes: Keepsakes;
  /** Absent on a board with a cable. */
  air: Air | undefined;
  random: Random;
  identity: string;
  /** What the clock adds to the world's time at the start, `undefined` where it is not set. */
  clockOffset: number | undefined;
  /** The node has to set the clock itself. */
  asksForTime: boolean;
  /** Why it starts, as the chip says it. */
  resetReason: string;
  /** The name server answers. */
  hasNames: () => boolean;
}

/** Who sees what happens to a board. */
export interface Witness {
  clockChanged(offset: number | undefined): void;
  airChanged(): void;
  /** The power has gone within a write. */
  cutWithin(): void;
  /** The node wants to be started anew. */
  restartWanted(): void;
  /** The hardware watchdog has not been fed in time. */
  bitten(): void;
}

/** A board and its node, from power-on to power-off. */
export class Powered {
  readonly domain: TimerDomain;
  readonly host: VirtualHost;
  readonly clock: LifeClock;
  readonly wifi: SimulatedWiFi | undefined;
  node: Node | undefined;
  #bite: Alarm;
  #surroundings: Surroundings;
  #witness: Witness;
  #station: WiFiStation | undefined;

  constructor(surroundings: Surroundings, witness: Witness) {
    const { clock, net, weather, air, random, clockOffset, hasNames } = surroundings;
    this.#surroundings = surroundings;
    this.#witness = witness;
    this.domain = clock.domain();
    this.host = net.host({
      domain: this.domain,
      weather: () => weather,
      question: () => (hasNames() && !weather.isStopped(true) ? 2 * weather.delay() : undefined),
      loses: (up) => weather.isStopped(up) || weather.losesDatagram(),
    });
    this.clock = new LifeClock(clock, firstTick(random), clockOffset, (offset) =>
      witness.clockChanged(offset),
    );
    this.#bite = new Alarm(this.domain.timer, { onAlarm: () => witness.bitten() });
    if (air) {
      this.wifi = new SimulatedWiFi(this.domain.timer, air, () => {
        witness.airChanged();
        this.#station?.changed();
      });
    }
  }

  get isUp(): boolean {
    return this.wifi?.isUp ?? true;
  }

  /** Stops the node, in order. */
  stop(onStopped: () => void): void {
    this.#bite.clear();
    this.node?.stop(onStopped);
  }

  /**
   * Everything as firmware/main.ts does it.
   * @returns what is wrong with the settings, or with how restarts are counted
   */
  start(
    image: Readonly<Record<string, unknown>>,
    monitor: Monitor,
    subscriptions: readonly Subscription[],
  ): string[] {
    const { keepsakes } = this.#surroundings;
    const board = this.#board(monitor);
    const before = keepsakes.boots;
    const problems: string[] = [];
    const boots = new Boots(board.storage, board.resetReason, problems);
    const { raw } = openDeviceSettings(image, board.storage, problems);
    if (this.domain.isCut) return [];
    if (boots.number !== before + 1 || keepsakes.boots !== before + 1)
      problems.push(
        `${before} restarts were counted, then ${boots.number}, and ${keepsakes.boots} are remembered`,
      );
    if (boots.isSafe) problems.push("the node is in safe mode, and nothing was wrong with it");
    const settings = readSettings(raw, sensorNames(board), problems);
    const boot = boots.number;
    this.node = compose({ board, settings, monitor, boot, boots, version: VERSION, subscriptions });
    if (!this.domain.isCut) this.node.start();
    return problems;
  }

  #board(monitor: Monitor): Board {
    const { domain, host, wifi } = this;
    const { keepsakes, random, sensor, identity, asksForTime, resetReason } = this.#surroundings;
    const { flash } = keepsakes;
    const onCut = () => this.#witness.cutWithin();
    return {
      identity,
      timer: domain.timer,
      clock: asksForTime ? this.clock : { ticks: () => this.clock.ticks(), now: () => this.clock.now() },
      random: seededRandom(random.integer(0, 0xffff_ffff)),
      mqtt: { io: MQTTClient },
      dns: { io: host.Resolver },
      tcp: { io: host.TCP },
      ...(asksForTime && { udp: { io: host.UDP } }),
      resetReason,
      restart: () => this.#witness.restartWanted(),
      watchdog: { feed: () => this.#bite.set(WATCHDOG_TIMEOUT) },
      storage: keepsakes.keyValue(domain, onCut),
      ...(flash && { journal: { open: () => keepsakes.open(flash, domain, onCut) } }),
      ...sensor.attach(domain),
      ...(wifi && {
        network: ({ ssid, password }) => {
          this.#station = new WiFiStation({ wifi, ssid, password, timer: domain.timer, monitor });
          return this.#station;
        },
      }),
    };
  }
}
