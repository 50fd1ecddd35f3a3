/** What a device says at `<base>/update/state`. Pure: nothing that arrives here is believed. */

import { STATES } from "../../firmware/update/state.js";

export type State = (typeof STATES)[number];

export interface DeviceState {
  readonly state: State;
  /** What it runs. */
  readonly version: string;
  /** Of the manifest that this is about. */
  readonly manifest?: string;
  /** The manifest's version. */
  readonly update?: string;
  /** Bytes that it has of the image, and all of them. */
  readonly done?: number;
  readonly size?: number;
  readonly reason?: string;
}

/** Longest payload that is looked at, bytes. */
const PAYLOAD_LIMIT = 4_096;

const TEXT_LIMIT = 256;

/** @returns `undefined` where it is no such state */
export function parseState(payload: Uint8Array): DeviceState | undefined {
  if (payload.length > PAYLOAD_LIMIT) return undefined;
  let parsed: Record<string, unknown> | null;
  try {
    parsed = JSON.parse(Buffer.from(payload).toString("utf8")) as typeof parsed;
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { state, version, manifest, update, done, size, reason } = parsed;
  if (!isState(state) || typeof version !== "string") return undefined;
  return {
    state,
    version: version.slice(0, TEXT_LIMIT),
    ...texts({ manifest, update, reason }),
    ...(isCount(done) && isCount(size) && done <= size && { done, size }),
  };
}

function isState(value: unknown): value is State {
  return STATES.includes(value as State);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function texts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(values))
    if (typeof value === "string" && value !== "") result[name] = value.slice(0, TEXT_LIMIT);
  return result;
}
