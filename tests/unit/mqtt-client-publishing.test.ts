import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import MQTTClient from "../../firmware/mqtt/client.js";
import { ClientBench } from "../support/client.js";

const text = (value: string) => new TextEncoder().encode(value);

describe("publishing", () => {
  it("writes PUBLISH with retain, DUP and the id that was given, as one write to the socket", () => {
    const bench = new ClientBench().connect();
    const free = bench.client.write(text("21.4"), {
      topic: "a/b",
      QoS: 1,
      retain: true,
      duplicate: true,
      id: 7,
    });
    expect(free).toBeGreaterThan(0);
    bench.settle();
    expect(bench.sent).toMatchObject([
      { cmd: "publish", topic: "a/b", qos: 1, retain: true, dup: true, messageId: 7 },
    ]);
    expect(bench.writes).toHaveLength(1);
    bench.send({ cmd: "puback", messageId: 7 });
    expect(bench.controls.at(-1)).toEqual({ operation: MQTTClient.PUBACK, id: 7 });
  });

  it("writes each message as it is, whatever was written before it", () => {
    const message = fc.record({
      topic: fc.constantFrom("a/b", "a/c", "home/livingroom/temperature"),
      payload: fc.constantFrom("21.4", "21.5", "21.44", "x".repeat(200), "y".repeat(200), ""),
      QoS: fc.constantFrom(0, 1, 1, 1, 2),
      retain: fc.boolean(),
      duplicate: fc.boolean(),
      more: fc.boolean(),
      id: fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constant(undefined)),
      fails: fc.constantFrom(false, false, false, true),
    });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 14 }), (messages) => {
        const bench = new ClientBench({ packetLimit: 256 }).connect();
        const expected: Record<string, unknown>[] = [];
        for (const { topic, payload, QoS, retain, duplicate, more, id, fails } of messages) {
          // What is refused leaves no trace.
          if (fails) {
            expect(() => bench.client.write(new Uint8Array(9_000), { topic: "a/d", QoS: 1 })).toThrow(
              "overflow",
            );
          }
          const options = { topic, QoS, retain, duplicate, more, ...(id !== undefined && { id }) };
          bench.client.write(text(payload), options);
          expected.push({
            ...{ topic, retain, qos: QoS, payload: Buffer.from(payload), dup: duplicate && QoS > 0 },
            ...(QoS > 0 && id !== undefined && { messageId: id }),
          });
        }
        bench.client.flush();
        bench.settle();
        expect(bench.sent).toMatchObject(expected);
      }),
      { numRuns: 400 },
    );
  });

  it("takes a message in parts when its length is announced", () => {
    const bench = new ClientBench().connect();
    bench.client.write(text("ab"), { topic: "t", byteLength: 5 });
    bench.client.write(text("cd"));
    expect(() => bench.client.write(text("x"), { topic: "u" })).toThrow("not complete");
    expect(() => bench.client.write(text("xx"))).toThrow("not complete");
    bench.client.write(text("e"));
    bench.client.write(text("next"), { topic: "u" });
    bench.settle();
    expect(bench.sent.map((packet) => String((packet as { payload: Buffer }).payload))).toEqual([
      "abcde",
      "next",
    ]);
  });

  it("goes through QoS 2: PUBREC is answered with PUBREL, PUBCOMP is told", () => {
    const bench = new ClientBench().connect();
    bench.client.write(text("x"), { topic: "t", QoS: 2, id: 9 });
    bench.send({ cmd: "pubrec", messageId: 9 });
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["publish", "pubrel"]);
    expect(bench.sent[1].messageId).toBe(9);
    bench.send({ cmd: "pubcomp", messageId: 9 });
    expect(bench.controls.map(({ operation }) => operation)).toEqual([
      MQTTClient.CONNACK,
      MQTTClient.PUBREC,
      MQTTClient.PUBCOMP,
    ]);
  });

  it("throws on any packet that the socket has no room for", () => {
    const bench = new ClientBench().connect();
    bench.client.write(new Uint8Array(5_744 - 6), { topic: "t" });
    for (const operation of [MQTTClient.SUBSCRIBE, MQTTClient.PINGREQ, MQTTClient.DISCONNECT]) {
      expect(() => bench.client.write(null, { operation, items: [{ topic: "a" }] })).toThrow("overflow");
    }
  });

  it("throws on a message larger than the free space and writes nothing of it", () => {
    const bench = new ClientBench().connect();
    expect(() => bench.client.write(new Uint8Array(5_740), { topic: "t" })).toThrow("overflow");
    bench.client.write(text("y"), { topic: "t" });
    bench.settle();
    expect(bench.sent).toMatchObject([{ topic: "t", payload: Buffer.from("y") }]);
  });

  it.each([
    ["a wildcard in the topic", { topic: "a/+" }],
    ["an empty topic", { topic: "" }],
    ["QoS 3", { topic: "t", QoS: 3 }],
    ["packet id 65,536", { topic: "t", QoS: 1, id: 65_536 }],
    ["less length than data", { topic: "t", byteLength: 0 }],
    ["a topic beyond the packet limit", { topic: "t".repeat(600) }],
    ["packet id 0", { topic: "t", QoS: 1, id: 0 }],
    ["CONNECT by hand", { operation: 1 }],
    ["an acknowledgement without id", { operation: MQTTClient.PUBACK }],
    ["a message longer than a packet can be", { topic: "t", byteLength: 268_435_455 }],
  ])("refuses %s and goes on", (_what, options) => {
    const bench = new ClientBench().connect();
    expect(() => bench.client.write(text("x"), options)).toThrow(RangeError);
    bench.client.write(text("y"), { topic: "t" });
    bench.settle();
    expect(bench.sent).toHaveLength(1);
  });

  it("takes an ArrayBuffer as it does a Uint8Array", () => {
    const bench = new ClientBench().connect();
    bench.client.write(text("21.4").buffer as ArrayBuffer, { topic: "t" });
    bench.settle();
    expect(bench.sent).toMatchObject([{ topic: "t", payload: Buffer.from("21.4") }]);
  });

  it("refuses data without options when no message is under way", () => {
    const bench = new ClientBench().connect();
    expect(() => bench.client.write(text("x"))).toThrow("without options");
  });

  it("refuses a topic again that it has refused before", () => {
    const bench = new ClientBench().connect();
    for (let i = 0; i < 2; i++) {
      expect(() => bench.client.write(text("x"), { topic: "a/#" })).toThrow("wildcard");
    }
  });

  it("publishes to one topic and another by turns", () => {
    const bench = new ClientBench().connect();
    for (const topic of ["a", "bc", "a", "a", "bc"]) bench.client.write(text("x"), { topic });
    bench.settle();
    expect(bench.sent.map((packet) => (packet as { topic: string }).topic)).toEqual([
      "a",
      "bc",
      "a",
      "a",
      "bc",
    ]);
  });

  it("sets no DUP at QoS 0 [MQTT-3.3.1-2]", () => {
    const bench = new ClientBench().connect();
    bench.client.write(text("x"), { topic: "t", QoS: 0, duplicate: true });
    bench.settle();
    expect(bench.sent).toMatchObject([{ qos: 0, dup: false }]);
  });

  it("takes the longest topic that fits into its packet limit, and none longer", () => {
    const bench = new ClientBench({ packetLimit: 128 }).connect();
    expect(() => bench.client.write(text("x"), { topic: "t".repeat(120), QoS: 1 })).toThrow(RangeError);
    bench.client.write(text("x"), { topic: "t".repeat(119), QoS: 1 });
    bench.settle();
    expect(bench.sent).toMatchObject([{ topic: "t".repeat(119) }]);
  });

  it("keeps eight bytes of the socket free for what it has to say itself", () => {
    const bench = new ClientBench().connect();
    expect(bench.writable).toEqual([5_744 - 8]);
    expect(bench.client.write(text("x"), { topic: "t" })).toBe(5_744 - 6 - 8);
    expect(bench.client.write(new Uint8Array(5_724), { topic: "t" })).toBe(0);
  });

  it("subscribes and unsubscribes, and tells the return codes", () => {
    const bench = new ClientBench().connect();
    bench.client.write(null, {
      operation: MQTTClient.SUBSCRIBE,
      id: 3,
      items: [{ topic: "a", QoS: 1 }, { topic: "b" }],
    });
    bench.send({ cmd: "suback", messageId: 3, granted: [1, 128] });
    const suback = bench.controls.at(-1);
    expect(suback).toMatchObject({ operation: MQTTClient.SUBACK, id: 3 });
    expect([...Array.from(suback?.payload ?? [])]).toEqual([1, 128]);
    bench.client.write(null, { operation: MQTTClient.UNSUBSCRIBE, id: 4, items: [{ topic: "a" }] });
    bench.send({ cmd: "unsuback", messageId: 4, granted: [] });
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["subscribe", "unsubscribe"]);
    expect(bench.controls.at(-1)).toEqual({ operation: MQTTClient.UNSUBACK, id: 4 });
  });
});
