/**
 * MQTT 3.1.1 control packets to and from bytes. Pure: every function works on buffers of its caller, keeps
 * nothing and allocates nothing but the topic's string. Clauses in brackets are those of the OASIS
 * specification of 29 October 2014.
 *
 * A client generates CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, the acknowledgements, PINGREQ and DISCONNECT,
 * and parses what a server sends; that is all there is here.
 */

import { utf8Length, writeUTF8 } from "../codec/utf8.js";

/** Control packet types, section 2.2.1. */
export const enum Packet {
  CONNECT = 1,
  CONNACK = 2,
  PUBLISH = 3,
  PUBACK = 4,
  PUBREC = 5,
  PUBREL = 6,
  PUBCOMP = 7,
  SUBSCRIBE = 8,
  SUBACK = 9,
  UNSUBSCRIBE = 10,
  UNSUBACK = 11,
  PINGREQ = 12,
  PINGRESP = 13,
  DISCONNECT = 14,
}

/** A packet's fixed header is 2 to 5 bytes: one of type and flags, up to four of Remaining Length. */
export const FIXED_HEADER_LIMIT = 5;

/** The largest Remaining Length that four bytes can say, section 2.2.3. */
export const REMAINING_LENGTH_LIMIT = 268_435_455;

/** PUBACK, PUBREC, PUBREL and PUBCOMP have this many bytes. */
export const ACKNOWLEDGEMENT_SIZE = 4;

// --- generating ----------------------------------------------------------------------------------------------

/** Bytes that the Remaining Length field takes for `length`, 1 to 4. */
export function remainingLengthSize(length: number): number {
  if (length < 128) return 1;
  if (length < 16_384) return 2;
  return length < 2_097_152 ? 3 : 4;
}

function writeRemainingLength(into: Uint8Array, at: number, length: number): number {
  while (length > 127) {
    into[at++] = (length & 0x7f) | 0x80;
    length >>= 7;
  }
  into[at++] = length;
  return at;
}

function writeUint16(into: Uint8Array, at: number, value: number): number {
  into[at] = value >> 8;
  into[at + 1] = value;
  return at + 2;
}

/** A two-byte length and the bytes, section 1.5.3. The caller made sure that they are at most 65,535. */
function writeString(into: Uint8Array, at: number, text: string): number {
  const end = writeUTF8(into, at + 2, text);
  writeUint16(into, at, end - at - 2);
  return end;
}

function stringSize(text: string, what: string): number {
  const length = utf8Length(text);
  if (length > 0xffff) throw new RangeError(`MQTT ${what} has ${length} bytes; 65,535 are allowed`);
  return 2 + length;
}

export interface ConnectOptions {
  /** Client identifier; empty lets the broker choose, which it may only with `clean`. */
  id: string;
  clean: boolean;
  /** Keep-alive in whole seconds, 0 to 65,535. */
  keepAlive: number;
  user?: string | undefined;
  password?: string | undefined;
  will?: { topic: string; message: Uint8Array; QoS: number; retain: boolean } | undefined;
}

/**
 * The whole CONNECT packet, section 3.1.
 * @throws RangeError where the options break the protocol
 */
export function connectPacket(options: ConnectOptions): Uint8Array {
  const { id, user, password, will } = options;
  if (user === undefined && password !== undefined) {
    throw new RangeError("MQTT password without a user name [MQTT-3.1.2-22]");
  }
  if (id === "" && !options.clean) {
    throw new RangeError("MQTT client id is empty, which needs CleanSession [MQTT-3.1.3-7]");
  }
  let flags = options.clean ? 0x02 : 0;
  let remaining = 10 + stringSize(id, "client id");
  if (will) {
    if (will.message.length > 0xffff) throw new RangeError("MQTT will message has more than 65,535 bytes");
    if (will.QoS < 0 || will.QoS > 2) throw new RangeError("MQTT will QoS is not 0, 1 or 2 [MQTT-3.1.2-14]");
    flags |= 0x04 | (will.QoS << 3) | (will.retain ? 0x20 : 0);
    remaining += stringSize(will.topic, "will topic") + 2 + will.message.length;
  }
  if (user !== undefined) {
    flags |= 0x80;
    remaining += stringSize(user, "user name");
  }
  if (password !== undefined) {
    flags |= 0x40;
    remaining += stringSize(password, "password");
  }
  const packet = new Uint8Array(1 + remainingLengthSize(remaining) + remaining);
  packet[0] = Packet.CONNECT << 4;
  let at = writeRemainingLength(packet, 1, remaining);
  at = writeString(packet, at, "MQTT");
  packet[at++] = 4; // protocol level: 3.1.1
  packet[at++] = flags;
  at = writeUint16(packet, at, options.keepAlive);
  at = writeString(packet, at, id);
  if (will) {
    at = writeString(packet, at, will.topic);
    at = writeUint16(packet, at, will.message.length);
    packet.set(will.message, at);
    at += will.message.length;
  }
  if (user !== undefined) at = writeString(packet, at, user);
  if (password !== undefined) at = writeString(packet, at, password);
  return packet;
}

/** Bytes in front of the payload of a PUBLISH: fixed header, topic and, above QoS 0, the packet identifier. */
export function publishHeaderSize(topicLength: number, payloadLength: number, QoS: number): number {
  const variable = 2 + topicLength + (QoS > 0 ? 2 : 0);
  return 1 + remainingLengthSize(variable + payloadLength) + variable;
}

/**
 * Writes all of a PUBLISH up to its payload, section 3.3. The caller made room with `publishHeaderSize`.
 * @param id ignored at QoS 0
 * @returns the index behind the last byte written
 */
export function writePublishHeader(
  into: Uint8Array,
  at: number,
  topic: Uint8Array,
  payloadLength: number,
  QoS: number,
  retain: boolean,
  duplicate: boolean,
  id: number,
): number {
  const variable = 2 + topic.length + (QoS > 0 ? 2 : 0);
  into[at++] = (Packet.PUBLISH << 4) | (duplicate ? 0x08 : 0) | (QoS << 1) | (retain ? 0x01 : 0);
  at = writeRemainingLength(into, at, variable + payloadLength);
  at = writeUint16(into, at, topic.length);
  into.set(topic, at);
  at += topic.length;
  return QoS > 0 ? writeUint16(into, at, id) : at;
}

/** Writes PUBACK, PUBREC, PUBREL or PUBCOMP: `ACKNOWLEDGEMENT_SIZE` bytes. */
export function writeAcknowledgement(into: Uint8Array, at: number, packet: Packet, id: number): number {
  into[at] = (packet << 4) | (packet === Packet.PUBREL ? 0x02 : 0); // [MQTT-3.6.1-1]
  into[at + 1] = 2;
  return writeUint16(into, at + 2, id);
}

/** Writes PINGREQ or DISCONNECT: two bytes. */
export function writeEmptyPacket(into: Uint8Array, at: number, packet: Packet): number {
  into[at] = packet << 4;
  into[at + 1] = 0;
  return at + 2;
}

/**
 * The whole SUBSCRIBE (section 3.8) or UNSUBSCRIBE (3.10) packet.
 * @throws RangeError without a topic filter, or with one that is empty or too long
 */
export function subscriptionPacket(
  packet: Packet.SUBSCRIBE | Packet.UNSUBSCRIBE,
  id: number,
  items: readonly { topic: string; QoS?: number }[],
): Uint8Array {
  if (items.length === 0) throw new RangeError("MQTT subscription without a topic filter [MQTT-3.8.3-3]");
  const subscribe = packet === Packet.SUBSCRIBE;
  let remaining = 2;
  for (let i = 0; i < items.length; i++) {
    if (items[i].topic === "") throw new RangeError("MQTT topic filter is empty [MQTT-4.7.3-1]");
    if ((items[i].QoS ?? 0) > 2) throw new RangeError("MQTT subscription with QoS 3 [MQTT-3.8.3-4]");
    remaining += stringSize(items[i].topic, "topic filter") + (subscribe ? 1 : 0);
  }
  const bytes = new Uint8Array(1 + remainingLengthSize(remaining) + remaining);
  bytes[0] = (packet << 4) | 0x02; // [MQTT-3.8.1-1], [MQTT-3.10.1-1]
  let at = writeUint16(bytes, writeRemainingLength(bytes, 1, remaining), id);
  for (let i = 0; i < items.length; i++) {
    at = writeString(bytes, at, items[i].topic);
    if (subscribe) bytes[at++] = items[i].QoS ?? 0;
  }
  return bytes;
}

// --- parsing -------------------------------------------------------------------------------------------------

export const enum Parse {
  /** The packet's header has not arrived completely; ask again with more bytes. */
  MORE,
  /** `header` is filled. */
  DONE,
  /** The server broke the protocol; `header.fault` says how. The connection must be closed [MQTT-4.8.0-1]. */
  FAULT,
}

/**
 * What `parseHeader` found. One object serves a whole connection. For PUBLISH the header ends where the
 * payload begins; every other packet of a server is all header.
 */
export class PacketHeader {
  packet = 0;
  /** Bytes from the packet's first to the last of its header. */
  length = 0;
  /** Packet identifier, 0 where there is none. */
  id = 0;
  QoS = 0;
  retain = false;
  duplicate = false;
  /** PUBLISH: where the topic lies in the buffer. */
  topicStart = 0;
  topicEnd = 0;
  payloadLength = 0;
  /** CONNACK. */
  sessionPresent = false;
  /** CONNACK: 0 to 5, section 3.2.2.3. */
  returnCode = 0;
  /** SUBACK: where its return codes lie in the buffer. */
  codesStart = 0;
  codesEnd = 0;
  /** Why the packet is refused. */
  fault = "";
}

/**
 * Parses the header of the packet that begins at `bytes[from]`, of which the bytes before `to` have arrived.
 * Keeps no state between calls, so that where the stream was split makes no difference.
 *
 * @param limit the room the caller has for a header, in bytes; a packet whose header is longer is refused
 */
export function parseHeader(
  bytes: Uint8Array,
  from: number,
  to: number,
  limit: number,
  header: PacketHeader,
): Parse {
  if (from >= to) return Parse.MORE;
  const first = bytes[from];
  const packet: number = first >> 4;
  const flags = first & 0x0f;
  header.packet = packet;
  header.id = 0;
  header.payloadLength = 0;

  switch (packet) {
    case Packet.PUBLISH:
      if ((flags & 0x06) === 0x06) return refuse(header, "PUBLISH with QoS 3 [MQTT-3.3.1-4]");
      if ((flags & 0x0e) === 0x08) return refuse(header, "PUBLISH with DUP at QoS 0 [MQTT-3.3.1-2]");
      break;
    case Packet.PUBREL:
      if (flags !== 0x02) return refuse(header, "PUBREL with wrong flags [MQTT-3.6.1-1]");
      break;
    case Packet.CONNACK:
    case Packet.PUBACK:
    case Packet.PUBREC:
    case Packet.PUBCOMP:
    case Packet.SUBACK:
    case Packet.UNSUBACK:
    case Packet.PINGRESP:
      if (flags !== 0) return refuse(header, "reserved flags are set [MQTT-2.2.2-2]");
      break;
    default:
      return refuse(header, "a packet type that no server sends");
  }

  let at = from + 1;
  let remaining = 0;
  for (let shift = 0; ; shift += 7) {
    if (shift > 21) return refuse(header, "Remaining Length of more than four bytes (section 2.2.3)");
    if (at >= to) return Parse.MORE;
    const byte = bytes[at++];
    remaining |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const end = at + remaining;

  if (packet === Packet.PUBLISH) {
    const QoS = (flags >> 1) & 3;
    const idLength = QoS > 0 ? 2 : 0;
    if (remaining < 3 + idLength) return refuse(header, "PUBLISH too short for its topic [MQTT-3.3.2-1]");
    if (at + 2 > to) return Parse.MORE;
    const topicStart = at + 2;
    const topicEnd = topicStart + ((bytes[at] << 8) | bytes[at + 1]);
    const headerEnd = topicEnd + idLength;
    if (topicEnd === topicStart) return refuse(header, "PUBLISH with an empty topic [MQTT-4.7.3-1]");
    if (headerEnd > end) return refuse(header, "PUBLISH with a topic longer than the packet");
    if (headerEnd - from > limit) return refuse(header, "PUBLISH with a topic beyond the packet limit");
    if (headerEnd > to) return Parse.MORE;
    if (idLength > 0) {
      header.id = (bytes[topicEnd] << 8) | bytes[topicEnd + 1];
      if (header.id === 0) return refuse(header, "PUBLISH with packet identifier 0 [MQTT-2.3.1-1]");
    }
    header.QoS = QoS;
    header.retain = (flags & 0x01) !== 0;
    header.duplicate = (flags & 0x08) !== 0;
    header.topicStart = topicStart;
    header.topicEnd = topicEnd;
    header.length = headerEnd - from;
    header.payloadLength = end - headerEnd;
    return Parse.DONE;
  }

  if (packet === Packet.PINGRESP) {
    if (remaining !== 0) return refuse(header, "PINGRESP with a body (section 3.13)");
    header.length = at - from;
    return Parse.DONE;
  }

  if (packet === Packet.SUBACK) {
    if (remaining < 3) return refuse(header, "SUBACK without a return code (section 3.9)");
    if (end - from > limit) return refuse(header, "SUBACK beyond the packet limit");
  } else if (remaining !== 2) return refuse(header, "acknowledgement whose Remaining Length is not 2");
  if (end > to) return Parse.MORE;
  header.length = end - from;

  if (packet === Packet.CONNACK) {
    if (bytes[at] > 1) return refuse(header, "CONNACK with reserved flags set (section 3.2.2.1)");
    header.sessionPresent = bytes[at] === 1;
    header.returnCode = bytes[at + 1];
    if (header.returnCode > 5) return refuse(header, "CONNACK with a reserved return code (section 3.2.2.3)");
    if (header.sessionPresent && header.returnCode !== 0) {
      return refuse(header, "refusing CONNACK with session present [MQTT-3.2.2-4]");
    }
    return Parse.DONE;
  }

  header.id = (bytes[at] << 8) | bytes[at + 1];
  if (header.id === 0) return refuse(header, "packet identifier 0 [MQTT-2.3.1-1]");
  if (packet === Packet.SUBACK) {
    header.codesStart = at + 2;
    header.codesEnd = end;
    for (let i = at + 2; i < end; i++) {
      if (bytes[i] > 2 && bytes[i] !== 0x80) {
        return refuse(header, "SUBACK with a reserved return code [MQTT-3.9.3-2]");
      }
    }
  }
  return Parse.DONE;
}

function refuse(header: PacketHeader, fault: string): Parse {
  header.fault = fault;
  return Parse.FAULT;
}

/** Whether `bytes[from]` to `bytes[to]` holds a `+` or `#`, which a topic name must not [MQTT-3.3.2-2]. */
export function hasWildcard(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === 0x23 || bytes[i] === 0x2b) return true;
  return false;
}
