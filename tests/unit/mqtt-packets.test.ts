import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import mqttPacket, { type Packet as OraclePacket } from "mqtt-packet";
import {
  connectPacket,
  hasWildcard,
  Packet,
  PacketHeader,
  Parse,
  parseHeader,
  publishHeaderSize,
  subscriptionPacket,
  writeAcknowledgement,
  writeEmptyPacket,
  writePublishHeader,
} from "../../firmware/mqtt/packets.js";

const LIMIT = 512;

/** What the oracle reads from our bytes; it must be exactly one packet. */
function oracleParse(bytes: Uint8Array): OraclePacket {
  const packets: OraclePacket[] = [];
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (packet) => packets.push(packet));
  parser.on("error", (error) => {
    throw error;
  });
  expect(parser.parse(Buffer.from(bytes))).toBe(0);
  expect(packets).toHaveLength(1);
  return packets[0];
}

function oracleGenerate(packet: OraclePacket): Uint8Array {
  return new Uint8Array(mqttPacket.generate(packet, { protocolVersion: 4 }));
}

function publish(
  topic: string,
  payload: Uint8Array,
  QoS: number,
  retain: boolean,
  dup: boolean,
  id: number,
): Uint8Array {
  const topicBytes = new TextEncoder().encode(topic);
  const header = publishHeaderSize(topicBytes.length, payload.length, QoS);
  const bytes = new Uint8Array(header + payload.length);
  expect(writePublishHeader(bytes, 0, topicBytes, payload.length, QoS, retain, dup, id)).toBe(header);
  bytes.set(payload, header);
  return bytes;
}

function acknowledgement(packet: Packet, id: number): Uint8Array {
  const bytes = new Uint8Array(4);
  expect(writeAcknowledgement(bytes, 0, packet, id)).toBe(4);
  return bytes;
}

/** Parses a whole packet at an offset, and checks that every shorter beginning asks for more. */
function parseEverywhere(packet: Uint8Array, headerLength: number): PacketHeader {
  const offset = 3;
  const buffer = new Uint8Array(offset + packet.length + 2).fill(0xee);
  buffer.set(packet, offset);
  for (let length = 0; length < headerLength; length++) {
    expect(parseHeader(buffer, offset, offset + length, LIMIT, new PacketHeader())).toBe(Parse.MORE);
  }
  const header = new PacketHeader();
  expect(parseHeader(buffer, offset, offset + headerLength, LIMIT, header)).toBe(Parse.DONE);
  expect(header.length).toBe(headerLength);
  header.topicStart -= offset;
  header.topicEnd -= offset;
  header.codesStart -= offset;
  header.codesEnd -= offset;
  return header;
}

function fault(bytes: readonly number[], limit = LIMIT): string {
  const header = new PacketHeader();
  expect(parseHeader(Uint8Array.from(bytes), 0, bytes.length, limit, header)).toBe(Parse.FAULT);
  return header.fault;
}

describe("generating, read by the oracle", () => {
  it("CONNECT in its smallest form", () => {
    const packet = oracleParse(connectPacket({ id: "a", clean: true, keepAlive: 0 }));
    expect(packet).toMatchObject({
      cmd: "connect",
      clientId: "a",
      clean: true,
      keepalive: 0,
      protocolVersion: 4,
    });
    expect(packet).not.toHaveProperty("will");
    expect(packet).not.toHaveProperty("username");
  });

  it("CONNECT with all it can have, and mirrored to the byte", () => {
    const bytes = connectPacket({
      id: "hearth-ü",
      clean: false,
      keepAlive: 65_535,
      user: "u",
      password: "päss",
      will: { topic: "a/status", message: new TextEncoder().encode("offline"), QoS: 1, retain: true },
    });
    const packet = oracleParse(bytes);
    expect(packet).toMatchObject({ clientId: "hearth-ü", clean: false, keepalive: 65_535, username: "u" });
    expect(packet).toMatchObject({ will: { topic: "a/status", qos: 1, retain: true } });
    expect(oracleGenerate(packet)).toEqual(bytes);
  });

  it("CONNECT with an empty will message and an empty password, which are not none", () => {
    const will = { topic: "w", message: new Uint8Array(0), QoS: 0, retain: false };
    const packet = oracleParse(
      connectPacket({ id: "a", clean: true, keepAlive: 1, user: "u", password: "", will }),
    );
    expect(packet).toMatchObject({ will: { topic: "w", qos: 0, retain: false } });
    expect((packet as { password?: Buffer }).password?.length).toBe(0);
  });

  it.each([0, 1, 2] as const)("PUBLISH at QoS %d, mirrored to the byte", (QoS) => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter((text) => !/[+#\0]/.test(text)),
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 65_535 }),
        (topic, payload, retain, dup, id) => {
          const bytes = publish(topic, payload, QoS, retain, QoS > 0 && dup, id);
          const packet = oracleParse(bytes);
          expect(packet).toMatchObject({ cmd: "publish", topic, qos: QoS, retain, dup: QoS > 0 && dup });
          if (QoS > 0) expect(packet.messageId).toBe(id);
          expect(oracleGenerate(packet)).toEqual(bytes);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    [0, 127],
    [128 - 5, 128],
    [16_383 - 5, 16_383],
    [16_384 - 5, 16_384],
    [2_097_151 - 5, 2_097_151],
    [2_097_152 - 5, 2_097_152],
  ])("PUBLISH around the sizes of Remaining Length: payload of %d bytes", (length) => {
    const packet = oracleParse(publish("abc", new Uint8Array(length), 0, false, false, 0));
    expect((packet as { payload: Buffer }).payload.length).toBe(length);
  });

  it.each([
    [Packet.PUBACK, "puback"],
    [Packet.PUBREC, "pubrec"],
    [Packet.PUBREL, "pubrel"],
    [Packet.PUBCOMP, "pubcomp"],
  ] as const)("acknowledgement %d, mirrored to the byte", (kind, cmd) => {
    for (const id of [1, 255, 256, 65_535]) {
      const bytes = acknowledgement(kind, id);
      expect(oracleParse(bytes)).toMatchObject({ cmd, messageId: id });
      expect(oracleGenerate({ cmd, messageId: id } as OraclePacket)).toEqual(bytes);
    }
  });

  it("SUBSCRIBE and UNSUBSCRIBE, mirrored to the byte", () => {
    const items = [{ topic: "a/+", QoS: 1 }, { topic: "ü/#" }, { topic: "c", QoS: 2 }];
    const subscribe = subscriptionPacket(Packet.SUBSCRIBE, 10, items);
    const packet = oracleParse(subscribe);
    expect(packet).toMatchObject({ cmd: "subscribe", messageId: 10 });
    expect((packet as { subscriptions: object[] }).subscriptions).toMatchObject([
      { topic: "a/+", qos: 1 },
      { topic: "ü/#", qos: 0 },
      { topic: "c", qos: 2 },
    ]);
    expect(oracleGenerate(packet)).toEqual(subscribe);
    const unsubscribe = subscriptionPacket(Packet.UNSUBSCRIBE, 11, items);
    expect(oracleParse(unsubscribe)).toMatchObject({
      cmd: "unsubscribe",
      unsubscriptions: ["a/+", "ü/#", "c"],
    });
    expect(oracleGenerate(oracleParse(unsubscribe))).toEqual(unsubscribe);
  });

  it.each([
    [Packet.PINGREQ, "pingreq"],
    [Packet.DISCONNECT, "disconnect"],
  ] as const)("empty packet %d, mirrored to the byte", (kind, cmd) => {
    const bytes = new Uint8Array(2);
    expect(writeEmptyPacket(bytes, 0, kind)).toBe(2);
    expect(oracleParse(bytes)).toMatchObject({ cmd });
    expect(oracleGenerate({ cmd })).toEqual(bytes);
  });

  it.each([
    ["a password without a user", () => connectPacket({ id: "a", clean: true, keepAlive: 0, password: "p" })],
    ["an empty id without CleanSession", () => connectPacket({ id: "", clean: false, keepAlive: 0 })],
    ["an id of 65,536 bytes", () => connectPacket({ id: "a".repeat(65_536), clean: true, keepAlive: 0 })],
    [
      "a will of QoS 3",
      () =>
        connectPacket({
          id: "a",
          clean: true,
          keepAlive: 0,
          will: { topic: "w", message: new Uint8Array(0), QoS: 3, retain: false },
        }),
    ],
    [
      "a will message of 65,536 bytes",
      () =>
        connectPacket({
          id: "a",
          clean: true,
          keepAlive: 0,
          will: { topic: "w", message: new Uint8Array(65_536), QoS: 0, retain: false },
        }),
    ],
    ["no topic filter", () => subscriptionPacket(Packet.SUBSCRIBE, 1, [])],
    ["a subscription at QoS 3", () => subscriptionPacket(Packet.SUBSCRIBE, 1, [{ topic: "a", QoS: 3 }])],
    ["an empty topic filter", () => subscriptionPacket(Packet.UNSUBSCRIBE, 1, [{ topic: "" }])],
  ])("refuses %s", (_what, make) => {
    expect(make).toThrow(RangeError);
  });
});

describe("parsing what the oracle has generated, split at every byte", () => {
  it("CONNACK, accepting and refusing", () => {
    const connack = oracleGenerate({ cmd: "connack", sessionPresent: true, returnCode: 0 });
    expect(parseEverywhere(connack, 4)).toMatchObject({
      packet: Packet.CONNACK,
      sessionPresent: true,
      returnCode: 0,
    });
    const refusal = oracleGenerate({ cmd: "connack", sessionPresent: false, returnCode: 5 });
    expect(parseEverywhere(refusal, 4)).toMatchObject({ sessionPresent: false, returnCode: 5 });
  });

  it.each([0, 1, 2] as const)("PUBLISH at QoS %d", (qos) => {
    for (const payload of ["", "x", "y".repeat(200), "z".repeat(20_000)]) {
      const packet = oracleGenerate({
        cmd: "publish",
        topic: "home/ü",
        payload,
        qos,
        retain: qos !== 1,
        dup: qos > 0,
        ...(qos > 0 && { messageId: 513 }),
      });
      const header = parseEverywhere(packet, packet.length - payload.length);
      expect(header).toMatchObject({
        packet: Packet.PUBLISH,
        QoS: qos,
        retain: qos !== 1,
        duplicate: qos > 0,
        id: qos > 0 ? 513 : 0,
        payloadLength: payload.length,
      });
      expect(new TextDecoder().decode(packet.subarray(header.topicStart, header.topicEnd))).toBe("home/ü");
    }
  });

  it.each([
    ["puback", Packet.PUBACK],
    ["pubrec", Packet.PUBREC],
    ["pubrel", Packet.PUBREL],
    ["pubcomp", Packet.PUBCOMP],
    ["unsuback", Packet.UNSUBACK],
  ] as const)("%s", (cmd, packet) => {
    const bytes = oracleGenerate({ cmd, messageId: 65_535 } as OraclePacket);
    expect(parseEverywhere(bytes, bytes.length)).toMatchObject({ packet, id: 65_535 });
  });

  it("SUBACK with its return codes", () => {
    const bytes = oracleGenerate({ cmd: "suback", messageId: 7, granted: [0, 1, 2, 128] });
    const header = parseEverywhere(bytes, bytes.length);
    expect(header).toMatchObject({ packet: Packet.SUBACK, id: 7 });
    expect([...bytes.subarray(header.codesStart, header.codesEnd)]).toEqual([0, 1, 2, 128]);
  });

  it("PINGRESP", () => {
    expect(parseEverywhere(oracleGenerate({ cmd: "pingresp" }), 2).packet).toBe(Packet.PINGRESP);
  });

  it("our own PUBLISH and acknowledgements, mirrored", () => {
    const bytes = publish("a/b", Uint8Array.of(1, 2, 3), 1, true, true, 77);
    const header = parseEverywhere(bytes, bytes.length - 3);
    const topic = new TextDecoder().decode(bytes.subarray(header.topicStart, header.topicEnd));
    expect(
      publish(topic, Uint8Array.of(1, 2, 3), header.QoS, header.retain, header.duplicate, header.id),
    ).toEqual(bytes);
    for (const kind of [Packet.PUBACK, Packet.PUBREC, Packet.PUBREL, Packet.PUBCOMP]) {
      expect(parseEverywhere(acknowledgement(kind, 258), 4)).toMatchObject({ packet: kind, id: 258 });
    }
  });

  it("a Remaining Length that is longer than it need be, which no clause forbids", () => {
    expect(parseEverywhere(Uint8Array.of(0xd0, 0x80, 0x80, 0x00), 4).packet).toBe(Packet.PINGRESP);
  });
});

describe("refusing what MQTT 3.1.1 forbids, with the reason", () => {
  it.each<[string, number[], RegExp]>([
    ["type 0", [0x00, 0], /no server sends/],
    ["type 15", [0xf0, 0], /no server sends/],
    ["CONNECT from a server", [0x10, 12], /no server sends/],
    ["SUBSCRIBE from a server", [0x82, 5], /no server sends/],
    ["PUBLISH with QoS 3", [0x36], /MQTT-3\.3\.1-4/],
    ["PUBLISH with DUP at QoS 0", [0x38], /MQTT-3\.3\.1-2/],
    ["PUBACK with flags", [0x41], /MQTT-2\.2\.2-2/],
    ["PUBREL without its flag", [0x60], /MQTT-3\.6\.1-1/],
    ["five bytes of Remaining Length", [0x30, 0x80, 0x80, 0x80, 0x80], /2\.2\.3/],
    ["PUBLISH without room for a topic", [0x30, 2], /MQTT-3\.3\.2-1/],
    ["PUBLISH at QoS 1 without room for its id", [0x32, 4], /MQTT-3\.3\.2-1/],
    ["an empty topic", [0x30, 5, 0, 0], /MQTT-4\.7\.3-1/],
    ["a topic longer than the packet", [0x30, 5, 0, 4], /longer than the packet/],
    ["a topic of 65,535 bytes in a packet of 5", [0x30, 5, 0xff, 0xff], /longer than the packet/],
    ["PUBLISH with packet identifier 0", [0x32, 5, 0, 1, 0x61, 0, 0], /MQTT-2\.3\.1-1/],
    ["PUBACK with packet identifier 0", [0x40, 2, 0, 0], /MQTT-2\.3\.1-1/],
    ["PUBACK with a body of 3", [0x40, 3], /not 2/],
    ["CONNACK with reserved flags", [0x20, 2, 2, 0], /3\.2\.2\.1/],
    ["CONNACK with return code 6", [0x20, 2, 0, 6], /3\.2\.2\.3/],
    ["a refusal with session present", [0x20, 2, 1, 5], /MQTT-3\.2\.2-4/],
    ["SUBACK without return codes", [0x90, 2], /3\.9/],
    ["SUBACK with return code 3", [0x90, 3, 0, 1, 3], /MQTT-3\.9\.3-2/],
    ["PINGRESP with a body", [0xd0, 1], /3\.13/],
  ])("%s", (_what, bytes, reason) => {
    expect(fault(bytes)).toMatch(reason);
  });

  it("a topic or a SUBACK beyond the packet limit, before it has arrived", () => {
    expect(fault([0x30, 0xff, 0x7f, 0x02, 0x00], 256)).toMatch(/packet limit/);
    expect(fault([0x90, 0xff, 0x7f], 256)).toMatch(/packet limit/);
  });

  it("only what is longer than the packet limit, wherever in the buffer it begins", () => {
    const packet = [0x30, 6, 0, 3, 0x61, 0x62, 0x63, 0x78];
    expect(fault(packet, 6)).toMatch(/packet limit/);
    const suback = [0x90, 4, 0, 1, 0, 1];
    expect(fault(suback, 5)).toMatch(/packet limit/);
    for (const offset of [0, 9]) {
      for (const [bytes, limit] of [[packet, 7] as const, [suback, 6] as const]) {
        const buffer = Uint8Array.from([...new Array<number>(offset).fill(0), ...bytes]);
        const header = new PacketHeader();
        expect(parseHeader(buffer, offset, buffer.length, limit, header)).toBe(Parse.DONE);
      }
    }
  });

  it("both wildcards are found in a topic, and only between its bounds", () => {
    const bytes = new TextEncoder().encode("+a/b#c+");
    expect(hasWildcard(bytes, 1, 4)).toBe(false);
    expect(hasWildcard(bytes, 1, 5)).toBe(true);
    expect(hasWildcard(bytes, 0, 4)).toBe(true);
  });

  it("one header object tells of each packet what that packet says, and nothing of the one before", () => {
    const header = new PacketHeader();
    const parse = (...bytes: number[]) => {
      expect(parseHeader(Uint8Array.from(bytes), 0, bytes.length, LIMIT, header)).toBe(Parse.DONE);
      return header;
    };
    expect(parse(0x32, 6, 0, 1, 0x61, 0, 7, 0x78)).toMatchObject({ id: 7, payloadLength: 1 });
    expect(parse(0xd0, 0)).toMatchObject({ id: 0, payloadLength: 0 });
  });

  it("random bytes: never a throw, never a byte read beyond what has arrived", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (bytes, extra) => {
        const header = new PacketHeader();
        // The same beginning with different bytes behind it must give the same result.
        const behind = (fill: number) => {
          const buffer = new Uint8Array(bytes.length + extra).fill(fill);
          buffer.set(bytes);
          const result = parseHeader(buffer, 0, bytes.length, 32, header);
          return `${result} ${result === Parse.DONE ? JSON.stringify({ ...header, fault: "" }) : ""}`;
        };
        expect(behind(0x00)).toBe(behind(0xff));
        if (parseHeader(bytes, 0, bytes.length, 32, header) === Parse.DONE) {
          expect(header.length).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it("mutated packets: what the oracle and we both accept, we read alike", () => {
    const seeds: OraclePacket[] = [
      { cmd: "connack", sessionPresent: true, returnCode: 0 },
      { cmd: "publish", topic: "abc", payload: "xy", qos: 1, messageId: 5, retain: true, dup: false },
      { cmd: "publish", topic: "abc", payload: "", qos: 0, retain: false, dup: false },
      { cmd: "puback", messageId: 3 },
      { cmd: "pubrel", messageId: 3 },
      { cmd: "suback", messageId: 4, granted: [1, 128] },
      { cmd: "pingresp" },
    ];
    let agreed = 0;
    fc.assert(
      fc.property(fc.nat(seeds.length - 1), fc.nat(11), fc.nat(255), (which, at, value) => {
        const bytes = oracleGenerate(seeds[which]);
        bytes[at % bytes.length] = value;
        const header = new PacketHeader();
        if (parseHeader(bytes, 0, bytes.length, LIMIT, header) !== Parse.DONE) return;
        const packets: OraclePacket[] = [];
        const parser = mqttPacket.parser({ protocolVersion: 4 });
        parser.on("packet", (packet) => packets.push(packet));
        parser.on("error", () => {});
        parser.parse(Buffer.from(bytes));
        const packet = packets[0];
        if (packet === undefined) return; // the payload has not arrived, or the oracle is stricter
        agreed += 1;
        if (packet.cmd === "publish") {
          expect(header).toMatchObject({ QoS: packet.qos, retain: packet.retain, duplicate: packet.dup });
          expect(header.payloadLength).toBe(packet.payload.length);
        }
        if (packet.messageId !== undefined) expect(header.id).toBe(packet.messageId);
      }),
      { numRuns: 5_000 },
    );
    expect(agreed).toBeGreaterThan(500);
  });
});
