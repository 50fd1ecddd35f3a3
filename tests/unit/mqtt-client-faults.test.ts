import { describe, expect, it } from "@jest/globals";
import type { Packet as OraclePacket } from "mqtt-packet";
import MQTTClient from "../../firmware/mqtt/client.js";
import { Reason } from "../../firmware/mqtt/error.js";
import type { ResolverClass, TCPClass, TCPOptions } from "../../firmware/ports.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { ClientBench } from "../support/client.js";
import { virtualNode } from "../support/node.js";

const text = (value: string) => new TextEncoder().encode(value);
const publish = (more: object): OraclePacket =>
  ({ cmd: "publish", topic: "t", payload: "x", qos: 0, retain: false, dup: false, ...more }) as OraclePacket;

/** A socket whose methods the test has in its hand. */
function handSocket(write: (data: Uint8Array) => number | undefined) {
  let options: TCPOptions | undefined;
  const closed: number[] = [];
  const io = class {
    constructor(given: TCPOptions) {
      options = given;
    }
    read(): undefined {}
    write(data: Uint8Array): number | undefined {
      return write(data.slice());
    }
    close(): void {
      closed.push(1);
    }
  } as unknown as TCPClass;
  return { io, closed, options: () => options as TCPOptions };
}

describe("faults of the SDK's MQTT client that this one must not have", () => {
  it("1: an empty payload is handed over, and the next message too", () => {
    const bench = new ClientBench().connect();
    bench.send(publish({ payload: "", qos: 1, messageId: 1 }));
    bench.send(publish({ payload: "next" }));
    expect(bench.received.map(({ payload, byteLength }) => [payload, byteLength])).toEqual([
      ["", 0],
      ["next", 4],
    ]);
    expect(bench.sent).toMatchObject([{ cmd: "puback", messageId: 1 }]);
  });

  it("2: packet identifiers go from 65,535 to 1, and QoS 0 uses none up", () => {
    const bench = new ClientBench().connect();
    const ids: (number | undefined)[] = [];
    for (let i = 0; i < 65_537; i++) {
      bench.client.write(text("x"), { topic: "t", QoS: 0 });
      bench.client.write(text("x"), { topic: "t", QoS: 1 });
      bench.settle(10);
      ids.push(bench.sent[1].messageId);
      bench.sent.length = 0;
    }
    expect(ids.slice(0, 2)).toEqual([1, 2]);
    expect(ids.slice(65_533)).toEqual([65_534, 65_535, 1, 2]);
    expect(ids.includes(0)).toBe(false);
  });

  it("3: retain and DUP of an arriving message are told", () => {
    const bench = new ClientBench().connect();
    bench.send(publish({ retain: true, qos: 1, messageId: 1, dup: true }));
    bench.send(publish({ qos: 1, messageId: 2 }));
    expect(bench.received.map(({ retain, duplicate }) => [retain, duplicate])).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it("4: close during name resolution, in every callback, and twice: nothing throws later", () => {
    const resolving = new ClientBench();
    resolving.client.close();
    resolving.settle(60_000);
    expect(resolving.net.connects).toBe(0);
    expect(resolving.errors).toEqual([]);

    const inReadable = new ClientBench().connect();
    inReadable.onMessage = (client) => client.close();
    inReadable.send(publish({ qos: 1, messageId: 1 }));
    inReadable.send(publish({}));
    expect(inReadable.received).toHaveLength(1);
    expect(inReadable.errors).toEqual([]);

    const inControl = new ClientBench();
    inControl.onControl = (client) => client.close();
    inControl.connect();
    inControl.settle(60_000);
    expect(inControl.writable).toEqual([]);
    expect(inControl.peerClosed).toBe(true);
  });

  it("5: a refused CONNACK keeps its return code, and bytes behind it do no harm", () => {
    const bench = new ClientBench();
    bench.settle();
    bench.sendBytes([0x20, 2, 0, 4, 0xd0, 0, 0xff]);
    expect(bench.errors).toHaveLength(1);
    expect(bench.errors[0]).toMatchObject({ reason: Reason.REFUSED, returnCode: 4 });
  });

  it("6: a repeated QoS 2 message is handed over once, and QoS 3 is refused", () => {
    const bench = new ClientBench().connect();
    bench.send(publish({ qos: 2, messageId: 3 }));
    bench.send(publish({ qos: 2, messageId: 3, dup: true }));
    expect(bench.received).toHaveLength(1);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["pubrec", "pubrec"]);
    bench.send({ cmd: "pubrel", messageId: 3 });
    bench.send(publish({ qos: 2, messageId: 3 }));
    expect(bench.received).toHaveLength(2);
    bench.sendBytes([0x36, 5, 0, 1, 0x74, 0, 1]);
    expect(bench.errors[0].message).toContain("MQTT-3.3.1-4");
  });

  it("7: a topic length beyond the packet is not believed, and a topic that is no UTF-8 does not throw", () => {
    const long = new ClientBench().connect();
    long.sendBytes([0x30, 5, 0xff, 0xff, 0x61]);
    expect(long.errors[0]).toMatchObject({ reason: Reason.PROTOCOL });
    const invalid = new ClientBench().connect();
    invalid.sendBytes([0x30, 4, 0, 2, 0xc3, 0x28]);
    expect(invalid.errors[0]).toMatchObject({
      reason: Reason.PROTOCOL,
      message: expect.stringContaining("MQTT-1.5.3-1"),
    });
  });

  it("8: the deadline runs until CONNACK, whatever is waited for, with keep-alive off too", () => {
    const silent = new ClientBench({ connectTimeout: 5_000, keepAlive: 0 });
    silent.settle(4_999);
    expect(silent.sent).toHaveLength(1);
    expect(silent.errors).toEqual([]);
    silent.settle(2);
    expect(silent.errors[0]).toMatchObject({
      reason: Reason.TIMEOUT,
      message: expect.stringContaining("said nothing"),
    });

    const unresolved = new ClientBench({ connectTimeout: 5_000 });
    unresolved.net.blackHole = true;
    unresolved.settle(5_001);
    expect(unresolved.errors[0]).toMatchObject({
      reason: Reason.TIMEOUT,
      message: expect.stringContaining("name server"),
    });

    const unconnected = new ClientBench({ connectTimeout: 5_000 });
    unconnected.settle(8);
    unconnected.net.blackHole = true;
    unconnected.settle(5_001);
    expect(unconnected.errors[0]).toMatchObject({
      reason: Reason.TIMEOUT,
      message: expect.stringContaining("no connection"),
    });
  });

  it("9: no will flag without a will, and no password without a user name", () => {
    const bench = new ClientBench({ clean: true });
    bench.settle();
    expect(bench.sent[0]).not.toHaveProperty("will");
    expect(() => new ClientBench({ password: "p" })).toThrow("MQTT-3.1.2-22");
  });

  it("10: after a write on a failed socket nothing more is taken for writable", () => {
    const clock = new VirtualClock();
    let failed = false;
    const socket = handSocket((data) => (failed ? undefined : 1_000 - data.length));
    const resolver = class {
      resolve({ host, onResolved }: { host: string; onResolved(host: string, address: string): void }): void {
        clock.timer.set(() => onResolved(host, "10.0.0.1"), 1);
      }
    } as unknown as ResolverClass;
    const client = new MQTTClient({
      host: "h",
      id: "a",
      timer: clock.timer,
      clock,
      dns: { io: resolver },
      socket: { io: socket.io },
    });
    clock.run(10);
    const { onWritable, onReadable } = socket.options();
    onWritable.call({} as never, 1_000);
    const connack = Uint8Array.of(0x20, 2, 0, 0);
    (socket.io.prototype as { read: unknown }).read = (into: Uint8Array) => into.set(connack);
    onReadable.call({} as never, 4);
    failed = true;
    expect(client.write(text("x"), { topic: "t" })).toBe(0);
    expect(() => client.write(text("x"), { topic: "t" })).toThrow("overflow");
  });

  it("11: a packet is one write to the socket, of whatever kind", () => {
    const bench = new ClientBench({ will: { topic: "w", message: "m" }, user: "u", password: "p" });
    bench.settle();
    expect(bench.writes).toHaveLength(1);
    bench.connect();
    bench.client.write(text("x"), { topic: "t", QoS: 1 });
    bench.client.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: "a" }, { topic: "b" }] });
    bench.client.write(null, { operation: MQTTClient.UNSUBSCRIBE, items: [{ topic: "a" }, { topic: "b" }] });
    bench.client.write(null, { operation: MQTTClient.PINGREQ });
    bench.settle();
    expect(bench.writes).toHaveLength(4);
  });

  it("12: any packet is a sign of life, publishing postpones PINGREQ, and silence is found within one keep-alive", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    // Acknowledged publishing: no PINGREQ is needed.
    for (let i = 0; i < 20; i++) {
      bench.client.write(text("x"), { topic: "t", QoS: 1, id: 1 });
      bench.settle(1_000);
      bench.send({ cmd: "puback", messageId: 1 }, 1_000);
    }
    expect(bench.sent.filter(({ cmd }) => cmd === "pingreq")).toEqual([]);
    // Publishing into silence: PINGREQ after half a keep-alive, the end after a whole one.
    const silentSince = bench.clock.elapsed;
    while (bench.errors.length === 0) {
      if (bench.clock.elapsed - silentSince > 60_000) throw new Error("never found");
      try {
        bench.client.write(text("x"), { topic: "t", QoS: 0 });
      } catch {
        // closed
      }
      bench.settle(500);
    }
    expect(bench.sent.some(({ cmd }) => cmd === "pingreq")).toBe(true);
    expect(bench.errors[0].reason).toBe(Reason.TIMEOUT);
    expect(bench.clock.elapsed - silentSince).toBeLessThanOrEqual(20_500);
  });

  it("12: a PINGREQ also goes out while only the broker sends [MQTT-3.1.2-23]", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    for (let i = 0; i < 20; i++) bench.send(publish({}), 1_000);
    expect(bench.sent.filter(({ cmd }) => cmd === "pingreq").length).toBeGreaterThanOrEqual(1);
    expect(bench.errors).toEqual([]);
  });

  it("13: PUBACK comes after the application has the data, and session present is told", () => {
    const bench = new ClientBench({ clean: false }).connect(true);
    expect(bench.controls[0].sessionPresent).toBe(true);
    let acknowledgedBefore: number | undefined;
    bench.onMessage = () => {
      acknowledgedBefore = bench.sent.length;
    };
    bench.send(publish({ qos: 1, messageId: 1 }));
    expect(acknowledgedBefore).toBe(0);
    expect(bench.sent).toMatchObject([{ cmd: "puback" }]);
  });

  it("14: an orderly end says DISCONNECT, so that no will is published", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(5_000);
    node.stop(() => {});
    board.clock.run(2_000);
    expect(broker.log.at(-1)).toMatch(/:disconnect$/);
    // The goodbye is the node's own; the will would be a second `offline`.
    expect(broker.payloads("home/livingroom/status")).toEqual(["online", "offline"]);
  });

  it("14: attempts are spread by jitter, the queue is bounded, and a refused subscription is told", () => {
    const { board, broker, journal, node } = virtualNode(
      { queue: 16, interval: "1s" },
      { subscriptions: [{ topic: "home/x", QoS: 1, onMessage: () => {} }] },
    );
    broker.returnCode = 3;
    node.start();
    board.clock.run(120_000);
    expect(new Set(journal.retries.map((retry) => Math.round(retry))).size).toBeGreaterThan(3);
    broker.returnCode = 0;
    broker.mute.add("suback");
    board.clock.runUntil(() => broker.log.some((line) => line.endsWith(":subscribe")));
    const id = broker.clients[0];
    broker.inject(id, Uint8Array.of(0x90, 5, 0xff, 0x01, 0x00, 0x00, 0x80));
    board.clock.run(5_000);
    expect(journal.warnings).toContain("the broker refuses the subscription to home/x");
    expect(broker.payloads("home/livingroom/temperature").length).toBeLessThan(16 + 10);
  });
});
