/**
 * What the server says, checked: everything in it came from devices, so anything that is not as it should be is left
 * out, and never an error.
 */

export interface Value {
  value: number;
  /** Milliseconds since 1970: when it was measured, and when the server had it. */
  time: number;
  received: number;
}

export type Mode = "off" | "cool" | "heat" | "auto";
export const MODES: readonly Mode[] = ["off", "cool", "heat", "auto"];

export interface Climate {
  mode: Mode | null;
  /** °C. */
  target: number | null;
  /** `off`, `idle`, `cooling` or `heating`. */
  action: string | null;
}

export interface Device {
  base: string;
  status: "online" | "offline" | null;
  /** Milliseconds since 1970. */
  lastSeen: number | null;
  readings: ReadonlyMap<string, Value>;
  diagnostics: ReadonlyMap<string, string | number | boolean> | null;
  climate: Climate | null;
}

export interface Reading {
  base: string;
  quantity: string;
  time: number;
  value: number;
  late: boolean;
  /** It was shown at this time before; milliseconds since 1970. */
  was: number | null;
}

/** The server's link to the broker. */
export interface Broker {
  connected: boolean;
  reason: string | null;
}

/** A reading (count 1), or what a bucket has of them. */
export interface Row {
  /** Milliseconds since 1970: of the reading, or the bucket's start. */
  time: number;
  low: number;
  mean: number;
  high: number;
  count: number;
}

export interface History {
  /** Milliseconds; 0 where rows are readings. */
  bucket: number;
  rows: Row[];
}

/** The most fields of a device's diagnostics that are looked at. */
const FIELDS = 64;

export function deviceOf(json: unknown): Device | undefined {
  if (!isObject(json) || typeof json["base"] !== "string") return undefined;
  const { base, status, lastSeen, readings, diagnostics, climate } = json;
  return {
    base,
    status: status === "online" || status === "offline" ? status : null,
    lastSeen: numberOf(lastSeen),
    readings: readingsOf(readings),
    diagnostics: isObject(diagnostics) ? diagnosticsOf(diagnostics) : null,
    climate: isObject(climate) ? climateOf(climate) : null,
  };
}

export function devicesOf(json: unknown): Device[] {
  if (!Array.isArray(json)) return [];
  return json.map(deviceOf).filter((device) => device !== undefined);
}

export function readingOf(json: unknown): Reading | undefined {
  if (!isObject(json)) return undefined;
  const { base, quantity, late } = json;
  const time = numberOf(json["time"]);
  const value = numberOf(json["value"]);
  if (typeof base !== "string" || typeof quantity !== "string") return undefined;
  if (time === null || value === null) return undefined;
  return { base, quantity, time, value, late: late === true, was: numberOf(json["was"]) };
}

export function brokerOf(json: unknown): Broker | undefined {
  if (!isObject(json) || typeof json["connected"] !== "boolean") return undefined;
  const { connected, reason } = json;
  return { connected, reason: typeof reason === "string" ? reason : null };
}

export function historyOf(json: unknown): History {
  if (!isObject(json) || !Array.isArray(json["rows"])) return { bucket: 0, rows: [] };
  const bucket = Math.max(0, numberOf(json["bucket"]) ?? 0);
  const rows: Row[] = [];
  for (const cells of json["rows"] as unknown[]) {
    const row = Array.isArray(cells) ? rowOf(cells, bucket > 0) : undefined;
    if (row) rows.push(row);
  }
  rows.sort((a, b) => a.time - b.time);
  return { bucket, rows };
}

function rowOf(cells: readonly unknown[], bucketed: boolean): Row | undefined {
  const [time, first, second, third, fourth] = cells.map(numberOf);
  if (time === null || time === undefined) return undefined;
  if (!bucketed) return typeof first === "number" ? readingRow(time, first) : undefined;
  if (typeof first !== "number" || typeof second !== "number" || typeof third !== "number") return undefined;
  return { time, low: first, mean: second, high: third, count: fourth ?? 1 };
}

export function readingRow(time: number, value: number): Row {
  return { time, low: value, mean: value, high: value, count: 1 };
}

function readingsOf(json: unknown): Map<string, Value> {
  const readings = new Map<string, Value>();
  if (!isObject(json)) return readings;
  for (const [quantity, one] of Object.entries(json)) {
    if (!isObject(one)) continue;
    const value = numberOf(one["value"]);
    const received = numberOf(one["received"]) ?? numberOf(one["time"]);
    const time = numberOf(one["time"]) ?? received;
    if (value !== null && time !== null && received !== null)
      readings.set(quantity, { value, time, received });
  }
  return readings;
}

function diagnosticsOf(json: Record<string, unknown>): Map<string, string | number | boolean> {
  const fields = new Map<string, string | number | boolean>();
  for (const [name, value] of Object.entries(json)) {
    if (fields.size >= FIELDS) break;
    if (typeof value === "number" ? Number.isFinite(value) : ["string", "boolean"].includes(typeof value))
      fields.set(name, value as string | number | boolean);
  }
  return fields;
}

function climateOf(json: Record<string, unknown>): Climate {
  const { mode, target, action } = json;
  return {
    mode: MODES.find((one) => one === mode) ?? null,
    target: numberOf(target),
    action: typeof action === "string" ? action : null,
  };
}

function numberOf(json: unknown): number | null {
  return typeof json === "number" && Number.isFinite(json) ? json : null;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
