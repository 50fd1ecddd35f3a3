import { formatDuration } from "../../firmware/codec/duration.js";
import type { Latencies } from "./latencies.js";
import { type Bin, binsOf, drawBins, type Moments } from "./storm.js";

/** What came of a run. Times are in milliseconds, sizes in bytes. */
export interface Summary {
  devices: number;
  /** At the end of the time that was asked for. */
  connected: number;
  /** From the first device that was switched on to the last that was connected. */
  ramp: number;
  /** In the time that was asked for, from when all were connected. */
  duration: number;
  readingsPerSecond: number;
  /** From the sample to its acknowledgement; absent where the simulated network would decide it. */
  latency: { p50: number; p90: number; p99: number; max: number } | undefined;
  memory: DeviceMemory | undefined;
  kick: Kick | undefined;
  /** Of the whole run. */
  taken: number;
  arrived: number;
  duplicates: number;
  late: number;
  dropped: number;
  lost: number;
  /** Taken and not acknowledged when the time to wait for it was over. */
  unacknowledged: number;
  /** What must not be, a line each; none of it in a good run. */
  problems: string[];
}

/** What the processes of the nodes have more than before they had any, for each device. */
export interface DeviceMemory {
  /** All of it that is in memory. */
  rss: number;
  /** Of that V8's heap, and buffers outside of it. */
  heap: number;
  external: number;
}

/** What a loss of all connections led to. */
export interface Kick {
  away: number;
  /** Until every device was back, from the moment at which they lost the broker; `undefined` where not all came back. */
  until: number | undefined;
  attempts: number;
  connects: number;
  /** The most within any second. */
  largestAttempts: number;
  largestConnects: number;
  /** Of all devices, that connected in that second. */
  share: number;
  width: number;
  bins: Bin[];
}

/** Problems that are printed; thousands of devices may all have the same. */
const SHOWN = 10;

export function latencyOf(latencies: Latencies): Summary["latency"] {
  const at = (share: number) => latencies.percentile(share) ?? 0;
  return latencies.count === 0
    ? undefined
    : { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: latencies.max };
}

/** @param start moment at which all lost the broker */
export function kickOf(
  devices: number,
  attempts: Moments,
  connects: Moments,
  { start, away, until }: { start: number; away: number; until: number | undefined },
): Kick {
  const largestConnects = connects.largestSecond(start);
  return {
    away,
    until,
    attempts: attempts.between(start, Number.POSITIVE_INFINITY),
    connects: connects.between(start, Number.POSITIVE_INFINITY),
    largestAttempts: attempts.largestSecond(start),
    largestConnects,
    share: largestConnects / devices,
    ...binsOf(attempts, connects, start),
  };
}

/** Nothing was lost, and nothing else is wrong. */
export function isGood({ lost, problems }: Summary): boolean {
  return lost === 0 && problems.length === 0;
}

/** The whole of it, in lines. */
export function describe(summary: Summary): string[] {
  const { latency, memory, kick, problems } = summary;
  const rows: [string, string][] = [
    [
      "connected",
      `${number(summary.connected)} of ${number(summary.devices)}; the first time after ${seconds(summary.ramp)}`,
    ],
    ["readings/s", `${number(Math.round(summary.readingsPerSecond))}, over ${seconds(summary.duration)}`],
  ];
  if (latency) {
    const { p50, p90, p99, max } = latency;
    const text = [`p50 ${ms(p50)}`, `p90 ${ms(p90)}`, `p99 ${ms(p99)}`, `max ${ms(max)}`].join(", ");
    rows.push(["latency", `${text}, from the sample to its acknowledgement`]);
  }
  if (memory) {
    const { rss, heap, external } = memory;
    rows.push([
      "memory",
      `${kilobytes(rss)} for each device; of that V8's heap ${kilobytes(heap)}, buffers ${kilobytes(external)}`,
    ]);
  }
  if (kick) rows.push(...kickRows(kick));
  rows.push(
    ["taken", `${number(summary.taken)} readings, by what the nodes say`],
    ["arrived", `${number(summary.arrived)}, by what a subscriber saw; ${number(summary.late)} of them late`],
    ["repeated", `${number(summary.duplicates)} came again, as QoS 1 allows`],
  );
  if (summary.dropped > 0) rows.push(["dropped", `${number(summary.dropped)} for want of room`]);
  if (summary.unacknowledged > 0)
    rows.push(["waiting", `${number(summary.unacknowledged)} were never acknowledged`]);
  rows.push(["lost", number(summary.lost)]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
  if (kick) lines.push("", ...drawBins(kick));
  if (problems.length === 0) return [...lines, "", "nothing was lost"];
  const more = problems.length - SHOWN;
  return [
    ...lines,
    "",
    ...problems.slice(0, SHOWN),
    ...(more > 0 ? [`and ${number(more)} more (--log json has all)`] : []),
  ];
}

function kickRows({ away, until, attempts, connects, largestAttempts, largestConnects, share }: Kick) {
  const rows: [string, string][] = [
    [
      "kick",
      `all lost the broker, which was away for ${seconds(away)}; ${
        until === undefined ? "not all are back" : `all were back after ${seconds(until)}`
      }`,
    ],
    ["attempts", `${number(attempts)}, at most ${number(largestAttempts)} in any second`],
    [
      "connects",
      `${number(connects)}, at most ${number(largestConnects)} in any second: ${(share * 100).toFixed(1)} % of the fleet`,
    ],
  ];
  return rows;
}

export function number(value: number): string {
  return value.toLocaleString("en-US");
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}

export function ms(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)} ms`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

/** `1s`, as options have it. */
export const duration = formatDuration;
