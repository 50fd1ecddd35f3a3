import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import mqttPacket, { type Packet as OraclePacket } from "mqtt-packet";
import MQTTClient from "../../firmware/mqtt/client.js";
import { type MQTTError, Reason } from "../../firmware/mqtt/error.js";
import { Session } from "../../firmware/mqtt/session.js";
import type { ResolverClass, TCPClass, TCPOptions, Timer } from "../../firmware/ports.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { ClientBench } from "../support/client.js";

const text = (value: string) => new TextEncoder().encode(value);

/** A client on a socket whose callbacks the test calls itself; its name is resolved. */
function onHandSocket(write: (data: Uint8Array) => number) {
  const clock = new VirtualClock();
  const net = new VirtualNetwork(clock);
  const errors: MQTTError[] = [];
  const writable: number[] = [];
  let socket: TCPOptions | undefined;
  let arriving = new Uint8Array(0);
  const io = class {
    constructor(options: TCPOptions) {
      socket = options;
    }
    read(into: Uint8Array): void {
      into.set(arriving.subarray(0, into.length));
      arriving = arriving.slice(into.length);
    }
    write = write;
    close(): void {}
  } as unknown as TCPClass;
  const client = new MQTTClient({
    host: "10.0.0.1",
    id: "a",
    timer: clock.timer,
    clock,
    dns: { io: net.Resolver },
    socket: { io },
    onReadable: () => {}, // leaves it all unread
    onWritable: (count) => writable.push(count),
    onError: (error) => errors.push(error as MQTTError),
  });
  clock.run(100);
  return {
    client,
    errors,
    writable,
    /** Bytes that the client has not taken. */
    left: () => arriving.length,
    room: (count: number) => socket?.onWritable?.call({} as never, count),
    arrive(...bytes: number[]) {
      arriving = Uint8Array.from(bytes);
      socket?.onReadable?.call({} as never, bytes.length);
    },
  };
}

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
    ["a negative keep-alive", { keepAlive: -1_000 }],
    ["a packet limit of nothing", { packetLimit: 0 }],
    ["a packet limit of 65,536", { packetLimit: 65_536 }],
  ])("refuses %s in the constructor, with nothing opened", (_what, options) => {
    expect(() => new ClientBench(options)).toThrow(RangeError);
  });

  it("asks for a clean session and sets no keep-alive unless told otherwise", () => {
    const bench = new ClientBench();
    bench.settle();
    expect(bench.sent[0]).toMatchObject({ clean: true, keepalive: 0 });
  });

  it("rounds the keep-alive up to whole seconds, so that a short one is not taken for none", () => {
    const bench = new ClientBench({ keepAlive: 500 });
    bench.settle();
    expect(bench.sent[0]).toMatchObject({ keepalive: 1 });
  });

  it("waits for CONNACK for 30 s unless told otherwise", () => {
    const bench = new ClientBench();
    bench.settle(29_999);
    expect(bench.errors).toEqual([]);
    bench.settle(2);
    expect(bench.errors[0].reason).toBe(Reason.TIMEOUT);
  });

  it("reports a socket that cannot be made", () => {
    const io = class {
      constructor() {
        throw new Error("too many sockets");
      }
    } as unknown as TCPClass;
    const bench = new ClientBench({ socket: { io } });
    bench.settle();
    expect(bench.errors).toHaveLength(1);
    expect(bench.errors[0]).toMatchObject({
      reason: Reason.SOCKET,
      message: expect.stringContaining("too many sockets"),
    });
  });

  it("waits with CONNECT until the socket has room for all of it", () => {
    const written: number[] = [];
    const { errors, room } = onHandSocket((data) => written.push(data.length));
    room(5);
    expect(written).toEqual([]);
    room(1_000);
    expect(written).toEqual([15]);
    expect(errors).toEqual([]);
  });

  it("takes a socket that throws at CONNECT for one that has failed, whose word is on the way", () => {
    const { errors, room } = onHandSocket(() => {
      throw new Error("not ready");
    });
    expect(() => room(1_000)).not.toThrow();
    expect(errors).toEqual([]);
  });

  it("does not say that there is room while there is only what it keeps for itself", () => {
    const { room, arrive, writable } = onHandSocket(() => 8);
    room(1_000);
    arrive(0x20, 2, 0, 0);
    room(8);
    expect(writable).toEqual([]);
    room(9);
    expect(writable).toEqual([1]);
  });

  it("throws what a resolver throws that cannot be made, and reports nothing later", () => {
    const clock = new VirtualClock();
    const net = new VirtualNetwork(clock);
    const io = class {
      constructor() {
        throw new Error("no resolver");
      }
    } as unknown as ResolverClass;
    const errors: unknown[] = [];
    const make = () =>
      new MQTTClient({
        host: "h",
        id: "a",
        timer: clock.timer,
        clock,
        dns: { io },
        socket: { io: net.TCP },
        onError: (error) => errors.push(error),
      });
    expect(make).toThrow("no resolver");
    clock.run(60_000);
    expect(errors).toEqual([]);
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

  it("reads into a longer buffer what there is, and gives no more than that when asked for more", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    const into = new ArrayBuffer(6);
    const seen: unknown[] = [];
    bench.onMessage = (client) => {
      seen.push(seen.length === 0 ? client.read(into) : client.read(100));
    };
    bench.send({ ...message, payload: "abcd" } as OraclePacket);
    bench.send({ ...message, payload: "efg" } as OraclePacket);
    expect(seen[0]).toBe(4);
    expect(new TextDecoder().decode(into)).toBe("abcd\0\0");
    expect(new TextDecoder().decode(seen[1] as ArrayBuffer)).toBe("efg");
  });

  it("refuses a count of 0 or less", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    bench.send(message);
    expect(() => bench.client.read(0)).toThrow(RangeError);
    expect(() => bench.client.read(-1)).toThrow(RangeError);
    bench.read(11);
    expect(bench.received[0].payload).toBe("hello world");
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

  it("leaves what comes after an unread message in the socket", () => {
    const { arrive, left, room } = onHandSocket(() => 1_000);
    room(1_000);
    arrive(0x20, 2, 0, 0);
    arrive(0x30, 4, 0, 1, 0x74, 0x31);
    expect(left()).toBe(0);
    arrive(0x30, 4, 0, 1, 0x74, 0x32);
    expect(left()).toBe(6);
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

  it("leaves in the socket what it has no room to acknowledge, and loses none of it", () => {
    const bench = new ClientBench({ packetLimit: 128 }).connect();
    bench.client.write(new Uint8Array(5_744 - 6), { topic: "t" });
    bench.net.latency = 1;
    const ids = Array.from({ length: 40 }, (_, index) => index + 1);
    bench.sendBytes(
      ids.flatMap((id) => [0x32, 6, 0, 1, 0x74, 0, id, 0x78]),
      2,
    );
    expect(bench.received).toHaveLength(1);
    bench.settle();
    expect(bench.errors).toEqual([]);
    expect(bench.received).toHaveLength(40);
    expect(bench.sent.slice(1).map(({ cmd, messageId }) => [cmd, messageId])).toEqual(
      ids.map((id) => ["puback", id]),
    );
  });

  it("waits with PUBREL and PUBCOMP until the socket has room for them", () => {
    const bench = new ClientBench().connect();
    bench.client.write(new Uint8Array(5_744 - 6), { topic: "t" });
    bench.net.latency = 1;
    bench.sendBytes([0x50, 2, 0, 1, 0x62, 2, 0, 2], 2);
    expect(bench.controls).toHaveLength(1); // CONNACK
    bench.settle();
    expect(bench.errors).toEqual([]);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["publish", "pubrel", "pubcomp"]);
  });

  it("does not acknowledge into a message that is being written in parts", () => {
    const bench = new ClientBench().connect();
    bench.client.write(text("ab"), { topic: "t", byteLength: 4 });
    bench.send(message);
    bench.send({ cmd: "pubrel", messageId: 9 });
    bench.client.write(text("cd"));
    bench.settle();
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["publish", "puback", "pubcomp"]);
  });

  it("takes a header of one byte less than its packet limit, and refuses a longer one", () => {
    const packet = (topic: string): OraclePacket => ({ ...message, topic, payload: "x" }) as OraclePacket;
    const bench = new ClientBench({ packetLimit: 128 }).connect();
    bench.send(packet("t".repeat(121)));
    expect(bench.received).toMatchObject([{ payload: "x" }]);
    bench.send(packet("t".repeat(122)));
    expect(bench.errors[0].message).toContain("packet limit");
  });

  it("drops what nobody listens to, and acknowledges it", () => {
    const bench = new ClientBench({ onReadable: undefined } as object).connect();
    bench.send(message);
    bench.send({ ...message, qos: 2, messageId: 6 } as OraclePacket);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["puback", "pubrec"]);
  });

  it("is told the return codes of SUBACK in bytes of its own", () => {
    const bench = new ClientBench().connect();
    bench.send({ cmd: "suback", messageId: 3, granted: [1, 128] });
    bench.send({ ...message, payload: "z".repeat(600) } as OraclePacket);
    expect(Array.from(bench.controls[1].payload ?? [])).toEqual([1, 128]);
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

  it("tells of a message with the first byte of its payload, and not before", () => {
    const bench = new ClientBench().connect();
    bench.sendBytes([0x30, 4, 0, 1, 0x74]);
    expect(bench.received).toEqual([]);
    bench.sendBytes([0x31]);
    expect(bench.received).toMatchObject([{ payload: "1" }]);
  });

  it("goes on after a callback that has thrown", () => {
    const bench = new ClientBench().connect();
    bench.onMessage = () => {
      bench.onMessage = undefined;
      throw new Error("the application's");
    };
    expect(() => bench.send(message)).toThrow("the application's");
    bench.read(11);
    bench.send({ ...message, messageId: 6 } as OraclePacket);
    expect(bench.received).toHaveLength(2);
    expect(bench.sent).toMatchObject([{ messageId: 5 }, { messageId: 6 }]);
  });

  it("says that there is room after CONNACK, and not after every packet", () => {
    const bench = new ClientBench().connect();
    bench.send({ cmd: "pingresp" });
    expect(bench.writable).toHaveLength(1);
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

describe("receiving at QoS 2", () => {
  const arriving = (messageId: number, payload = "x"): OraclePacket => ({
    cmd: "publish",
    topic: "t",
    payload,
    qos: 2,
    messageId,
    retain: false,
    dup: false,
  });

  it("hands an empty message over once too", () => {
    const bench = new ClientBench().connect();
    bench.send(arriving(3, ""));
    bench.send(arriving(3, ""));
    expect(bench.received).toHaveLength(1);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["pubrec", "pubrec"]);
    expect(bench.errors).toEqual([]);
  });

  it("drops of a repetition no more than it is long", () => {
    const bench = new ClientBench().connect();
    bench.send(arriving(3));
    const repetition = mqttPacket.generate(arriving(3));
    bench.sendBytes(Buffer.concat([repetition, mqttPacket.generate(arriving(4, "next"))]));
    expect(bench.received.map(({ payload }) => payload)).toEqual(["x", "next"]);
  });

  it("takes a message for handed over once it has been read, acknowledged or not", () => {
    const session = new Session();
    const bench = new ClientBench({ session }).connect();
    bench.reading = false;
    bench.send(arriving(3));
    expect(session.has(3)).toBe(false);
    bench.read(1);
    bench.client.close();
    expect(session.has(3)).toBe(true);
  });

  it("forgets the message that is released, and no other", () => {
    const session = new Session();
    for (const id of [5, 6]) session.add(id);
    for (const id of [6, 7]) session.delete(id);
    expect([5, 6, 7].map((id) => session.has(id))).toEqual([true, false, false]);
  });

  it("refuses the thirty-third that is not released, and counts no QoS 1 among them", () => {
    const bench = new ClientBench().connect();
    for (let id = 101; id <= 140; id++) bench.send({ ...arriving(id), qos: 1 } as OraclePacket);
    for (let id = 1; id <= 32; id++) bench.send(arriving(id));
    expect(bench.received).toHaveLength(72);
    bench.send({ cmd: "pubrel", messageId: 7 });
    bench.send(arriving(33));
    expect(bench.errors).toEqual([]);
    bench.send(arriving(34));
    expect(bench.errors[0]).toMatchObject({
      reason: Reason.PROTOCOL,
      message: expect.stringContaining("QoS 2"),
    });
  });
});

describe("keeping alive", () => {
  it("asks after half a keep-alive of silence, and gives up after a whole one", () => {
    const bench = new ClientBench({ keepAlive: 20_000 });
    bench.settle(100);
    bench.send({ cmd: "connack", sessionPresent: false, returnCode: 0 }, 5);
    bench.settle(9_990);
    expect(bench.sent).toHaveLength(1);
    bench.settle(100);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["connect", "pingreq"]);
    bench.settle(9_800);
    expect(bench.errors).toEqual([]);
    bench.settle(200);
    expect(bench.errors[0].reason).toBe(Reason.TIMEOUT);
  });

  it("goes on for as long as it is answered", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    let answered = 0;
    for (let second = 0; second < 200; second++) {
      bench.settle(1_000);
      for (; answered < bench.sent.length; answered++) bench.send({ cmd: "pingresp" });
    }
    expect(bench.errors).toEqual([]);
    expect(bench.sent.length).toBeGreaterThanOrEqual(13); // [MQTT-3.1.2-23] at the least
    expect(bench.sent.length).toBeLessThanOrEqual(21);
  });

  it("finds silence also while the application itself asks again and again", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    for (let second = 0; second < 21 && bench.errors.length === 0; second++) {
      bench.client.write(null, { operation: MQTTClient.PINGREQ });
      bench.settle(1_000);
    }
    expect(bench.errors[0]?.reason).toBe(Reason.TIMEOUT);
  });

  it("does not ask in the middle of a message that is written in parts, and finds silence then too", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    bench.client.write(text("ab"), { topic: "t", byteLength: 4 });
    bench.settle(17_000);
    bench.client.write(text("cd"));
    bench.settle(1_000);
    expect(bench.sent).toMatchObject([{ cmd: "publish", payload: Buffer.from("abcd") }]);
    bench.settle(4_000);
    expect(bench.errors[0].reason).toBe(Reason.TIMEOUT);
  });

  it("finds silence while the socket has no room for PINGREQ", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    bench.net.blackHole = true;
    bench.client.write(new Uint8Array(5_744 - 6), { topic: "t" });
    bench.settle(20_500);
    expect(bench.errors[0].reason).toBe(Reason.TIMEOUT);
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

  it("ends for good inside a callback: nothing that came with the message is told, nothing can be read", () => {
    const bench = new ClientBench().connect();
    let read: unknown = "not called";
    bench.reading = false;
    bench.onMessage = (client) => {
      client.close();
      read = client.read();
    };
    bench.sendBytes([0x30, 4, 0, 1, 0x74, 0x31, 0x30, 4, 0, 1, 0x74, 0x32]);
    expect(bench.received).toHaveLength(1);
    expect(read).toBeUndefined();
  });

  it("ends for good inside a callback that has read: the next message is not told", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    bench.onMessage = (client) => {
      client.read();
      client.close();
    };
    bench.sendBytes([0x30, 4, 0, 1, 0x74, 0x31, 0x30, 4, 0, 1, 0x74, 0x32]);
    expect(bench.received).toHaveLength(1);
  });

  it("clears the timers that it has set", () => {
    const clock = new VirtualClock();
    const running = new Set<unknown>();
    const timer: Timer = {
      set(callback, delay) {
        const handle = clock.timer.set(() => {
          running.delete(handle);
          callback();
        }, delay);
        running.add(handle);
        return handle;
      },
      clear(handle) {
        running.delete(handle);
        clock.timer.clear(handle);
      },
    };
    const connecting = new ClientBench({ timer });
    expect(running.size).toBe(1);
    connecting.client.close();
    expect(running.size).toBe(0);
    const connected = new ClientBench({ timer, keepAlive: 10_000 }).connect();
    expect(running.size).toBe(1);
    connected.reading = false;
    connected.send({ cmd: "publish", topic: "t", payload: "x", qos: 0, retain: false, dup: false });
    connected.client.read();
    expect(running.size).toBe(2);
    connected.client.close();
    expect(running.size).toBe(0);
  });

  it("does nothing any more once it is closed", () => {
    const bench = new ClientBench({ keepAlive: 10_000 }).connect();
    bench.client.close();
    bench.settle(600_000);
    expect(bench.sent).toEqual([]);
    expect(bench.errors).toEqual([]);
  });
});
