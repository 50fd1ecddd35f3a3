/** A command as it arrives on `<base>/command`, from bytes: pure. The contract is the README's "Commands". */

import { readUTF8 } from "../codec/utf8.js";

/** The fields of a command's JSON object. Only `id` and `command` are checked; the others are whoever's who takes it. */
export interface Command {
  readonly id: string;
  readonly command: string;
  readonly [field: string]: unknown;
}

/** Why a payload is no command, with its id where that could be read. */
export interface Malformed {
  readonly id: string | null;
  readonly reason: string;
}

/**
 * Fields that commands have. XS keeps the name of each property that was ever made, for ever (it is built without
 * collection of keys), but its parser makes only those that a list in place of the reviver has; other engines ignore the
 * list. So what is no field of a command costs no memory.
 */
const FIELDS: readonly string[] = Object.freeze([
  "id",
  "command",
  "time",
  "ttl",
  "value",
  "offset",
  "twopoint",
]);

/** Characters of an id. */
const ID_LIMIT = 64;

/** Objects within objects: a command has one. The parser recurses, and a device's stack is small. */
const DEPTH_LIMIT = 4;

/** Who sends a command wants an answer, and gives up waiting for it within a day. */
const TTL_LIMIT = 86_400;

/** Milliseconds by which the clocks of device and sender may differ. */
const SKEW = 30_000;

export function parseCommand(payload: Uint8Array): Command | Malformed {
  const text = readUTF8(payload, 0, payload.length);
  if (text === undefined) return { id: null, reason: "the command is not UTF-8" };
  const value = parseJSON(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { id: null, reason: "the command is not a JSON object" };
  const { id, command } = value as { id?: unknown; command?: unknown };
  if (typeof id !== "string" || id.length < 1 || id.length > ID_LIMIT || !isText(id))
    return { id: null, reason: `"id" is missing: allowed is text of 1 to ${ID_LIMIT} characters` };
  if (typeof command !== "string") return { id, reason: '"command" is missing' };
  return value as Command;
}

export function isMalformed(parsed: Command | Malformed): parsed is Malformed {
  return "reason" in parsed && !("command" in parsed);
}

/**
 * Whether a command still holds, by its `time` (milliseconds since 1970) and its `ttl` (seconds).
 * @param now milliseconds since 1970, `undefined` while the clock is not set
 * @param needsTime the command acts on the world: one without a time to live is not obeyed
 * @returns why it does not hold; `undefined` where it does
 */
export function staleness(command: Command, now: number | undefined, needsTime: boolean): string | undefined {
  const { time, ttl } = command;
  if (time === undefined && ttl === undefined)
    return needsTime ? '"time" and "ttl" are missing: this command is obeyed for a while only' : undefined;
  if (typeof ttl !== "number" || !(ttl >= 1 && ttl <= TTL_LIMIT))
    return `"ttl" is not a number of seconds from 1 to ${TTL_LIMIT}`;
  if (typeof time !== "number" || !(time >= 0)) return '"time" is not milliseconds since 1970';
  if (now === undefined)
    return "the device's clock is not set yet: it cannot tell whether this is an old one";
  const age = now - time;
  if (age > ttl * 1_000) return "expired";
  return age < -SKEW ? `its time is ${Math.round(-age / 1_000)} s ahead of the device's clock` : undefined;
}

function parseJSON(text: string): unknown {
  if (depthOf(text) > DEPTH_LIMIT) return undefined;
  try {
    return JSON.parse(text, FIELDS as unknown as undefined);
  } catch {
    return undefined;
  }
}

/**
 * Whether it can be written, kept and compared everywhere: no control characters, of which one ends a string of NVS, and no
 * half of a surrogate pair, which UTF-8 does not have.
 */
function isText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f || isSecondHalf(unit)) return false;
    if (isFirstHalf(unit) && !isSecondHalf(text.charCodeAt(++i))) return false;
  }
  return true;
}

/** Of a surrogate pair. XS has characters beyond 16 bits whole: no mask does. */
export function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isSecondHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** How deep brackets are nested, those in strings left out; of what is no JSON, some number. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (isString) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) isString = false;
    } else if (unit === 0x22) isString = true;
    else if (unit === 0x7b || unit === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (unit === 0x7d || unit === 0x5d) depth -= 1;
  }
  return deepest;
}
