import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import mqttPacket, { type Packet } from "mqtt-packet";
import { pubackBytes, readPublish } from "../../host-sim/world/common-packets.js";

function parsed(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = [];
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (packet) => packets.push(packet));
  parser.on("error", () => {});
  parser.parse(Buffer.from(bytes));
  return packets;
}

/** What the broker looks at. */
const seen = ({ length, ...packet }: Packet & { length?: number }) =>
  JSON.stringify(
    Object.entries({
      ...packet,
      payload: undefined,
      text: String((packet as { payload?: unknown }).payload),
    }).sort(),
  );

const publishes = fc.record({
  topic: fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" }),
  payload: fc.uint8Array({ maxLength: 140 }),
  qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
  retain: fc.boolean(),
  dup: fc.boolean(),
  messageId: fc.integer({ min: 1, max: 0xffff }),
});

describe("the broker's own reading of a PUBLISH", () => {
  it("is mqtt-packet's, for every one that is short enough", () => {
    let short = 0;
    fc.assert(
      fc.property(publishes, ({ payload, ...packet }) => {
        const bytes = mqttPacket.generate({ cmd: "publish", ...packet, payload: Buffer.from(payload) });
        const ours = readPublish(new Uint8Array(bytes));
        if (bytes[1] >= 128) return expect(ours).toBeUndefined();
        short += 1;
        expect(ours && seen(ours)).toBe(seen(parsed(bytes)[0]));
      }),
    );
    expect(short).toBeGreaterThan(10);
  });

  it("is never another than mqtt-packet's, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x30, 0x31, 0x32, 0x34, 0x36, 0x3b, 0x40, 0xc0),
        fc.uint8Array({ maxLength: 12 }).map((bytes) => bytes.map((byte, i) => (i === 0 ? 0 : byte & 7))),
        fc.integer({ min: -1, max: 1 }),
        (first, rest, off) => {
          const bytes = Uint8Array.of(first, Math.max(0, rest.length + off), ...rest);
          const ours = readPublish(bytes);
          if (!ours) return;
          const theirs = parsed(bytes);
          expect(theirs).toHaveLength(1);
          expect(seen(ours)).toBe(seen(theirs[0]));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ["nothing", []],
    ["a topic of nothing", [0x30, 2, 0, 0]],
    ["QoS 3", [0x36, 5, 0, 1, 0x61, 0, 1]],
    ["a topic beyond its end", [0x30, 3, 0, 2, 0x61]],
    ["no room for its identifier", [0x32, 4, 0, 1, 0x61, 0]],
    ["more bytes behind it", [0x30, 3, 0, 1, 0x61, 0xc0, 0]],
    ["another packet", [0x40, 2, 0, 1]],
  ])("is left to mqtt-packet where there is %s", (_what, bytes) => {
    expect(readPublish(Uint8Array.from(bytes))).toBeUndefined();
  });
});

describe("the broker's own PUBACK", () => {
  it.each([1, 255, 256, 65_535])("is mqtt-packet's for identifier %d", (messageId) => {
    expect([...pubackBytes(messageId)]).toEqual([...mqttPacket.generate({ cmd: "puback", messageId })]);
  });
});
