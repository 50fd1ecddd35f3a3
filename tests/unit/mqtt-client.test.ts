import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import mqttPacket, { type Packet as OraclePacket } from "mqtt-packet";
import MQTTClient from "../../firmware/mqtt/client.js";
import { Reason } from "../../firmware/mqtt/error.js";
import { Session } from "../../firmware/mqtt/session.js";
import { ClientBench } from "../support/client.js";

const text = (value: string) => new TextEncoder().encode(value);

describe("connecting", () => {
  it("sends CONNECT with what the options say, and tells CONNACK with session present", () => {
    const bench = new ClientBench({
      id: "hearth-1",
      clean: false,
      keepAlive: 30_000,
      user: "u",
      password: "p",
      will: { topic: "t/status", message: "offline", QoS: 1, retain: true },
    });
    bench.settle();
    expect(bench.sent[0]).toMatchObject({
      cmd: "connect",
      clientId: "hearth-1",
      clean: false,
      keepalive: 30,
      username: "u",
    });
    expect(bench.sent[0]).toMatchObject({ will: { topic: "t/status", qos: 1, retain: true } });
    bench.send({ cmd: "connack", sessionPresent: true, returnCode: 0 });
    expect(bench.controls).toEqual([{ operation: MQTTClient.CONNACK, sessionPresent: true }]);
    expect(bench.writable.length).toBe(1);
  });

  it("cannot be written to before CONNACK", () => {
    const bench = new ClientBench();
    bench.settle();
    expect(() => bench.client.write(text("x"), { topic: "t" })).toThrow("not connected");
  });

  it.each([
    [1, /3\.1\.1/],
    [2, /client id/],
    [3, /unavailable/],
    [4, /bad user name or password/],
    [5, /not authorized/],
  ])("reports return code %d with its meaning, and is closed", (returnCode, meaning) => {
    const bench = new ClientBench();
    bench.settle();
    bench.send({ cmd: "connack", sessionPresent: false, returnCode });
    expect(bench.errors).toHaveLength(1);
    expect(bench.errors[0]).toMatchObject({
      reason: Reason.REFUSED,
      returnCode,
      message: expect.stringMatching(meaning),
    });
    expect(bench.peerClosed).toBe(true);
  });

  it("reports an unknown name, a refused connection and a connection that closes, each with its reason", () => {
    const unknown = new ClientBench({ host: "nowhere.test" });
    unknown.settle();
    expect(unknown.errors[0]).toMatchObject({
      reason: Reason.NAME,
      message: expect.stringContaining("nowhere.test"),
    });
    const refused = new ClientBench({ port: 1884 });
    refused.settle();
    expect(refused.errors[0]).toMatchObject({
      reason: Reason.SOCKET,
      message: expect.stringContaining("refused"),
    });
    const closed = new ClientBench();
    closed.settle();
    closed.closePeer();
    expect(closed.errors[0]).toMatchObject({
      reason: Reason.SOCKET,
      message: expect.stringContaining("CONNECT"),
    });
  });

  it.each([
    ["no host", { host: "" }],
    ["a password without user", { password: "p" }],
    ["an empty id and a kept session", { id: "", clean: false }],
    ["a keep-alive beyond 65,535 s", { keepAlive: 65_536_000 }],
    ["a packet limit of nothing", { packetLimit: 0 }],
  ])("refuses %s in the constructor, with nothing opened", (_what, options) => {
    expect(() => new ClientBench(options)).toThrow(RangeError);
  });

  it("refuses a first packet that is not CONNACK, and a second CONNACK", () => {
    const bench = new ClientBench();
    bench.settle();
    bench.send({ cmd: "pingresp" });
    expect(bench.errors[0]).toMatchObject({
      reason: Reason.PROTOCOL,
      message: expect.stringContaining("MQTT-3.2.0-1"),
    });
    const second = new ClientBench().connect();
    second.send({ cmd: "connack", sessionPresent: false, returnCode: 0 });
    expect(second.errors[0].reason).toBe(Reason.PROTOCOL);
  });
});

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
    ["CONNECT by hand", { operation: 1 }],
  ])("refuses %s and goes on", (_what, options) => {
    const bench = new ClientBench().connect();
    expect(() => bench.client.write(text("x"), options)).toThrow(RangeError);
    bench.client.write(text("y"), { topic: "t" });
    bench.settle();
    expect(bench.sent).toHaveLength(1);
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

describe("receiving", () => {
  const message: OraclePacket = {
    cmd: "publish",
    topic: "home/ü",
    payload: "hello world",
    qos: 1,
    messageId: 5,
    retain: true,
    dup: true,
  };

  it("hands over topic, flags, length and payload, then acknowledges", () => {
    const bench = new ClientBench().connect();
    bench.send(message);
    expect(bench.received).toEqual([
      {
        topic: "home/ü",
        payload: "hello world",
        QoS: 1,
        retain: true,
        duplicate: true,
        byteLength: 11,
        pieces: 1,
      },
    ]);
    expect(bench.sent).toMatchObject([{ cmd: "puback", messageId: 5 }]);
  });

  it("reads into the caller's buffer, and less than there is when asked for less", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    const into = new Uint8Array(4);
    const seen: unknown[] = [];
    bench.onMessage = (client) => {
      seen.push(
        client.read(into),
        new TextDecoder().decode(into),
        client.read(2),
        client.read(),
        client.read(),
      );
    };
    bench.send({ ...message, payload: "abcdefgh" } as OraclePacket);
    expect(seen[0]).toBe(4);
    expect(seen[1]).toBe("abcd");
    expect(new TextDecoder().decode(seen[2] as ArrayBuffer)).toBe("ef");
    expect(new TextDecoder().decode(seen[3] as ArrayBuffer)).toBe("gh");
    expect(seen[4]).toBeUndefined();
  });

  it("streams a message of a megabyte through a buffer of 128 bytes", () => {
    const bench = new ClientBench({ packetLimit: 128 }).connect();
    const payload = "0123456789abcdef".repeat(65_536);
    bench.send({ ...message, payload } as OraclePacket);
    expect(bench.received[0].payload === payload).toBe(true);
    expect(bench.received[0].pieces).toBeGreaterThan(8_000);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["puback"]);
  });

  it("does not acknowledge before the application has read, and takes nothing more from the socket", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    bench.send(message);
    bench.send({ ...message, payload: "second", messageId: 6 } as OraclePacket);
    expect(bench.sent).toEqual([]);
    expect(bench.received).toHaveLength(1);
    bench.read(11);
    bench.settle();
    expect(bench.received).toHaveLength(2);
    expect(bench.sent).toMatchObject([{ cmd: "puback", messageId: 5 }]);
    bench.read(6);
    bench.settle();
    expect(bench.sent).toMatchObject([{ messageId: 5 }, { messageId: 6 }]);
  });

  it("waits with the acknowledgement until the socket has room for it", () => {
    const bench = new ClientBench().connect();
    const header = 6;
    bench.client.write(new Uint8Array(5_744 - header), { topic: "t" });
    bench.net.latency = 1; // the message overtakes the news that the socket has room again
    bench.send(message, 2);
    expect(bench.received).toHaveLength(1);
    expect(bench.sent).toEqual([]);
    bench.settle();
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["publish", "puback"]);
  });

  it("is the same however the stream is split", () => {
    const packets: OraclePacket[] = [
      { cmd: "publish", topic: "a", payload: "", qos: 0, retain: false, dup: false },
      {
        cmd: "publish",
        topic: "b/c",
        payload: "payload of b",
        qos: 1,
        messageId: 1,
        retain: true,
        dup: false,
      },
      { cmd: "pingresp" },
      {
        cmd: "publish",
        topic: "d",
        payload: "x".repeat(700),
        qos: 2,
        messageId: 2,
        retain: false,
        dup: false,
      },
      { cmd: "pubrel", messageId: 2 },
      { cmd: "suback", messageId: 3, granted: [0] },
    ];
    const stream = Buffer.concat(packets.map((packet) => mqttPacket.generate(packet)));
    const outcome = (bench: ClientBench) =>
      JSON.stringify([
        bench.received.map(({ pieces: _pieces, ...rest }) => rest),
        bench.controls,
        bench.sent.map(({ cmd, messageId }) => [cmd, messageId]),
        bench.errors,
      ]);
    const whole = new ClientBench().connect();
    whole.sendBytes(stream);
    expect(whole.received).toHaveLength(3);
    for (let at = 1; at < stream.length; at++) {
      const bench = new ClientBench().connect();
      bench.sendBytes(stream.subarray(0, at));
      bench.sendBytes(stream.subarray(at));
      expect(outcome(bench)).toBe(outcome(whole));
    }
    for (const size of [1, 2, 3, 7]) {
      const bench = new ClientBench().connect();
      bench.net.segment = size;
      bench.sendBytes(stream);
      expect(outcome(bench)).toBe(outcome(whole));
    }
  });

  it("survives random bytes: no throw out of a callback, at most one error, and then closed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }),
        fc.boolean(),
        (chunks, connected) => {
          const bench = new ClientBench({ packetLimit: 128 });
          bench.settle();
          if (connected) bench.send({ cmd: "connack", sessionPresent: false, returnCode: 0 });
          for (const chunk of chunks) bench.sendBytes(chunk);
          expect(bench.errors.length).toBeLessThanOrEqual(1);
          if (bench.errors.length === 1) expect(bench.peerClosed).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("refuses a topic with a wildcard", () => {
    const bench = new ClientBench().connect();
    bench.sendBytes([0x30, 4, 0, 1, 0x2b, 0x78]);
    expect(bench.errors[0]).toMatchObject({
      reason: Reason.PROTOCOL,
      message: expect.stringContaining("MQTT-3.3.2-2"),
    });
  });

  it("keeps QoS 2 identifiers in the session across connections, until the broker has forgotten it", () => {
    const session = new Session();
    const arriving: OraclePacket = {
      cmd: "publish",
      topic: "t",
      payload: "x",
      qos: 2,
      messageId: 8,
      retain: false,
      dup: false,
    };
    const first = new ClientBench({ session }).connect();
    first.send(arriving);
    expect(first.received).toHaveLength(1);
    first.client.close();
    const second = new ClientBench({ session }).connect(true);
    second.send({ ...arriving, dup: true } as OraclePacket);
    expect(second.received).toHaveLength(0);
    expect(second.sent).toMatchObject([{ cmd: "pubrec", messageId: 8 }]);
    const third = new ClientBench({ session }).connect(false);
    third.send(arriving);
    expect(third.received).toHaveLength(1);
  });
});

describe("ending", () => {
  it("says DISCONNECT when told to, and closes twice without harm", () => {
    const bench = new ClientBench().connect();
    bench.client.write(null, { operation: MQTTClient.DISCONNECT });
    bench.client.close();
    bench.client.close();
    bench.settle();
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["disconnect"]);
    expect(bench.peerClosed).toBe(true);
    expect(bench.errors).toEqual([]);
  });

  it("leaves no timer behind", () => {
    const bench = new ClientBench({ keepAlive: 10_000 }).connect();
    bench.client.close();
    bench.settle(600_000);
    expect(bench.sent).toEqual([]);
    expect(bench.errors).toEqual([]);
  });
});
