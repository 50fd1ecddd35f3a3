import { TimeSync, type TimeSyncOptions } from "../../firmware/clock/time-sync.js";
import { WallClock } from "../../firmware/clock/wall-clock.js";
import { FIRST_DAY } from "../../firmware/version.js";
import { VirtualClock, type VirtualClockOptions } from "../../host-sim/boards/virtual/clock.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { ownClock } from "../../host-sim/boards/virtual/own-clock.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { TimeServer } from "../../host-sim/world/time-server.js";

/** 20 November 2026. */
export const TRUE_TIME = 1_795_175_351_184;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What has happened on a bench, with its moment in milliseconds since the start. */
export interface Told {
  readonly at: number;
  readonly now: number;
  readonly change: number | undefined;
}

/**
 * A time synchronisation of its own on a virtual network, with a clock that nobody has set, and `count` time servers
 * `a.example`, `b.example` ... at 10.0.1.1, 10.0.1.2 ...; not started.
 */
export function timeBench(count = 1, options: VirtualClockOptions & Partial<TimeSyncOptions> = {}) {
  const { ticks, now, ...more } = options;
  const world = new VirtualClock({ now: now ?? TRUE_TIME, ticks: ticks ?? 0 });
  const net = new VirtualNetwork(world);
  const board = ownClock(world);
  const clock = new WallClock(board);
  const names = Array.from({ length: count }, (_, index) => `${"abcd"[index]}.example`);
  const servers = names.map((name, index) => {
    const address = `10.0.1.${index + 1}`;
    net.name(name, address);
    return new TimeServer(net.datagrams, world, address);
  });
  const told: Told[] = [];
  const warnings: string[] = [];
  const sync = new TimeSync({
    udp: { io: net.datagrams.UDP },
    dns: { io: net.Resolver },
    timer: world.timer,
    clock,
    random: seededRandom(1),
    monitor: {
      time: (moment, change) => told.push({ at: world.elapsed, now: moment, change }),
      warning: (text) => warnings.push(text),
    },
    servers: names.map((host) => ({ host, port: 123 })),
    spread: 1_000,
    firstDay: FIRST_DAY,
    onTime: (moment, tick) => clock.set(moment, tick),
    ...more,
  });
  return {
    world,
    net,
    board,
    clock,
    servers,
    told,
    warnings,
    sync,
    /** Milliseconds that the clock is ahead of the true time; `undefined` while it is not set. */
    error(): number | undefined {
      const believed = clock.now();
      return believed === undefined ? undefined : believed - (world.now() as number);
    },
    /** Moments at which each server was asked. */
    asked: () => servers.map(({ requests }) => requests.map(({ at }) => at)),
    /** Names of the servers in the order in which they were asked. */
    order: () =>
      servers
        .flatMap(({ requests }, index) => requests.map(({ at }) => ({ at, name: "abcd"[index] })))
        .sort((one, other) => one.at - other.at)
        .map(({ name }) => name)
        .join(""),
  };
}

/** The differences between one number and the next. */
export function gaps(numbers: readonly number[]): number[] {
  return numbers.slice(1).map((number, index) => number - numbers[index]);
}
