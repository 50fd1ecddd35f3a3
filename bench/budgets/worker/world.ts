/** A board within the engine, as an ESP32 has one, so that nothing but the firmware's own work is counted. */

import type { Board } from "../../../firmware/compose.js";
import MQTTClient from "../../../firmware/mqtt/client.js";
import type { Flash, KeyValue, ResolverClass, SMBusClass, UpdateBoard } from "../../../firmware/ports.js";
import { sensorEntry } from "../../../firmware/sensors/entry.js";
import { TMP117 } from "../../../firmware/sensors/tmp117.js";
import { EngineBroker } from "./broker.js";
import { EngineClock } from "./clock.js";
import { native0, native1, native2, native3 } from "./native.js";

/** 29 November 2026. */
const EPOCH = 1_795_910_400_000;

const BLOCK = 4_096;

/** NOR flash in memory. */
function engineFlash(blocks: number): Flash {
  const cells = new Uint8Array(blocks * BLOCK).fill(0xff);
  const status = { size: blocks * BLOCK, blockLength: BLOCK, blocks };
  return {
    read: native2("flash.read", (into: Uint8Array, position: number) => {
      for (let i = 0; i < into.length; i++) into[i] = cells[position + i];
      return into.length;
    }),
    write: native2("flash.write", (from: Uint8Array, position: number) => {
      for (let i = 0; i < from.length; i++) cells[position + i] &= from[i];
    }),
    eraseBlock: native2("flash.erase", (start: number, end?: number) => {
      cells.fill(0xff, start * BLOCK, (end ?? start + 1) * BLOCK);
    }),
    status: native0("flash.status", () => status),
    close: native0("flash.close", () => {}),
  };
}

/** A TMP117 in a room whose temperature changes with each look. */
function engineBus(): SMBusClass {
  let raw = 2_700;
  class SMBus {}
  Object.assign(SMBus.prototype, {
    readUint16: native2("smbus.read", (register: number) => {
      if (register === 0x0f) return 0x0117;
      if (register === 0x01) return 0x2220;
      raw = raw > 3_400 ? 2_700 : raw + 37;
      return raw;
    }),
    writeUint16: native3("smbus.write", () => {}),
    close: native0("smbus.close", () => {}),
  });
  return SMBus as unknown as SMBusClass;
}

function engineStorage(): KeyValue {
  const values = new Map<string, string>();
  return {
    read: native1("nvs.read", (key: string) => values.get(key)),
    write: native2("nvs.write", (key: string, value: string) => {
      values.set(key, value);
    }),
    delete: native1("nvs.delete", (key: string) => {
      values.delete(key);
    }),
  };
}

/** The broker's address is the one that there is. */
function engineResolver(clock: EngineClock): ResolverClass {
  class Resolver {}
  Object.assign(Resolver.prototype, {
    resolve: native1(
      "dns.resolve",
      (options: { host: string; onResolved(host: string, address: string): void }) => {
        clock.set(() => options.onResolved(options.host, "10.0.0.1"), 5);
      },
    ),
  });
  return Resolver as unknown as ResolverClass;
}

function engineUpdate(): UpdateBoard {
  return {
    kind: "esp32",
    slots: {
      isPending: false,
      open: () => engineFlash(16),
      activate: () => {},
      confirm: () => {},
      goBack: () => {},
    },
    digest: () => ({ write: () => {}, close: () => new Uint8Array(32) }),
    verify: () => true,
  };
}

export interface World {
  board: Board;
  clock: EngineClock;
  broker: EngineBroker;
}

/**
 * @param blocks of the journal's partition; the ESP32 has 224
 * @param without what the board has not
 */
export function makeWorld(blocks: number, without: readonly string[]): World {
  const clock = new EngineClock(EPOCH);
  const broker = new EngineBroker(clock);
  const tmp117 = sensorEntry(TMP117, { sensor: { io: engineBus() } }, TMP117.RANGE);
  const flash = engineFlash(blocks);
  const random = { at: 1 };
  const board: Board = {
    identity: "020000000001",
    timer: clock.timer,
    clock: clock.clock,
    random: native0("random", () => {
      random.at = (random.at * 16_807) % 2_147_483_647;
      return random.at / 2_147_483_647;
    }),
    mqtt: { io: MQTTClient },
    dns: { io: engineResolver(clock) },
    tcp: { io: broker.TCP },
    sensors: { tmp117: () => tmp117 },
    storage: engineStorage(),
    journal: { open: () => flash, endurance: 10_000 },
    freeMemory: native0("freeMemory", () => 100_000),
    resetReason: "power-on",
    restart: () => {},
    watchdog: { feed: native0("watchdog.feed", () => {}) },
    update: engineUpdate(),
  };
  for (const part of without) delete (board as unknown as Record<string, unknown>)[part];
  return { board, clock, broker };
}
