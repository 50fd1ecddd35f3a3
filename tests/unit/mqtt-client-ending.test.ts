import { describe, expect, it } from "@jest/globals";
import MQTTClient from "../../firmware/mqtt/client.js";
import type { Timer } from "../../firmware/ports.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { ClientBench } from "../support/client.js";

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

  it("writes nothing behind DISCONNECT, whatever still comes [MQTT-3.14.4-2]", () => {
    const bench = new ClientBench({ keepAlive: 10_000 }).connect();
    bench.client.write(null, { operation: MQTTClient.DISCONNECT });
    bench.settle();
    const told = bench.writable.length;
    bench.sendBytes([0x32, 6, 0, 1, 0x74, 0, 1, 0x31, 0x62, 2, 0, 2], 5_000);
    expect(bench.received).toHaveLength(1);
    expect(() => bench.client.write(null, { operation: MQTTClient.PINGREQ })).toThrow("overflow");
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["disconnect"]);
    expect(bench.writable).toHaveLength(told);
    // A server that does not close either is found as a dead one is.
    bench.settle(10_000);
    expect(bench.errors).toHaveLength(1);
    expect(bench.sent).toHaveLength(1);
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
