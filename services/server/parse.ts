/** What a message says. Pure: nothing that arrives here is believed. */

import { ACTIONS } from "../../firmware/climate/thermostat.js";
import { QUANTITIES } from "../../firmware/codec/reading.js";
import { MODES } from "../../firmware/config.js";

export interface ReadingMessage {
  kind: "reading";
  base: string;
  /** Index in QUANTITIES. */
  quantity: number;
  value: number;
  /** ms since 1970 as the device says it; `undefined` where it does not. */
  time: number | undefined;
  epoch: number | undefined;
  seq: number | undefined;
  late: boolean;
}

export type ClimateField = "mode" | "target" | "action";

/** Scalars only. */
export type Diagnostics = Record<string, string | number | boolean | null>;

export type Message =
  | ReadingMessage
  | { kind: "status"; base: string; status: "online" | "offline" }
  | { kind: "diagnostics"; base: string; diagnostics: Diagnostics }
  | { kind: "climate"; base: string; field: ClimateField; value: string | number }
  | { kind: "reply"; base: string; id: string; outcome: "done" | "refused"; reason: string | undefined }
  /** Of a topic that means something, and not what it should be. */
  | { kind: "malformed" }
  /** Of no meaning to the server. */
  | { kind: "other" };

/** Longest payload that is looked at, bytes; diagnostics have some 600. */
export const PAYLOAD_LIMIT = 8_192;

/** Longest base, in UTF-16 units: a page has to show it. */
export const BASE_LIMIT = 200;

/** No physical quantity is larger; sums of them stay finite. */
const VALUE_LIMIT = 1e9;

const TEXT_LIMIT = 256;
const FIELD_LIMIT = 64;

/** What a name must not have: controls, line separators, what turns the direction of text, and what was no UTF-8. */
const UNSHOWABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufffd]/u;

const MALFORMED: Message = { kind: "malformed" };
const OTHER: Message = { kind: "other" };

export function parseMessage(topic: string, payload: Uint8Array): Message {
  const slash = topic.lastIndexOf("/");
  const last = topic.slice(slash + 1);
  if (slash <= 0) return OTHER;
  const isReply = topic.endsWith("/command/reply");
  const base = isReply ? topic.slice(0, -"/command/reply".length) : topic.slice(0, slash);
  const read = isReply ? parseReply : Object.hasOwn(READERS, last) ? READERS[last] : undefined;
  if (!read) return OTHER;
  if (!isBase(base) || payload.length > PAYLOAD_LIMIT) return MALFORMED;
  // An empty one takes back what was retained.
  if (payload.length === 0) return OTHER;
  return read(base, Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString("utf8"), last);
}

/** A name that can be stored and shown. */
export function isBase(base: string): boolean {
  return base !== "" && base.length <= BASE_LIMIT && !UNSHOWABLE.test(base);
}

type Reader = (base: string, text: string, last: string) => Message;

const READERS: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(QUANTITIES.map((name) => [name, parseReading])),
  history: parseReading,
  status: (base, text) =>
    text === "online" || text === "offline" ? { kind: "status", base, status: text } : MALFORMED,
  diagnostics: parseDiagnostics,
  mode: (base, text) =>
    MODES.includes(text) ? { kind: "climate", base, field: "mode", value: text } : MALFORMED,
  action: (base, text) =>
    ACTIONS.includes(text) ? { kind: "climate", base, field: "action", value: text } : MALFORMED,
  target: (base, text) =>
    /^-?\d{1,3}(\.\d{1,3})?$/.test(text)
      ? { kind: "climate", base, field: "target", value: Number(text) }
      : MALFORMED,
};

function parseReading(base: string, text: string, last: string): Message {
  const parsed = parseJSON(text);
  const ofTopic = QUANTITIES.indexOf(last);
  if (typeof parsed === "number") {
    if (ofTopic < 0 || !isValue(parsed)) return MALFORMED;
    const nothing = { time: undefined, epoch: undefined, seq: undefined, late: false };
    return { kind: "reading", base, quantity: ofTopic, value: parsed, ...nothing };
  }
  if (!isObject(parsed)) return MALFORMED;
  const quantity = ofTopic >= 0 ? ofTopic : quantityOf(parsed);
  const value = quantity === undefined ? undefined : parsed[QUANTITIES[quantity]];
  const { time, seq, epoch, late } = parsed;
  if (quantity === undefined || !isValue(value)) return MALFORMED;
  if (time !== undefined && !isFiniteNumber(time)) return MALFORMED;
  if (late !== undefined && typeof late !== "boolean") return MALFORMED;
  const rest = { time: time === undefined ? undefined : Math.floor(time), late: late === true };
  if (seq === undefined && epoch === undefined)
    return { kind: "reading", base, quantity, value, ...rest, epoch, seq };
  const isNumber = typeof seq === "number" && Number.isSafeInteger(seq) && seq >= 0;
  if (!isNumber || typeof epoch !== "string" || !/^[0-9a-f]{8}$/i.test(epoch)) return MALFORMED;
  return { kind: "reading", base, quantity, value, ...rest, epoch: Number.parseInt(epoch, 16), seq };
}

/** The one quantity that it has. */
function quantityOf(object: Record<string, unknown>): number | undefined {
  const found = QUANTITIES.filter((name) => Object.hasOwn(object, name));
  return found.length === 1 ? QUANTITIES.indexOf(found[0]) : undefined;
}

function parseDiagnostics(base: string, text: string): Message {
  const parsed = parseJSON(text);
  if (!isObject(parsed)) return MALFORMED;
  const diagnostics: Diagnostics = {};
  for (const [name, value] of Object.entries(parsed).slice(0, FIELD_LIMIT)) {
    if (name.length > FIELD_LIMIT) continue;
    if (typeof value === "string") diagnostics[name] = value.slice(0, TEXT_LIMIT);
    else if (value === null || typeof value === "boolean" || isFiniteNumber(value)) diagnostics[name] = value;
  }
  return { kind: "diagnostics", base, diagnostics };
}

function parseReply(base: string, text: string): Message {
  const parsed = parseJSON(text);
  if (!isObject(parsed)) return MALFORMED;
  const { id, outcome, reason } = parsed;
  if (outcome !== "done" && outcome !== "refused") return MALFORMED;
  // One that was sent as a plain text has no id, and is nobody's here.
  if (typeof id !== "string") return OTHER;
  return {
    kind: "reply",
    base,
    id,
    outcome,
    reason: typeof reason === "string" ? reason.slice(0, TEXT_LIMIT) : undefined,
  };
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isValue(value: unknown): value is number {
  return isFiniteNumber(value) && Math.abs(value) <= VALUE_LIMIT;
}
