import { boot } from "../../firmware/boot.js";
import type { Node } from "../../firmware/node.js";
import { VirtualBoard, type VirtualBoardOptions } from "../../host-sim/boards/virtual/board.js";
import { COOLER, HEATER } from "../../host-sim/chips/hardware.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { MemoryStorage } from "./memory-storage.js";
import { Journal } from "./node.js";

export const BASE = "home/livingroom/climate";
export const NOW = 1_795_175_351_184;

/** A node of any kind on a virtual board, from an image's settings, that can be started again; not started. */
export function bootedNode(
  image: Readonly<Record<string, unknown>> = {},
  options: VirtualBoardOptions = {},
  world: { broker?: MemoryBroker } = {},
) {
  const storage = options.storage ?? new MemoryStorage();
  const restarts: string[] = [];
  const board = new VirtualBoard({
    now: NOW,
    storage,
    onReset: (reason) => restarts.push(reason),
    ...options,
  });
  const broker = world.broker ?? new MemoryBroker();
  board.net.listen("10.0.0.1", 1883, broker.accept);
  const journal = new Journal();
  const settings = { broker: "mqtt://10.0.0.1", spread: 0, diagnostics: 0, ...image };
  const make = (): Node => {
    const booted = boot({ board, image: settings, monitor: journal, version: "0.0.0" });
    journal.warnings.push(...booted.problems);
    return booted.compose();
  };
  /** Answers to commands, oldest first. */
  const replies = (base: string): Record<string, unknown>[] =>
    broker.payloads(`${base}/command/reply`).map((text) => JSON.parse(text) as Record<string, unknown>);
  return { board, broker, journal, storage, restarts, make, replies };
}

/** An air conditioner in a room of its own, with rests that a test need not wait for. */
export function climateNode(
  image: Readonly<Record<string, unknown>> = {},
  options: VirtualBoardOptions = {},
) {
  const parts = bootedNode(
    { device: "climate", mode: "cool", target: 21, minon: 0, minoff: 0, ...image },
    options,
  );
  const { board, broker } = parts;
  return Object.assign(parts, {
    node: parts.make(),
    measured: (temperature: number, more: object = {}, retain = false) => {
      const time = NOW + board.clock.elapsed;
      broker.publish(
        "home/livingroom/temperature",
        JSON.stringify({ temperature, time, ...more }),
        1,
        retain,
      );
      board.clock.run(100);
    },
    command: (fields: object) => {
      const time = NOW + board.clock.elapsed;
      broker.publish(`${BASE}/command`, JSON.stringify({ time, ttl: 30, ...fields }), 1);
      board.clock.run(1_000);
      return parts.replies(BASE).at(-1);
    },
    cools: () => board.hardware.pins.level(COOLER) === 1,
    heats: () => board.hardware.pins.level(HEATER) === 1,
    state: (topic: string) => broker.retained.get(`${BASE}/${topic}`)?.payload,
  });
}
