import { boot } from "../../firmware/boot.js";
import type { Node } from "../../firmware/node.js";
import type { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { VirtualDevice, type VirtualDeviceOptions } from "../../host-sim/boards/virtual/device.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { MemoryStorage } from "./memory-storage.js";
import { Journal } from "./node.js";

/** A node on a device that can crash, hang and be cut off, with a broker at 10.0.0.1; switched on, no time has passed. */
export function nodeOnDevice(
  settings: Readonly<Record<string, unknown>> = {},
  options: Partial<VirtualDeviceOptions> = {},
) {
  const broker = new MemoryBroker();
  const journal = new Journal();
  const storage = new MemoryStorage();
  const parts = { broker, journal, storage, node: undefined as unknown as Node };
  const program = (board: VirtualBoard) => {
    const image = { broker: "mqtt://10.0.0.1", interval: "1s", diagnostics: "10s", ...settings };
    const booted = boot({ board, image, monitor: journal, version: "0.0.0" });
    if (booted.problems.length > 0) throw new Error(booted.problems.join("\n"));
    parts.node = booted.compose();
    parts.node.start();
  };
  const device = new VirtualDevice({ now: 1_795_175_351_184, storage, program, ...options });
  device.net.listen("10.0.0.1", 1883, broker.accept);
  const diagnostics = () => {
    const payloads = broker.payloads("home/livingroom/diagnostics");
    return JSON.parse(payloads.at(-1) ?? "{}") as Record<string, unknown>;
  };
  return Object.assign(parts, { device, diagnostics });
}
