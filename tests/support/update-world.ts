import { createHash, generateKeyPairSync } from "node:crypto";
import type { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { ChipFlash } from "../../host-sim/boards/virtual/chip-flash.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualDevice } from "../../host-sim/boards/virtual/device.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { bundleFirmware } from "../../host-sim/boot/bundle.js";
import { makeImage } from "../../host-sim/boot/image.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { type Manifest, signManifest } from "../../services/ota/manifest.js";
import { NOW } from "./climate.js";
import { MemoryStorage } from "./memory-storage.js";
import { Journal } from "./node.js";
import { RangeServer } from "./range-server.js";

export const BASE = "home/livingroom";
export const UPDATE_URL = "http://10.0.0.2:8070/image.bin";

const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
export const UPDATE_KEY = pair.privateKey;
export const PUBLIC_PEM = pair.publicKey.export({ type: "spki", format: "pem" }) as string;

/** The firmware as it is, and the same with another version: what the tests update from and to. */
export const OLD = await bundleFirmware("0.1.0");
export const NEW = await bundleFirmware("0.2.0");

/** An image of the new version whose code is another one than the firmware's. */
export function brokenImage(code: string, version = "0.2.0"): Uint8Array {
  return makeImage(version, code);
}

/** The firmware with something else in place of a part of it. */
export function patchedImage(part: string, by: string, version = "0.2.0"): Uint8Array {
  const text = Buffer.from(version === "0.2.0" ? NEW : OLD).toString("utf8");
  const code = text.slice(text.indexOf("\n") + 1);
  if (!code.includes(part)) throw new Error(`the bundle has no ${part}`);
  return makeImage(version, code.replace(part, by));
}

/** A signed manifest for an image. */
export function manifestFor(
  image: Uint8Array,
  changes: Partial<Manifest> = {},
  key = UPDATE_KEY,
): { payload: string; id: string } {
  const manifest: Manifest = {
    kind: "host",
    version: "0.2.0",
    size: image.length,
    sha256: createHash("sha256").update(image).digest("hex"),
    url: UPDATE_URL,
    issued: NOW,
    expires: NOW + 86_400_000,
    ...changes,
  };
  return signManifest(manifest, key);
}

/** What `<base>/update/state` says. */
export interface Said {
  state: string;
  version: string;
  manifest?: string;
  update?: string;
  done?: number;
  size?: number;
  reason?: string;
}

export interface WorldOptions {
  image?: Readonly<Record<string, unknown>>;
  clock?: VirtualClock;
  net?: VirtualNetwork;
  broker?: MemoryBroker;
  /** What is flashed at first. */
  flashed?: Uint8Array;
  flash?: ChipFlash;
  storage?: MemoryStorage;
  identity?: string;
  seed?: number;
  /** Changes the board of each boot. */
  onBoard?: (board: VirtualBoard) => void;
  /** The device does not know the time of day, and nobody tells it. */
  clockUnset?: boolean;
}

/** A device with two slots, its broker, and a server that has the new image. */
export function updateWorld(options: WorldOptions = {}) {
  const clock = options.clock ?? new VirtualClock({ now: NOW });
  const net = options.net ?? new VirtualNetwork(clock);
  const broker = options.broker ?? new MemoryBroker();
  const server = new RangeServer(NEW);
  if (!options.broker) net.listen("10.0.0.1", 1883, broker.accept);
  if (!options.net) net.listen("10.0.0.2", 8070, server.accept);
  const storage = options.storage ?? new MemoryStorage();
  const slots = options.flash ?? new ChipFlash(options.flashed ?? OLD);
  const journal = new Journal();
  const settings = {
    broker: "mqtt://10.0.0.1",
    spread: 0,
    diagnostics: "10s",
    interval: "5s",
    ntp: "off",
    updatekey: PUBLIC_PEM,
    ...options.image,
  };
  const base = String(options.image?.["topic"] ?? BASE);
  const device = new VirtualDevice({
    clock,
    net,
    slots,
    storage,
    flash: new VirtualFlash(16),
    ...(options.identity !== undefined && { identity: options.identity }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.clockUnset !== undefined && { clockUnset: options.clockUnset }),
    program: (board, slot) => {
      const firmware = board.load(slot);
      options.onBoard?.(board);
      const booted = firmware.boot({ board, image: settings, monitor: journal, version: firmware.version });
      journal.warnings.push(...booted.problems);
      booted.compose().start();
    },
  });
  const all = (): Said[] =>
    broker.payloads(`${base}/update/state`).map((payload) => JSON.parse(payload) as Said);
  return {
    ...{ clock, net, broker, server, storage, slots, journal, device, base },
    /** All that it said of updates. */
    all,
    /** The states alone, each run of equal ones once. */
    states: () => all().flatMap(({ state }, i, list) => (list[i - 1]?.state === state ? [] : [state])),
    /** What it says now. */
    said: () => JSON.parse(broker.retained.get(`${base}/update/state`)?.payload ?? "{}") as Said,
    publish: (payload: string | Uint8Array) => broker.publish(`${base}/update`, payload as string, 1, true),
    /** Numbers of the readings that the broker has, each once, in order. */
    numbers: () => {
      const found = broker
        .payloads(`${base}/temperature`)
        .map((payload) => (JSON.parse(payload) as { seq: number }).seq);
      return [...new Set(found)].sort((one, other) => one - other);
    },
    diagnostics: () =>
      JSON.parse(broker.payloads(`${base}/diagnostics`).at(-1) ?? "{}") as Record<string, unknown>,
  };
}
