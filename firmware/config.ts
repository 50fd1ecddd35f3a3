/**
 * Every setting of a node: default, unit, range and reason, in this one place. A setting comes from the image
 * (`mcconfig ... ssid=...`), the device's storage or the command line, as text or as the type it has here.
 */

import { formatDuration, parseDuration } from "./codec/duration.js";
import { type Endpoint, parseBroker, parseHostPort } from "./codec/endpoint.js";
import { utf8Length } from "./codec/utf8.js";

/** The values of all settings, checked. */
export interface Settings {
  ssid: string;
  password: string;
  broker: string;
  server: string;
  topic: string;
  id: string;
  sensor: string;
  uart: string;
  baud: number;
  receive: number;
  data: number;
  clock: number;
  address: number;
  probe: string;
  interval: number;
  sampling: number;
  heartbeat: number;
  deadband: number;
  offset: number;
  twopoint: string;
  median: number;
  smoothing: number;
  payload: string;
  keepalive: number;
  window: number;
  queue: number;
  spread: number;
  diagnostics: number;
}

export const enum Kind {
  /** Any text of `minimum` to `maximum` bytes. */
  TEXT,
  /** Text that is never shown. */
  SECRET,
  /** One of `words`. */
  WORD,
  INTEGER,
  NUMBER,
  /** Whole milliseconds; as text also `10s`, `5m`. */
  DURATION,
  /** `mqtt[s]://[user[:password]@]host[:port]`, or nothing. */
  BROKER,
  /** `host:port`, or nothing. */
  SERVER,
  /** A topic name without wildcards, without `/` at either end. */
  TOPIC,
  /** Four numbers: raw, reference, raw, reference; or nothing. */
  POINTS,
}

export interface Setting {
  readonly name: keyof Settings;
  readonly kind: Kind;
  readonly default: string | number;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  readonly words?: readonly string[];
  /** What it is, and why the default and the range are what they are. */
  readonly reason: string;
}

const DAY = 86_400_000;

function setting(
  name: keyof Settings,
  kind: Kind,
  value: string | number,
  minimum: number,
  maximum: number,
  unit: string,
  reason: string,
  words?: readonly string[],
): Setting {
  // Frozen, it stays in the ESP32's flash.
  return Object.freeze(
    words === undefined
      ? { name, kind, default: value, minimum, maximum, unit, reason }
      : { name, kind, default: value, minimum, maximum, unit, reason, words: Object.freeze(words) },
  );
}

export const SETTINGS: readonly Setting[] = Object.freeze([
  setting("ssid", Kind.TEXT, "", 0, 32, "bytes", "name of the Wi-Fi network; IEEE 802.11 allows 32 bytes"),
  setting(
    "password",
    Kind.SECRET,
    "",
    8,
    64,
    "bytes",
    "its password; WPA2 allows 8 to 63 characters or 64 hexadecimal digits, an open network has none",
  ),
  setting("broker", Kind.BROKER, "", 0, 512, "", "the MQTT broker; without it readings are taken and wait"),
  setting(
    "server",
    Kind.SERVER,
    "",
    0,
    260,
    "",
    "a TCP server that gets each reading as a line of text; off by default",
  ),
  setting(
    "topic",
    Kind.TOPIC,
    "home/livingroom",
    1,
    128,
    "bytes",
    "base of the device's topics; no two devices share one",
  ),
  setting(
    "id",
    Kind.TEXT,
    "",
    0,
    64,
    "bytes",
    "MQTT client id; by default hearth- and the MAC address, which is unique",
  ),
  setting("sensor", Kind.WORD, "", 0, 0, "", "what measures; by default the first that the board has"),
  setting(
    "uart",
    Kind.TEXT,
    "",
    0,
    128,
    "bytes",
    "serial port: a device file, or on the ESP32 the UART's number (by default 1: 0 is the console)",
  ),
  setting(
    "baud",
    Kind.INTEGER,
    9600,
    1200,
    2_000_000,
    "bit/s",
    "speed of the serial port; 9600 is what most sensor modules use",
  ),
  setting(
    "receive",
    Kind.INTEGER,
    16,
    0,
    48,
    "GPIO",
    "pin that receives from the serial sensor (ESP32); 16 is free on ESP32-WROOM boards",
  ),
  setting(
    "data",
    Kind.INTEGER,
    21,
    0,
    48,
    "GPIO",
    "SDA pin of the I2C bus (ESP32); 21 is the usual one on ESP32 boards",
  ),
  setting(
    "clock",
    Kind.INTEGER,
    22,
    0,
    48,
    "GPIO",
    "SCL pin of the I2C bus (ESP32); 22 is the usual one on ESP32 boards",
  ),
  setting(
    "address",
    Kind.INTEGER,
    0,
    0,
    0x77,
    "",
    "7-bit I2C address of the sensor; 0 takes the part's usual one",
  ),
  setting(
    "probe",
    Kind.WORD,
    "any",
    0,
    0,
    "",
    "what is behind the serial port; of a DS18B20 85 °C and -127 °C are refused",
    ["any", "ds18b20"],
  ),
  setting(
    "interval",
    Kind.DURATION,
    5_000,
    0,
    DAY,
    "ms",
    "time between readings; 0 reports every value the sensor gives",
  ),
  setting(
    "sampling",
    Kind.DURATION,
    0,
    0,
    DAY,
    "ms",
    "time between samples that feed the filters; 0 is the interval, never below the part's own pace",
  ),
  setting(
    "heartbeat",
    Kind.DURATION,
    0,
    0,
    DAY,
    "ms",
    "with a deadband: an unchanged value is reported this often all the same; 0 is never",
  ),
  setting(
    "deadband",
    Kind.NUMBER,
    0,
    0,
    100,
    "°C",
    "a temperature is reported only when it differs this much from the last; 0 is off",
  ),
  setting(
    "offset",
    Kind.NUMBER,
    0,
    -50,
    50,
    "°C",
    "added to each temperature; a sensor further off than 50 °C is broken",
  ),
  setting(
    "twopoint",
    Kind.POINTS,
    "",
    0,
    0,
    "°C",
    "two-point calibration: raw, reference, raw, reference, as 0.4,0,41.1,40; before the offset",
  ),
  setting(
    "median",
    Kind.INTEGER,
    0,
    0,
    31,
    "samples",
    "window of the median filter, which takes out spikes; 0 is off, 5 is a good start",
  ),
  setting(
    "smoothing",
    Kind.NUMBER,
    0,
    0,
    1,
    "",
    "weight of a new value in exponential smoothing; 0 is off, 0.2 is a good start",
  ),
  setting(
    "payload",
    Kind.WORD,
    "json",
    0,
    0,
    "",
    "form of a reading: json has its time and number, plain is the number alone",
    ["json", "plain"],
  ),
  setting(
    "keepalive",
    Kind.DURATION,
    30_000,
    5_000,
    65_535_000,
    "ms",
    "MQTT keep-alive: a dead connection is found within this time; each costs a packet of 2 bytes",
  ),
  setting(
    "window",
    Kind.INTEGER,
    8,
    1,
    64,
    "messages",
    "readings sent and not yet acknowledged; brokers accept at least 10 (Mosquitto: 20)",
  ),
  setting(
    "queue",
    Kind.INTEGER,
    128,
    16,
    4096,
    "readings",
    "readings kept while the broker is away, 26 bytes each; then the oldest is dropped and counted",
  ),
  setting(
    "spread",
    Kind.DURATION,
    1_000,
    0,
    600_000,
    "ms",
    "the first connection is opened at a random time within this; widen it in a fleet on one power switch",
  ),
  setting(
    "diagnostics",
    Kind.DURATION,
    60_000,
    0,
    DAY,
    "ms",
    "time between messages to <topic>/diagnostics; 0 is off",
  ),
]);

/**
 * Checks what came from outside. A setting that is missing or wrong has its default.
 *
 * @param raw values by name; other properties are not looked at
 * @param sensors the sensors that the board has, the default first
 * @param problems gets a line for each setting that is wrong: its name, the value, what is allowed
 */
export function readSettings(
  raw: Readonly<Record<string, unknown>>,
  sensors: readonly string[],
  problems: string[],
): Settings {
  const settings: Record<string, string | number> = {};
  for (let i = 0; i < SETTINGS.length; i++) {
    let entry = SETTINGS[i];
    if (entry.name === "sensor") entry = { ...entry, default: sensors[0], words: sensors };
    const given = raw[entry.name];
    let value: string | number | undefined = entry.default;
    if (given !== undefined && given !== "") {
      value = check(entry, given);
      if (value === undefined) {
        problems.push(`setting "${entry.name}" is ${show(entry, given)}: allowed is ${allowed(entry)}`);
        value = entry.default;
      }
    }
    settings[entry.name] = value;
  }
  return settings as unknown as Settings;
}

/** Whether `value` is allowed for the setting. */
export function isAllowed(name: keyof Settings, value: unknown): boolean {
  const entry = SETTINGS.find((candidate) => candidate.name === name);
  return entry !== undefined && check(entry, value) !== undefined;
}

/** The value in the setting's own type, or `undefined` where it is not allowed. */
function check(entry: Setting, given: unknown): string | number | undefined {
  const { kind, minimum, maximum } = entry;
  if (kind === Kind.INTEGER || kind === Kind.NUMBER || kind === Kind.DURATION) {
    let value: number | undefined;
    if (typeof given === "number") value = given;
    else if (typeof given === "string" && given.trim() !== "") {
      value = kind === Kind.DURATION ? parseDuration(given) : Number(given);
    }
    if (value === undefined || !(value >= minimum && value <= maximum)) return undefined;
    return kind === Kind.NUMBER || value === Math.floor(value) ? value : undefined;
  }
  // `mcconfig uart=1` and the like: a number is as good as its text.
  const text = typeof given === "number" ? String(given) : given;
  if (typeof text !== "string") return undefined;
  switch (kind) {
    case Kind.WORD:
      return entry.words?.includes(text) ? text : undefined;
    case Kind.BROKER:
      return text.length <= maximum && parseBroker(text) ? text : undefined;
    case Kind.SERVER:
      return parseHostPort(text) ? text : undefined;
    case Kind.POINTS:
      return parsePoints(text) ? text : undefined;
    default: {
      const length = utf8Length(text);
      if (length < minimum || length > maximum || text.indexOf("\0") >= 0) return undefined;
      return kind === Kind.TOPIC && !isTopicBase(text) ? undefined : text;
    }
  }
}

function isTopicBase(text: string): boolean {
  return (
    text.indexOf("+") < 0 &&
    text.indexOf("#") < 0 &&
    !text.startsWith("/") &&
    !text.endsWith("/") &&
    !text.startsWith("$") // reserved for the broker, section 4.7.2
  );
}

function show(entry: Setting, given: unknown): string {
  const text = typeof given === "string" ? given : String(given);
  // An @ may be that of a broker's URL in the wrong place.
  if (entry.kind === Kind.SECRET || entry.kind === Kind.BROKER || text.indexOf("@") >= 0) {
    return "not valid (it may hold a secret and is not shown)";
  }
  // As JSON has it: a line end in the value does not make two lines of one.
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** What a setting may be, for a person. */
export function allowed(entry: Setting): string {
  const { kind, minimum, maximum, unit } = entry;
  switch (kind) {
    case Kind.WORD:
      return entry.words?.join(", ") ?? "one of the board's sensors";
    case Kind.INTEGER:
      return `a whole number from ${minimum} to ${maximum}${unit && ` (${unit})`}`;
    case Kind.NUMBER:
      return `a number from ${minimum} to ${maximum}${unit && ` (${unit})`}`;
    case Kind.DURATION:
      return `a duration from ${formatDuration(minimum)} to ${formatDuration(maximum)}, such as 500ms, 10s or 5m`;
    case Kind.BROKER:
      return "mqtt://host, mqtts://host or mqtt://user:password@host:port";
    case Kind.SERVER:
      return "host:port";
    case Kind.TOPIC:
      return `a topic of ${minimum} to ${maximum} bytes without + and #, not beginning with $, no / at either end`;
    case Kind.POINTS:
      return "four numbers raw,reference,raw,reference with raw values at least 0.1 apart";
    default:
      return `${minimum} to ${maximum} bytes of text`;
  }
}

/** The four numbers of a two-point calibration. */
export function parsePoints(text: string): [number, number, number, number] | undefined {
  const parts = text.split(",");
  if (parts.length !== 4) return undefined;
  const points: number[] = [];
  for (let i = 0; i < 4; i++) {
    const value = Number(parts[i]);
    if (parts[i].trim() === "" || !(value > -1000 && value < 1000)) return undefined;
    points.push(value);
  }
  // Two points nearer than this say nothing about a gain.
  return Math.abs(points[0] - points[2]) < 0.1 ? undefined : (points as [number, number, number, number]);
}

/** The broker of checked settings; `undefined` where there is none. */
export function brokerOf(settings: Settings): Endpoint | undefined {
  return settings.broker === "" ? undefined : parseBroker(settings.broker);
}
