/** The packets that both codecs write and read, and how each does it. */

import mqttPacket, { type Packet as TheirPacket } from "mqtt-packet";
import { readUTF8 } from "../../firmware/codec/utf8.js";
import { Output } from "../../firmware/mqtt/output.js";
import {
  connectPacket,
  Packet,
  PacketHeader,
  Parse,
  parseHeader,
  subscriptionPacket,
} from "../../firmware/mqtt/packets.js";

/** One row: the same work in two ways. */
export interface Shape {
  readonly name: string;
  /** Does it once. @returns a number that follows from what came of it, the same of both */
  readonly ours: () => number;
  readonly theirs: () => number;
  /** Packets each time. */
  readonly packets: number;
}

const TOPIC = "home/livingroom/temperature";
const READING = '{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1"}';
const ID = 1234;
/** Packets that come in one piece, as after an outage. */
const PIECE = 64;

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

// --- writing -----------------------------------------------------------------------------------------------------

/** Where what is written goes, as to the operating system: copied, whatever the number of pieces. */
class Sink {
  #room = new Uint8Array(4_096);
  #at = 0;
  #count = 0;

  readonly take = (bytes: Uint8Array): void => {
    if (this.#at + bytes.length > this.#room.length) this.#at = 0;
    this.#room.set(bytes, this.#at);
    this.#at += bytes.length;
    this.#count += bytes.length;
  };

  /** Bytes since the last look. */
  count(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}

const FREE = 1_000_000;

/** The firmware's writer on a socket that takes everything. */
function outputTo(sink: Sink): Output {
  const output = new Output(2_048, () => {});
  const take = (bytes: Uint8Array) => {
    sink.take(bytes);
    return FREE;
  };
  output.socket = { write: take, read: () => 0, close: () => {} } as unknown as NonNullable<Output["socket"]>;
  output.tell(FREE);
  return output;
}

/** As much of a stream as `writeToStream` uses. */
function streamTo(sink: Sink): NodeJS.WritableStream {
  const write = (bytes: Uint8Array | string) => {
    sink.take(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
    return true;
  };
  return { write, cork: () => {}, uncork: () => {} } as unknown as NodeJS.WritableStream;
}

/** Packets handed to a socket: in one piece here, in several there. */
function writing(name: string, ours: (output: Output) => void, packet: () => TheirPacket): Shape {
  const [mine, their] = [new Sink(), new Sink()];
  const output = outputTo(mine);
  const stream = streamTo(their);
  return {
    name: `write ${name}`,
    packets: 1,
    ours: () => {
      ours(output);
      return mine.count();
    },
    theirs: () => {
      mqttPacket.writeToStream(packet(), stream);
      return their.count();
    },
  };
}

/** Packets each in a buffer of its own, which is what `generate` makes. */
function generating(name: string, ours: () => Uint8Array, packet: () => TheirPacket): Shape {
  return {
    name: `generate ${name}`,
    packets: 1,
    ours: () => ours().length,
    theirs: () => mqttPacket.generate(packet()).length,
  };
}

/** The writer's packet, copied into a buffer of its own. */
function ownBuffer(write: (output: Output) => void): () => Uint8Array {
  let own = new Uint8Array(0);
  const output = new Output(2_048, () => {});
  const take = (bytes: Uint8Array) => {
    own = bytes.slice();
    return FREE;
  };
  output.socket = { write: take, read: () => 0, close: () => {} } as unknown as NonNullable<Output["socket"]>;
  output.tell(FREE);
  return () => {
    write(output);
    return own;
  };
}

interface Message {
  readonly topics: readonly string[];
  readonly payload: Uint8Array;
  readonly QoS: 0 | 1;
}

/** A publication of ours and theirs; both have it in their own form already. */
function publication({ topics, payload, QoS }: Message): {
  ours: (output: Output) => void;
  theirs: () => TheirPacket;
} {
  const options = topics.map((topic) => ({ topic, QoS, retain: true, duplicate: false, id: ID }));
  const buffer = Buffer.from(payload);
  const packets = topics.map(
    (topic): TheirPacket => ({
      cmd: "publish",
      topic,
      payload: buffer,
      qos: QoS,
      retain: true,
      dup: false,
      ...(QoS > 0 && { messageId: ID }),
    }),
  );
  let mine = 0;
  let their = 0;
  return {
    ours: (output) => output.publish(payload, options[mine++ % options.length]),
    theirs: () => packets[their++ % packets.length],
  };
}

function writingShapes(): Shape[] {
  const reading = bytesOf(READING);
  const messages: [string, Message][] = [
    ["PUBLISH QoS 0, a reading", { topics: [TOPIC], payload: reading, QoS: 0 }],
    ["PUBLISH QoS 1, a reading", { topics: [TOPIC], payload: reading, QoS: 1 }],
    [
      "PUBLISH QoS 1, of three quantities in turn",
      { topics: [TOPIC, "home/livingroom/humidity", "home/livingroom/pressure"], payload: reading, QoS: 1 },
    ],
    ["PUBLISH QoS 1, 1,000 bytes", { topics: [TOPIC], payload: new Uint8Array(1_000).fill(0x61), QoS: 1 }],
  ];
  const shapes: Shape[] = [];
  for (const [name, message] of messages) {
    const one = publication(message);
    shapes.push(writing(name, one.ours, one.theirs));
    const other = publication(message);
    shapes.push(generating(name, ownBuffer(other.ours), other.theirs));
  }
  const puback: TheirPacket = { cmd: "puback", messageId: ID };
  shapes.push(
    writing(
      "PUBACK",
      (output) => output.acknowledge(Packet.PUBACK, ID),
      () => puback,
    ),
    generating(
      "PUBACK",
      ownBuffer((output) => output.acknowledge(Packet.PUBACK, ID)),
      () => puback,
    ),
    writing(
      "PINGREQ",
      (output) => output.empty(Packet.PINGREQ),
      () => ({ cmd: "pingreq" }),
    ),
    connecting(),
    subscribing(),
  );
  return shapes;
}

function connecting(): Shape {
  const text = { id: "hearth-0123456789ab", user: "sensor", password: "correct horse battery staple" };
  const message = bytesOf("offline");
  const will = { topic: "home/livingroom/status", message, QoS: 1, retain: true };
  return generating(
    "CONNECT with will, user and password",
    () => connectPacket({ ...text, clean: false, keepAlive: 60, will }),
    () => ({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: false,
      clientId: text.id,
      keepalive: 60,
      username: text.user,
      password: Buffer.from(text.password),
      will: { topic: will.topic, payload: Buffer.from(message), qos: 1, retain: true },
    }),
  );
}

function subscribing(): Shape {
  const topics = ["home/livingroom/command", "home/livingroom/update", "home/livingroom/climate/mode/set"];
  const items = topics.map((topic) => ({ topic, QoS: 1 }));
  const packet: TheirPacket = {
    cmd: "subscribe",
    messageId: ID,
    subscriptions: topics.map((topic) => ({ topic, qos: 1 })),
  };
  return generating(
    "SUBSCRIBE to three filters",
    () => subscriptionPacket(Packet.SUBSCRIBE, ID, items),
    () => packet,
  );
}

// --- reading -----------------------------------------------------------------------------------------------------

/** What the packets in `bytes`, each of them whole, come to: lengths of topic and payload, identifiers, codes. */
function readOurs(header: PacketHeader, bytes: Uint8Array): number {
  let sum = 0;
  let at = 0;
  while (at < bytes.length) {
    if (parseHeader(bytes, at, bytes.length, bytes.length, header) !== Parse.DONE)
      throw new Error(header.fault || "packet is not whole");
    const end = at + header.length;
    sum += header.id;
    if (header.packet === Packet.PUBLISH) {
      const topic = readUTF8(bytes, header.topicStart, header.topicEnd) as string;
      const payload = bytes.subarray(end, end + header.payloadLength);
      sum += topic.length + payload.length + header.QoS;
    } else if (header.packet === Packet.SUBACK)
      sum += bytes.subarray(header.codesStart, header.codesEnd).length;
    at = end + header.payloadLength;
  }
  return sum;
}

function parsing(name: string, packet: TheirPacket, packets = 1): Shape {
  const bytes = Buffer.concat(Array.from({ length: packets }, () => mqttPacket.generate(packet)));
  const plain = new Uint8Array(bytes);
  const header = new PacketHeader();
  let sum = 0;
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (parsed) => {
    sum += parsed.messageId ?? 0;
    if (parsed.cmd === "publish") sum += parsed.topic.length + parsed.payload.length + parsed.qos;
    else if (parsed.cmd === "suback") sum += parsed.granted.length;
  });
  parser.on("error", (error) => {
    throw error;
  });
  return {
    name: `parse ${name}`,
    packets,
    ours: () => readOurs(header, plain),
    theirs: () => {
      sum = 0;
      parser.parse(bytes);
      return sum;
    },
  };
}

function parsingShapes(): Shape[] {
  const publish = (payload: Buffer, qos: 0 | 1): TheirPacket => ({
    cmd: "publish",
    topic: TOPIC,
    payload,
    qos,
    retain: false,
    dup: false,
    ...(qos > 0 && { messageId: ID }),
  });
  const reading = Buffer.from(READING);
  return [
    parsing("CONNACK", { cmd: "connack", sessionPresent: true, returnCode: 0 }),
    parsing("PUBLISH QoS 0, a reading", publish(reading, 0)),
    parsing("PUBLISH QoS 1, a reading", publish(reading, 1)),
    parsing(`PUBLISH QoS 1, ${PIECE} readings in a piece`, publish(reading, 1), PIECE),
    parsing("PUBLISH QoS 1, 1,000 bytes", publish(Buffer.alloc(1_000, 0x61), 1)),
    parsing("PUBACK", { cmd: "puback", messageId: ID }),
    parsing(`PUBACK, ${PIECE} in a piece`, { cmd: "puback", messageId: ID }, PIECE),
    parsing("SUBACK", { cmd: "suback", messageId: ID, granted: [1, 1, 1] }),
    parsing("PINGRESP", { cmd: "pingresp" }),
  ];
}

export function shapes(): Shape[] {
  return [...writingShapes(), ...parsingShapes()];
}
