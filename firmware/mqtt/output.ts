/**
 * The writing half of the client: packets into one buffer, and each packet into the socket as a whole, or several that
 * follow each other. Knows how much the socket takes, and which part of a message is still to be written.
 */

import { utf8Length, writeUTF8 } from "../codec/utf8.js";
import { Views } from "../codec/views.js";
import type { MQTTWriteOptions, TCP } from "../ports.js";
import {
  ACKNOWLEDGEMENT_SIZE,
  FIXED_HEADER_LIMIT,
  hasWildcard,
  Packet,
  publishHeaderSize,
  REMAINING_LENGTH_LIMIT,
  writeAcknowledgement,
  writeEmptyPacket,
  writePublishHeader,
} from "./packets.js";

/** Bytes of PINGREQ and DISCONNECT. */
const EMPTY_SIZE = 2;

/** Kept free in the socket for an acknowledgement and a PINGREQ of the client's own. */
const RESERVE = 8;

/** First byte of a PUBLISH at QoS 1, which is what readings are. */
const FIRST = (Packet.PUBLISH << 4) | 0x02;

const NO_ROOM = "MQTT write would overflow";

export class Output {
  /** Where packets go; none before it is connected and after it is closed. */
  socket: TCP | undefined;
  /** Bytes that the socket takes, less those that are held back. */
  writable = 0;
  #onSent: () => void;
  #buffer: Uint8Array;
  #views: Views;
  /** Acknowledgements, PINGREQ and DISCONNECT, which leave the buffer as it is. */
  #scratch = new Uint8Array(ACKNOWLEDGEMENT_SIZE);
  #empty = this.#scratch.subarray(0, EMPTY_SIZE);
  /** The last topic written and its UTF-8 form: a sensor writes the same one again and again. */
  #topic = "";
  #topicBytes = new Uint8Array(0);
  #nextId = 1;
  /** What is missing of a PUBLISH that was written in part. */
  #missing = 0;
  /** Bytes of packets at the beginning of the buffer that wait for more to go with them. */
  #held = 0;
  /** Where the header of the present topic ends that lies at the beginning of the buffer; 0 where there is none. */
  #headerEnd = 0;

  /**
   * @param limit bytes of the buffer; a larger packet is two writes
   * @param onSent called after each write to the socket
   */
  constructor(limit: number, onSent: () => void) {
    this.#buffer = new Uint8Array(limit);
    this.#views = new Views(this.#buffer);
    this.#onSent = onSent;
  }

  /** Bytes of packets that the application can write. */
  get free(): number {
    return this.writable > RESERVE ? this.writable - RESERVE : 0;
  }

  /** Nothing else can be written before the rest of a message. */
  get isWithinMessage(): boolean {
    return this.#missing > 0;
  }

  get canAcknowledge(): boolean {
    return !this.isWithinMessage && this.writable >= ACKNOWLEDGEMENT_SIZE;
  }

  get canPing(): boolean {
    return !this.isWithinMessage && this.writable >= 2;
  }

  close(): void {
    this.socket = undefined;
    this.writable = this.#held = 0;
  }

  /** The socket has told how much it takes. */
  tell(count: number): void {
    this.writable = count - this.#held;
  }

  /** The next packet identifier, from 1 to 65,535 and again. */
  takeId(): number {
    const id = this.#nextId;
    this.#nextId = id === 0xffff ? 1 : id + 1;
    return id;
  }

  /**
   * Writes a PUBLISH, or the beginning of one.
   * @throws RangeError where the options break the protocol, Error without room: nothing is written then
   */
  publish(payload: Uint8Array, options: MQTTWriteOptions): void {
    if (this.#held === 0 && this.#headerEnd > 0 && this.repeat(payload, options)) return;
    const { topic, QoS = 0, byteLength = payload.length } = options;
    if (!topic) throw new RangeError("MQTT topic is missing [MQTT-4.7.3-1]");
    if (QoS !== 0 && QoS !== 1 && QoS !== 2) throw new RangeError(`MQTT QoS ${QoS}; 0, 1 or 2`);
    if (payload.length > byteLength) throw new RangeError("MQTT data is longer than byteLength");
    if (topic !== this.#topic) this.encode(topic);
    const topicBytes = this.#topicBytes;
    if (byteLength + 4 + topicBytes.length > REMAINING_LENGTH_LIMIT) {
      throw new RangeError("MQTT message is longer than a packet can be");
    }
    const size = publishHeaderSize(topicBytes.length, byteLength, QoS) + payload.length;
    this.checkRoom(size);
    const id = QoS > 0 ? (options.id ?? this.takeId()) : 0;
    if (QoS > 0 && !(id > 0 && id <= 0xffff)) throw new RangeError(`MQTT packet id ${id}; 1 to 65,535`);
    const buffer = this.#buffer;
    const duplicate = QoS > 0 && !!options.duplicate;
    if (this.#held + size > buffer.length) this.flush();
    const start = this.#held;
    const end = writePublishHeader(
      buffer,
      start,
      topicBytes,
      byteLength,
      QoS,
      !!options.retain,
      duplicate,
      id,
    );
    if (end + payload.length <= buffer.length) {
      buffer.set(payload, end);
      this.#held = end + payload.length;
      this.writable -= this.#held - start;
      if (start === 0) this.#headerEnd = end;
      if (!options.more || payload.length < byteLength) this.flush();
    } else {
      // There is room for both, so the packet cannot be torn between them.
      this.#headerEnd = 0;
      this.write(buffer.subarray(0, end));
      this.write(payload);
    }
    this.#missing = byteLength - payload.length;
  }

  /** Writes a PUBLISH that differs from the one before in payload and identifier alone. False where it is another. */
  private repeat(payload: Uint8Array, options: MQTTWriteOptions): boolean {
    const buffer = this.#buffer;
    const end = this.#headerEnd;
    const { id } = options;
    const { length } = payload;
    const size = end + length;
    const first = FIRST | (options.retain ? 0x01 : 0) | (options.duplicate ? 0x08 : 0);
    // As long as it fits into one byte, the rest of the header is as it was.
    if (
      size - 2 > 127 ||
      buffer[1] > 127 ||
      buffer[0] !== first ||
      options.QoS !== 1 ||
      options.topic !== this.#topic ||
      id === undefined ||
      !(id > 0 && id <= 0xffff) ||
      options.byteLength !== undefined ||
      size > buffer.length
    )
      return false;
    if (!this.socket || size > this.writable) throw new Error(NO_ROOM);
    buffer[1] = size - 2;
    buffer[end - 2] = id >> 8;
    buffer[end - 1] = id;
    buffer.set(payload, end);
    this.writable -= size;
    this.#held = size;
    if (!options.more) this.flush();
    return true;
  }

  /** Writes what is held back. */
  flush(): void {
    const held = this.#held;
    if (held === 0) return;
    this.#held = 0;
    this.write(this.#views.of(0, held));
  }

  /** Writes more of the message. @throws Error where it is no more of it, or there is no room */
  continue(payload: Uint8Array): void {
    if (payload.length > this.#missing) throw new Error("MQTT message is not complete yet");
    this.send(payload);
    this.#missing -= payload.length;
  }

  acknowledge(packet: Packet, id: number): void {
    writeAcknowledgement(this.#scratch, 0, packet, id);
    this.send(this.#scratch);
  }

  /** Writes PINGREQ or DISCONNECT. */
  empty(packet: Packet): void {
    writeEmptyPacket(this.#empty, 0, packet);
    this.send(this.#empty);
  }

  /** Writes a whole packet, or a payload. @throws Error without room: nothing is written then */
  send(bytes: Uint8Array): void {
    this.flush();
    this.checkRoom(bytes.length);
    this.write(bytes);
  }

  private write(bytes: Uint8Array): void {
    try {
      this.writable = (this.socket as TCP).write(bytes) ?? 0;
    } catch {
      // A socket that has failed returns undefined or, on lwIP, throws "not ready"; its onError is on the way.
      this.writable = 0;
    }
    this.#onSent();
  }

  private checkRoom(length: number): void {
    if (!this.socket || length > this.writable) throw new Error(NO_ROOM);
  }

  private encode(topic: string): void {
    const length = utf8Length(topic);
    if (length > this.#buffer.length - FIXED_HEADER_LIMIT - 4) {
      throw new RangeError(`MQTT topic has ${length} bytes, more than packetLimit allows`);
    }
    const bytes = new Uint8Array(length);
    writeUTF8(bytes, 0, topic);
    if (hasWildcard(bytes, 0, length)) throw new RangeError("MQTT topic has a wildcard [MQTT-3.3.2-2]");
    this.#topic = topic;
    this.#topicBytes = bytes;
    this.#headerEnd = 0; // the header that lies there is of another topic
  }
}
