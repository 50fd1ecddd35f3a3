/** What the coordinator and its processes say to each other. */

import type { DeviceSettings } from "./device.js";
import type { Taken } from "./taken.js";
import type { TallySums } from "./tally.js";

/** Bytes of a process, after its garbage was collected. */
export interface Memory {
  rss: number;
  /** Of V8's heap, and of buffers outside of it. */
  heap: number;
  external: number;
}

export type ToNodes =
  | { order: "make"; first: number; count: number; settings: DeviceSettings }
  /** Within so many milliseconds. */
  | { order: "start"; ramp: number }
  | { order: "measure" }
  /** All connections, at once. */
  | { order: "cut" }
  | { order: "silence" }
  | { order: "stop" };

export type FromNodes =
  /** Ready, before any device was made; or made. */
  | { said: "ready"; memory: Memory }
  | { said: "made" }
  | { said: "tally"; sums: TallySums; waiting: number }
  | { said: "memory"; memory: Memory }
  | { said: "stopped"; taken: [string, Taken][] }
  | { said: "failed"; reason: string };

export type BrokerKind = "mosquitto" | "aedes";

export type ToBroker =
  | { order: "start"; kind: BrokerKind; port: number }
  /** Whose client identifier begins with `stays` must miss nothing. */
  | { order: "restart"; away: number; stays: string };

export type FromBroker =
  | { said: "ready"; port: number }
  | { said: "back"; away: number }
  | { said: "failed"; reason: string };
