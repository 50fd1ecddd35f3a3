/** Questions to the server. Addresses are made from the origin: a relative one fails where the page's own has credentials. */

import { setByServer } from "./clock.js";
import { SECOND } from "./format.js";
import { type Outcome, outcomeOf } from "./outcome.js";
import { type Device, devicesOf, type History, historyOf } from "./wire.js";

/** A command is answered within 10 s, all else sooner. */
const PATIENCE = 20 * SECOND;

export function address(path: string, query: Readonly<Record<string, string | number>> = {}): string {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url.href;
}

async function ask(url: string, signal?: AbortSignal): Promise<unknown> {
  const limit = AbortSignal.timeout(PATIENCE);
  const response = await fetch(url, {
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    cache: "no-store",
  });
  setByServer(response.headers.get("date"));
  if (response.ok) return response.json();
  const { error } = (await response.json().catch(() => ({}))) as { error?: unknown };
  throw new Error(typeof error === "string" ? error : `the server says ${response.status}`);
}

export async function askDevices(): Promise<Device[]> {
  return devicesOf(await ask(address("/api/devices")));
}

export interface HistoryQuery {
  device: string;
  quantity: string;
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  points: number;
  /** Milliseconds; without it the server decides. */
  bucket?: number;
}

export async function askHistory(query: HistoryQuery, signal: AbortSignal): Promise<History> {
  return historyOf(await ask(address("/api/history", { ...query }), signal));
}

/** Sends a command and says what became of it; never throws. */
export async function sendCommand(base: string, command: string, value: string | number): Promise<Outcome> {
  try {
    const response = await fetch(address("/api/command"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ base, command, value }),
      signal: AbortSignal.timeout(PATIENCE),
    });
    return outcomeOf(response.status, await response.json().catch(() => undefined));
  } catch {
    return { kind: "unsent", reason: "the server cannot be reached, so nobody knows whether it arrived" };
  }
}
