/** How a device is: what its card says at a glance, and what it says when asked. Pure. */

import { formatAge, formatBytes, formatNumber, formatSpan, MINUTE, SECOND } from "./format.js";
import { visible } from "./names.js";
import type { Device, Value } from "./wire.js";

export type State = "online" | "offline" | "quiet" | "unknown";

export interface Health {
  state: State;
  label: string;
}

/** Without a known pace, readings that are older are stale. Milliseconds. */
const STALE = 15 * MINUTE;

/** Readings are stale after so many usual intervals, and never sooner than that many milliseconds. */
const INTERVALS = 5;
const STALE_LEAST = 30 * SECOND;

/** A server's clock and a device's may differ by this; a reading that says it is from later than that is dated by its arrival. */
const AHEAD = 5 * SECOND;

/** When a value is from. */
export function momentOf(value: Value): number {
  return value.time > value.received + AHEAD ? value.received : value.time;
}

/** The newest of a device's readings. */
export function newest(device: Device): number | undefined {
  let latest: number | undefined;
  for (const value of device.readings.values()) {
    const moment = momentOf(value);
    if (latest === undefined || moment > latest) latest = moment;
  }
  return latest;
}

/**
 * @param usual milliseconds between its readings, where that is known
 * @param connected whether the server is there; without it nothing is known
 */
export function healthOf(device: Device, now: number, usual: number | undefined, connected: boolean): Health {
  if (!connected) return { state: "unknown", label: "Last known" };
  if (device.status === "offline") return { state: "offline", label: "Offline" };
  const latest = newest(device);
  const limit = usual === undefined ? STALE : Math.max(STALE_LEAST, INTERVALS * usual);
  if (latest !== undefined && now - latest > limit)
    return { state: "quiet", label: `Quiet for ${formatSpan(now - latest)}` };
  if (device.status === "online") return { state: "online", label: "Online" };
  return latest === undefined
    ? { state: "unknown", label: "No word yet" }
    : { state: "online", label: "Reporting" };
}

export interface Notice {
  text: string;
  serious: boolean;
}

/** dBm below which a Wi-Fi link loses packets. */
const WEAK = -80;

/** What somebody should look at. Nothing where all is well. */
export function noticesOf(device: Device): Notice[] {
  const notices: Notice[] = [];
  const { diagnostics } = device;
  if (!diagnostics) return notices;
  const count = (name: string) => {
    const value = diagnostics.get(name);
    return typeof value === "number" ? value : 0;
  };
  const add = (serious: boolean, text: string) => notices.push({ serious, text });
  if (diagnostics.get("mode") === "safe") add(true, "Safe mode: its sensor is not opened");
  if (count("dropped") > 0) add(true, `${formatNumber(count("dropped"), 0)} readings lost for want of room`);
  if (count("evictions") > 0) add(true, "Another device may have its client id");
  if (count("stalls") > 0) add(true, `Restarted ${formatNumber(count("stalls"), 0)} × for a silent sensor`);
  if (count("waiting") > 0) add(false, `${formatNumber(count("waiting"), 0)} readings wait`);
  if (count("sensorErrors") > 0) add(false, `${formatNumber(count("sensorErrors"), 0)} sensor errors`);
  const update = updateNotice(diagnostics.get("update"), diagnostics.get("updatereason"));
  if (update) notices.push(update);
  const signal = diagnostics.get("signal");
  if (typeof signal === "number" && signal < WEAK) add(false, `Weak Wi-Fi, ${formatNumber(signal, 0)} dBm`);
  return notices;
}

/** States of an update that has ended badly. */
const ENDED_BADLY: readonly unknown[] = ["refused", "failed", "reverted"];

/** States of one that is under way, with what the device does. */
const UNDER_WAY: ReadonlyMap<unknown, string> = new Map([
  ["waiting", "waits"],
  ["downloading", "comes"],
  ["verifying", "is verified"],
  ["restarting", "restarts the device"],
  ["trial", "runs on trial"],
]);

function updateNotice(state: unknown, reason: unknown): Notice | undefined {
  const why = typeof reason === "string" && reason !== "" ? `: ${visible(reason)}` : "";
  if (ENDED_BADLY.includes(state)) return { serious: true, text: `Update ${state as string}${why}` };
  const doing = UNDER_WAY.get(state);
  return doing === undefined ? undefined : { serious: false, text: `Update ${doing}${why}` };
}

const LABELS: ReadonlyMap<string, string> = new Map([
  ["uptime", "Running for"],
  ["boot", "Starts"],
  ["version", "Firmware"],
  ["update", "Last update"],
  ["updatereason", "Why"],
  ["mode", "Mode"],
  ["reset", "Started after"],
  ["unwell", "Starts that went badly"],
  ["stalls", "Restarts for a silent sensor"],
  ["free", "Free memory"],
  ["signal", "Wi-Fi signal"],
  ["waiting", "Readings waiting"],
  ["dropped", "Readings lost for want of room"],
  ["serverDropped", "Lost on the way to the raw server"],
  ["rejected", "Values refused"],
  ["malformed", "Lines that were no reading"],
  ["sensorErrors", "Sensor errors"],
  ["reconnects", "Reconnections"],
  ["evictions", "Evicted by the broker"],
  ["unconfirmed", "Messages without an answer"],
]);

/** Everything that is known, as label and value. */
export function detailsOf(device: Device, now: number): [label: string, value: string][] {
  const rows: [string, string][] = [];
  if (device.lastSeen !== null) rows.push(["Last seen", formatAge(now - device.lastSeen)]);
  for (const [name, value] of device.diagnostics ?? [])
    rows.push([LABELS.get(name) ?? visible(name, 40), detail(name, value)]);
  return rows;
}

function detail(name: string, value: string | number | boolean): string {
  if (typeof value !== "number") return visible(String(value), 80);
  if (name === "uptime") return formatSpan(value);
  if (name === "free") return formatBytes(value);
  if (name === "signal") return `${formatNumber(value, 0)} dBm`;
  return formatNumber(value, Number.isInteger(value) ? 0 : 2);
}
