/**
 * What MQTT 3.1.1 says about one packet from a server, as tables and plain steps: the judge of firmware/mqtt/packets.ts,
 * from which it takes nothing. Without allocation, because it judges billions of inputs.
 */

import { Refusal } from "./refusals.js";

export const enum Outcome {
  /** Not decided yet. */
  MORE,
  PACKET,
  REFUSED,
}

/** Control packet types, table 2.1; their numbers are those of the wire. */
export const enum Type {
  CONNACK = 2,
  PUBLISH = 3,
  PUBACK = 4,
  PUBREC = 5,
  PUBREL = 6,
  PUBCOMP = 7,
  SUBACK = 9,
  UNSUBACK = 11,
  PINGRESP = 13,
}

export const TYPE_NAMES: readonly string[] = Object.freeze([
  "type 0",
  "CONNECT",
  "CONNACK",
  "PUBLISH",
  "PUBACK",
  "PUBREC",
  "PUBREL",
  "PUBCOMP",
  "SUBSCRIBE",
  "SUBACK",
  "UNSUBSCRIBE",
  "UNSUBACK",
  "PINGREQ",
  "PINGRESP",
  "DISCONNECT",
  "type 15",
]);

interface Row {
  /** Tables 2.1 and 2.2: bit f is set where a server may send this type with the flags f. */
  readonly flags: number;
  /** What other flags are. */
  readonly wrongFlags: Refusal;
  /** Bounds of Remaining Length, and what lies outside of them. */
  readonly least: number;
  readonly most: number;
  readonly wrongSize: Refusal;
}

const ANY = 268_435_455;
const clientsOnly: Row = { flags: 0, wrongFlags: Refusal.TYPE, least: 0, most: ANY, wrongSize: Refusal.TYPE };
const acknowledgement: Row = {
  flags: 1 << 0,
  wrongFlags: Refusal.FLAGS,
  least: 2,
  most: 2,
  wrongSize: Refusal.ACKNOWLEDGEMENT_SIZE,
};

const ROWS: readonly Row[] = Array.from({ length: 16 }, (_, type): Row => {
  switch (type) {
    case Type.CONNACK:
    case Type.PUBACK:
    case Type.PUBREC:
    case Type.PUBCOMP:
    case Type.UNSUBACK:
      return acknowledgement;
    case Type.PUBREL:
      return { ...acknowledgement, flags: 1 << 2, wrongFlags: Refusal.PUBREL_FLAGS };
    case Type.SUBACK:
      return { ...acknowledgement, least: 3, most: ANY, wrongSize: Refusal.SUBACK_SHORT };
    case Type.PINGRESP:
      return { ...acknowledgement, least: 0, most: 0, wrongSize: Refusal.PINGRESP_BODY };
    case Type.PUBLISH: {
      // DUP, QoS, QoS, RETAIN: QoS 0, 1 and 2, and DUP with the latter two.
      let flags = 0;
      for (const nibble of [0b0000, 0b0010, 0b0100, 0b1010, 0b1100]) flags |= 0b11 << nibble;
      return { flags, wrongFlags: Refusal.DUPLICATE, least: 3, most: ANY, wrongSize: Refusal.PUBLISH_SHORT };
    }
    default:
      return clientsOnly;
  }
});
const FLAGS = Uint16Array.from(ROWS, ({ flags }) => flags);
const LEAST = Uint32Array.from(ROWS, ({ least }) => least);
const MOST = Uint32Array.from(ROWS, ({ most }) => most);

/** What was found, up to where it was decided. */
export class Found {
  refusal: Refusal = Refusal.NONE;
  type = 0;
  /** Index behind the packet; for PUBLISH its payload included, which may not have come yet. */
  end = 0;
  id = 0;
  /** PUBLISH. */
  QoS = 0;
  retain = false;
  duplicate = false;
  topic = 0;
  topicEnd = 0;
  payload = 0;
  /** SUBACK: where its return codes begin; they go on to `end`. */
  codes = 0;
  /** CONNACK. */
  sessionPresent = false;
  returnCode = 0;
}

/**
 * Judges the packet that begins at `bytes[from]`, of which what lies before `to` has come. A PUBLISH counts as found
 * where its payload begins. Whether its topic is text is left to `isTopic`.
 * @param limit bytes that a client has for a packet without its payload
 */
export function firstPacket(
  bytes: Uint8Array,
  from: number,
  to: number,
  limit: number,
  found: Found,
): Outcome {
  found.refusal = Refusal.NONE;
  if (from === to) return Outcome.MORE;

  // Section 2.2.1 and 2.2.2.
  const type = bytes[from] >> 4;
  const flags = bytes[from] & 15;
  found.type = type;
  if (((FLAGS[type] >> flags) & 1) === 0) {
    return refused(
      found,
      type === Type.PUBLISH && (flags & 0b0110) === 0b0110 ? Refusal.QOS_3 : ROWS[type].wrongFlags,
    );
  }

  // Section 2.2.3: seven bits each, the lowest first, at most four times.
  let at = from + 1;
  let length = 0;
  let multiplier = 1;
  for (;;) {
    if (multiplier > 128 * 128 * 128) return refused(found, Refusal.LENGTH_FIELD);
    if (at === to) return Outcome.MORE;
    const digit = bytes[at];
    at += 1;
    length += (digit % 128) * multiplier;
    multiplier *= 128;
    if (digit < 128) break;
  }
  const end = at + length;
  found.end = end;

  const QoS = type === Type.PUBLISH ? (flags & 0b0110) / 2 : 0;
  const identifier = QoS > 0 ? 2 : 0;
  if (length < LEAST[type] + identifier || length > MOST[type]) return refused(found, ROWS[type].wrongSize);

  if (type === Type.PUBLISH) {
    if (to < at + 2) return Outcome.MORE;
    const topicLength = bytes[at] * 256 + bytes[at + 1];
    const payload = at + 2 + topicLength + identifier;
    if (topicLength === 0) return refused(found, Refusal.TOPIC_EMPTY);
    if (payload > end) return refused(found, Refusal.TOPIC_LONG);
    if (payload - from > limit) return refused(found, Refusal.TOPIC_LIMIT);
    if (to < payload) return Outcome.MORE;
    found.id = identifier > 0 ? bytes[payload - 2] * 256 + bytes[payload - 1] : 0;
    if (identifier > 0 && found.id === 0) return refused(found, Refusal.PUBLISH_ID);
    found.QoS = QoS;
    found.retain = flags % 2 === 1;
    found.duplicate = flags >= 8;
    found.topic = at + 2;
    found.topicEnd = at + 2 + topicLength;
    found.payload = payload;
    return Outcome.PACKET;
  }

  // Everything else is judged when it is whole.
  if (type === Type.SUBACK && end - from > limit) return refused(found, Refusal.SUBACK_LIMIT);
  if (to < end) return Outcome.MORE;
  found.id = 0;
  if (type === Type.PINGRESP) return Outcome.PACKET;
  if (type === Type.CONNACK) {
    if (bytes[at] > 1) return refused(found, Refusal.CONNACK_FLAGS);
    found.sessionPresent = bytes[at] === 1;
    found.returnCode = bytes[at + 1];
    if (found.returnCode > 5) return refused(found, Refusal.CONNACK_CODE);
    if (found.returnCode > 0 && found.sessionPresent) return refused(found, Refusal.CONNACK_SESSION);
    return Outcome.PACKET;
  }
  found.id = bytes[at] * 256 + bytes[at + 1];
  if (found.id === 0) return refused(found, Refusal.ACKNOWLEDGEMENT_ID);
  found.codes = at + 2;
  for (let i = found.codes; i < end; i++) {
    const code = bytes[i];
    if (code !== 0 && code !== 1 && code !== 2 && code !== 0x80) return refused(found, Refusal.SUBACK_CODE);
  }
  return Outcome.PACKET;
}

function refused(found: Found, refusal: Refusal): Outcome {
  found.refusal = refusal;
  return Outcome.REFUSED;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The topic's text, or `undefined` where it is none: [MQTT-1.5.3-1] to [MQTT-1.5.3-3], [MQTT-3.3.2-2]. */
export function topicText(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    return /[\0#+]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
