/** What is done with a command that came for a device. Pure. */

import type { Route } from "./devices.js";

export interface Command {
  device: string;
  payload: Uint8Array;
  retained: boolean;
}

const ID_LIMIT = 64;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Passes a command on to a device that is known here.
 * @param now milliseconds since 1970
 * @returns the reply that refuses it, as JSON; `undefined` where the device has it
 */
export function passOn(
  command: Command,
  route: Route | undefined,
  now: number,
  limit: number,
): string | undefined {
  const { device, payload, retained } = command;
  if (payload.length > limit) return refusal(null, `the command has more than ${limit} bytes`);
  let object: Record<string, unknown> | null;
  try {
    object = JSON.parse(decoder.decode(payload)) as Record<string, unknown> | null;
  } catch {
    return refusal(null, "the command is not JSON");
  }
  const id = object?.["id"];
  if (object === null || typeof id !== "string" || id.length < 1 || id.length > ID_LIMIT)
    return refusal(null, `"id" is not text of 1 to ${ID_LIMIT} characters`);
  if (retained) return refusal(id, "the command was retained");
  const { time, ttl } = object;
  if (time !== undefined && !Number.isFinite(time)) return refusal(id, '"time" is not a number');
  if (ttl !== undefined && !(Number.isFinite(ttl) && time !== undefined))
    return refusal(id, '"ttl" is not a number, or without "time"');
  if (ttl !== undefined && now > (time as number) + (ttl as number) * 1_000)
    return refusal(id, "the command has expired");
  if (!route) return refusal(id, "the device is not connected to the gateway");
  if (!route.takesCommands(device)) return refusal(id, "the device has not asked the gateway for commands");
  // On one line, whatever white space it came with.
  if (!route.sendCommand(device, id, JSON.stringify(object))) return refusal(id, "the device does not read");
  return undefined;
}

function refusal(id: string | null, reason: string): string {
  return JSON.stringify({ id, outcome: "refused", reason });
}
