/** Settings checked: text from outside in, values of the right type out, and a clear line for what is wrong. */

import { NTP_PORT } from "./clock/ntp.js";
import { formatDuration, parseDuration } from "./codec/duration.js";
import { type Endpoint, parseBroker, parseHostPort, parseHosts } from "./codec/endpoint.js";
import { parsePublicKey } from "./codec/p256.js";
import { Content, contentOf, derOf } from "./codec/pem.js";
import { parsePin } from "./codec/pin.js";
import { utf8Length } from "./codec/utf8.js";
import { Kind, SETTINGS, type Setting, type Settings } from "./config.js";

/** Base of an air conditioner's topics. */
const CLIMATE_TOPIC = "home/livingroom/climate";

/** Instead of a list of servers: none. */
const OFF = "off";

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
    // No two devices share a base: the air conditioner's is below its room's.
    if (entry.name === "topic" && raw["device"] === "climate") entry = { ...entry, default: CLIMATE_TOPIC };
    const given = raw[entry.name];
    let value: string | number | undefined = entry.default;
    if (given !== undefined && given !== "") {
      value = check(entry, given);
      if (value === undefined) {
        problems.push(problemOf(entry, given));
        value = entry.default;
      }
    }
    settings[entry.name] = value;
  }
  return settings as unknown as Settings;
}

/** What is wrong with a value, in one line; `undefined` where it is allowed. */
export function problemWith(name: keyof Settings, value: unknown): string | undefined {
  const entry = entryOf(name);
  return check(entry, value) === undefined ? problemOf(entry, value) : undefined;
}

/** Whether a setting may have this value; empty text is none at all where the setting has no default. */
export function isAllowed(name: keyof Settings, value: unknown): boolean {
  const entry = entryOf(name);
  return value === "" ? entry.default === "" : check(entry, value) !== undefined;
}

/** What a setting may be, in words. */
export function allowedFor(name: keyof Settings): string {
  return allowed(entryOf(name));
}

/** The value of one setting that came from outside: its default where it is missing or wrong. */
export function checkedValue<Name extends keyof Settings>(name: Name, given: unknown): Settings[Name] {
  const entry = entryOf(name);
  const value = given === undefined || given === "" ? undefined : check(entry, given);
  return (value ?? entry.default) as Settings[Name];
}

function entryOf(name: keyof Settings): Setting {
  return SETTINGS.find((candidate) => candidate.name === name) as Setting;
}

function problemOf(entry: Setting, given: unknown): string {
  return `setting "${entry.name}" is ${show(entry, given)}: allowed is ${allowed(entry)}`;
}

/** The value in the setting's own type, or `undefined` where it is not allowed. */
function check(entry: Setting, given: unknown): string | number | undefined {
  const { kind, minimum, maximum } = entry;
  if (isNumeric(kind)) {
    let value: number | undefined;
    if (typeof given === "number") value = given;
    else if (typeof given === "string" && given.trim() !== "") {
      value = kind === Kind.DURATION ? parseDuration(given) : Number(given);
    }
    if (value === undefined || !(value >= minimum && value <= maximum)) return undefined;
    if (kind === Kind.NUMBER) return value;
    return (kind === Kind.TENTHS ? isTenths(value) : value === Math.floor(value)) ? value : undefined;
  }
  // `mcconfig uart=1` and the like: a number is as good as its text.
  const text = typeof given === "number" ? String(given) : given;
  if (typeof text !== "string") return undefined;
  switch (kind) {
    case Kind.WORD:
      return entry.words?.includes(text) ? text : undefined;
    case Kind.BROKER:
      return text.length <= maximum && parseBroker(text) ? text : undefined;
    case Kind.CERTIFICATE:
    case Kind.KEY:
    case Kind.PUBLIC_KEY:
      return credentialFault(entry, text) === undefined ? text : undefined;
    case Kind.PIN:
      return parsePin(text) ? text : undefined;
    case Kind.SERVER:
      if (text === OFF) return "";
      return parseHostPort(text) ? text : undefined;
    case Kind.HOSTS:
      return parseHosts(text, maximum, NTP_PORT) ? text : undefined; // OFF has the form of a name
    case Kind.POINTS:
      return parsePoints(text) ? text : undefined;
    default: {
      const length = utf8Length(text);
      if (length < minimum || length > maximum || text.indexOf("\0") >= 0) return undefined;
      // It is sent as a line: with a line's end in it, it would be two.
      if (kind === Kind.SECRET && (text.indexOf("\n") >= 0 || text.indexOf("\r") >= 0)) return undefined;
      return kind === Kind.TOPIC && !isTopicBase(text) ? undefined : text;
    }
  }
}

/** What is wrong with a certificate or a key: what it is instead. `undefined` where it is what it has to be. */
function credentialFault({ kind, maximum }: Setting, text: string): string | undefined {
  if (utf8Length(text) > maximum) return `${utf8Length(text)} bytes long`;
  const der = derOf(text);
  if (!der) {
    // As OpenSSL wrote it before PKCS #8: with headers, which are no base64.
    return text.indexOf("ENCRYPTED") >= 0 ? "encrypted" : "neither PEM nor base64";
  }
  const isKey = kind === Kind.KEY;
  const content = contentOf(der);
  if (kind === Kind.PUBLIC_KEY && content !== Content.ENCRYPTED_KEY) {
    if (parsePublicKey(text)) return undefined;
    return content === Content.PUBLIC_KEY ? "a public key of another kind" : "no public key";
  }
  switch (content) {
    case Content.CERTIFICATES:
      return isKey ? "a certificate" : undefined;
    case Content.PKCS8:
    case Content.PKCS1:
    case Content.SEC1:
      return isKey ? undefined : "a private key";
    case Content.ENCRYPTED_KEY:
      return "encrypted";
    case Content.PUBLIC_KEY:
      return "a public key";
    default:
      return "cut short, or something else";
  }
}

function isNumeric(kind: Kind): boolean {
  return kind === Kind.INTEGER || kind === Kind.NUMBER || kind === Kind.TENTHS || kind === Kind.DURATION;
}

/** Whether a number is one with a single decimal, as near as a number can be. */
function isTenths(value: number): boolean {
  return Math.round(value * 10) / 10 === value;
}

function isTopicBase(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Brokers may refuse them, section 1.5.3.
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return false;
  }
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
  if (entry.kind === Kind.CERTIFICATE || entry.kind === Kind.KEY || entry.kind === Kind.PUBLIC_KEY) {
    return `${credentialFault(entry, text) ?? "no text"} (it may hold a secret and is not shown)`;
  }
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
    case Kind.TENTHS:
      return `a number from ${minimum} to ${maximum} in tenths${unit && ` (${unit})`}`;
    case Kind.DURATION:
      return `a duration from ${formatDuration(minimum)} to ${formatDuration(maximum)}, such as 500ms, 10s or 5m`;
    case Kind.BROKER:
      return "mqtt://host, mqtts://host or mqtt://user:password@host:port, with @ : / and % of user and password as %40 %3A %2F %25";
    case Kind.CERTIFICATE:
      return `a certificate as PEM, or the base64 between its lines, of at most ${maximum} bytes`;
    case Kind.KEY:
      return `a private key without a passphrase as PEM, or the base64 between its lines, of at most ${maximum} bytes`;
    case Kind.PUBLIC_KEY:
      return "a public key on P-256 as PEM (update.pub of npm run ota -- keygen), or the base64 between its lines";
    case Kind.PIN:
      return "64 hexadecimal digits, or base64 as in sha256//...";
    case Kind.SERVER:
      return `host:port, or ${OFF}`;
    case Kind.HOSTS:
      return `${minimum} to ${maximum} names or IPv4 addresses, separated by commas, or ${OFF}`;
    case Kind.TOPIC:
      return `a topic of ${minimum} to ${maximum} bytes without +, # and control characters, not beginning with $, no / at either end`;
    case Kind.POINTS:
      return "four numbers raw,reference,raw,reference between -1000 and 1000 with raw values at least 0.1 apart";
    default:
      return `${minimum} to ${maximum} bytes of text`;
  }
}

/** The time servers of checked settings; none where they are off. */
export function timeServersOf(settings: Settings): readonly { host: string; port: number }[] {
  return settings.ntp === OFF ? [] : (parseHosts(settings.ntp, Number.POSITIVE_INFINITY, NTP_PORT) ?? []);
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

/** The topic whose temperatures an air conditioner follows: by default that of the device whose base is above its own. */
export function followedTopic(settings: Settings): string {
  if (settings.follows !== "") return settings.follows;
  const slash = settings.topic.lastIndexOf("/");
  return `${slash < 0 ? settings.topic : settings.topic.slice(0, slash)}/temperature`;
}

/** Where discovery is published, `undefined` where it is off. */
export function discoveryPrefix(settings: Settings): string | undefined {
  return settings.discovery === OFF ? undefined : settings.discovery;
}

/** The broker of checked settings; `undefined` where there is none. */
export function brokerOf(settings: Settings): Endpoint | undefined {
  return settings.broker === "" ? undefined : parseBroker(settings.broker);
}
