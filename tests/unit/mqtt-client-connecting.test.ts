import { describe, expect, it } from "@jest/globals";
import MQTTClient from "../../firmware/mqtt/client.js";
import { Reason } from "../../firmware/mqtt/error.js";
import type { ResolverClass, TCPClass } from "../../firmware/ports.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { ClientBench } from "../support/client.js";
import { onHandSocket } from "../support/hand-socket.js";

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

  it.each<[string, number[]]>([
    ["a message", [0x30, 4, 0, 1, 0x74, 0x31]],
    ["CONNACK", [0x20, 2, 0, 0]],
    ["a part of CONNACK", [0x20]],
  ])("refuses a server that sends %s before it has got CONNECT [MQTT-3.2.0-1]", (_what, bytes) => {
    const writes: number[] = [];
    const { arrive, errors, left, room } = onHandSocket((data) => {
      writes.push(data.length);
      return 1_000;
    });
    room(1); // connected, and CONNECT does not fit yet
    arrive(...bytes);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      reason: Reason.PROTOCOL,
      message: expect.stringContaining("it spoke before CONNECT"),
    });
    expect(left()).toBe(bytes.length);
    room(1_000);
    expect(writes).toEqual([]);
  });

  it("refuses session present after CleanSession, and only then [MQTT-3.2.2-1]", () => {
    for (const clean of [true, false]) {
      const bench = new ClientBench({ clean });
      bench.settle();
      bench.send({ cmd: "connack", sessionPresent: true, returnCode: 0 });
      expect(bench.controls).toHaveLength(clean ? 0 : 1);
      expect(bench.peerClosed).toBe(clean);
      if (!clean) continue;
      expect(bench.errors[0]).toMatchObject({
        reason: Reason.PROTOCOL,
        message: expect.stringContaining("MQTT-3.2.2-1"),
      });
    }
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
