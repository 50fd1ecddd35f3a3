/** What a line means. Pure. */

import { QUANTITIES, QUANTITY_COUNT, type Quantity } from "../../firmware/codec/reading.js";
import { rangeOf } from "../../firmware/pipeline/pipeline.js";
import { LineParser } from "../../firmware/sensors/line.js";
import { nameProblem } from "./device-name.js";

export interface Value {
  quantity: Quantity;
  /** Degrees Celsius, percent, pascal. */
  value: number;
}

/** What a device says of when it took a reading. */
export interface Stamp {
  /** Milliseconds since 1970. */
  time?: number;
  /** Milliseconds since its start, where its clock is not set. */
  uptime?: number;
  /** Its restarts counted. */
  boot?: number;
}

/** The device's own number of a reading. */
export interface OwnNumber {
  seq: number;
  /** Eight hexadecimal digits. */
  epoch: string;
}

export type Message =
  | {
      kind: "readings";
      device: string | undefined;
      values: readonly Value[];
      stamp: Stamp;
      number: OwnNumber | undefined;
      late: boolean;
    }
  /** From now on commands for this device may come on this connection. */
  | { kind: "commands"; device: string | undefined }
  | { kind: "reply"; device: string | undefined; id: string; payload: string }
  /** Text that is none of these. */
  | { kind: "text" }
  /** It wanted to be something, and is not; or it cannot be text. */
  | { kind: "refused"; reason: string };

/** What a part may have measured: a PT100's range, as for a device's own serial port. */
const TEMPERATURES = { minimum: -200, maximum: 850 };

const UNITS = ["°C", "%", "Pa"];

/** The last millisecond that a Date can say. */
const TIME_LIMIT = 8.64e15;

const REPLY_LIMIT = 500;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const parser = new LineParser();

export function messageOf(line: Uint8Array): Message {
  let text: string;
  try {
    text = decoder.decode(line);
  } catch {
    return refused("the line is not UTF-8");
  }
  if (/^[ \t]*\{/.test(text)) return ofJSON(text, line);
  if (!parser.parse(line, line.length)) return { kind: "text" };
  return readings({}, parsedValues());
}

function ofJSON(text: string, line: Uint8Array): Message {
  let object: Record<string, unknown>;
  try {
    object = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return refused("this is not whole JSON");
  }
  const device = object["device"];
  if (device !== undefined && typeof device !== "string") return refused('"device" is not text');
  const problem = device === undefined ? undefined : nameProblem(device);
  if (problem !== undefined) return refused(problem);
  if (object["outcome"] !== undefined) return replyOf(object, device);
  if (object["commands"] === true) return { kind: "commands", device };
  if (!parser.parse(line, line.length))
    return refused(`no reading in it: ${QUANTITIES.map((name) => `"${name}"`).join(", ")} with a number`);
  return readings(object, parsedValues());
}

function replyOf(object: Record<string, unknown>, device: string | undefined): Message {
  const { id, outcome, reason } = object;
  if (typeof id !== "string" || typeof outcome !== "string") return refused('"id" or "outcome" is not text');
  if (reason !== undefined && typeof reason !== "string") return refused('"reason" is not text');
  if (Buffer.byteLength(outcome) + Buffer.byteLength(reason ?? "") > REPLY_LIMIT)
    return refused(`"outcome" and "reason" have more than ${REPLY_LIMIT} bytes`);
  return { kind: "reply", device, id, payload: JSON.stringify({ id, outcome, reason }) };
}

function parsedValues(): Value[] {
  const values: Value[] = [];
  for (let quantity: Quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
    const value = parser.values[quantity];
    if (!Number.isNaN(value)) values.push({ quantity, value });
  }
  return values;
}

function readings(object: Record<string, unknown>, values: readonly Value[]): Message {
  for (const { quantity, value } of values) {
    const { minimum, maximum } = rangeOf(quantity, TEMPERATURES);
    if (!(value >= minimum && value <= maximum))
      return refused(
        `a ${QUANTITIES[quantity]} of ${value} ${UNITS[quantity]} cannot be: ${minimum} to ${maximum}`,
      );
  }
  const { time, uptime, boot, seq, epoch, late, device } = object;
  const stamp: Stamp = {};
  if (time !== undefined) {
    if (!isCount(time) || time > TIME_LIMIT) return refused('"time" is not in milliseconds since 1970');
    stamp.time = time;
  } else if (uptime !== undefined) {
    if (!isCount(uptime)) return refused('"uptime" is not in milliseconds');
    stamp.uptime = uptime;
    if (boot !== undefined) {
      if (!isCount(boot)) return refused('"boot" is not a whole number');
      stamp.boot = boot;
    }
  }
  if (late !== undefined && typeof late !== "boolean") return refused('"late" is neither true nor false');
  let number: OwnNumber | undefined;
  if (epoch !== undefined) {
    if (!isCount(seq)) return refused('"epoch" without a whole "seq"');
    if (typeof epoch !== "string" || !/^[0-9a-f]{8}$/.test(epoch))
      return refused('"epoch" is not eight hexadecimal digits');
    // (device, epoch, seq) is unique.
    if (values.length > 1) return refused('a line with "seq" and "epoch" has one value');
    number = { seq, epoch };
  }
  return {
    kind: "readings",
    device: device as string | undefined,
    values,
    stamp,
    number,
    late: late === true,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function refused(reason: string): Message {
  return { kind: "refused", reason };
}

/** A reading as it is published: the contract's JSON, without the device, which is in the topic. */
export function readingText({ quantity, value }: Value, stamp: Stamp, { seq, epoch }: OwnNumber): string {
  return JSON.stringify({ [QUANTITIES[quantity]]: value, ...stamp, seq, epoch });
}

/** The same where it waited. */
export function lateText(text: string): string {
  return `${text.slice(0, -1)},"late":true}`;
}
