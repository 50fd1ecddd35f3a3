import { describe, expect, it } from "@jest/globals";
import { VirtualWiFi } from "../../host-sim/boards/virtual/board.js";
import { virtualNode } from "../support/node.js";

const UART = { sensor: "uart", uart: "x", interval: 0 };

describe("a link in trouble", () => {
  it("gives a connection up whose readings are not acknowledged, also while the queue overflows", () => {
    const { board, broker, journal, node } = virtualNode({ queue: 16 });
    node.start();
    board.clock.run(3_000);
    broker.mute.add("puback"); // PINGREQ is answered
    board.clock.run(600_000);
    expect(journal.lostReasons).toContain("the broker does not acknowledge readings");
  });

  it("publishes diagnostics, with the readings dropped, also while the window is full", () => {
    const { board, broker, node } = virtualNode({ ...UART, diagnostics: "10s", window: 4 });
    board.net.latency = 100;
    node.start();
    board.clock.run(5_000);
    for (let i = 0; i < 6_000; i++) {
      board.line.send("21.5\n");
      board.clock.run(10);
    }
    const diagnostics = broker.payloads("home/livingroom/diagnostics");
    expect(diagnostics.length).toBeGreaterThan(5);
    expect(JSON.parse(diagnostics.at(-1) as string).dropped).toBeGreaterThan(100);
  });

  it("says once for each spell that readings are dropped", () => {
    const { board, broker, journal, node } = virtualNode({ queue: 16 });
    const overflows = () =>
      journal.warnings.filter((line) => line.includes("there is no room for more")).length;
    const outage = (duration: number) => {
      board.net.listen("10.0.0.1", 1883, undefined);
      board.net.resetAll();
      board.clock.run(duration);
      board.net.listen("10.0.0.1", 1883, broker.accept);
      board.clock.run(120_000);
    };
    node.start();
    board.clock.run(5_000);
    outage(200_000);
    expect(overflows()).toBe(1);
    outage(200_000);
    expect(overflows()).toBe(2);
  });

  it("counts what the raw TCP link has dropped", () => {
    const { board, broker, node } = virtualNode({ server: "10.0.0.9:9000", diagnostics: "10s" });
    node.start();
    board.clock.run(200_000);
    const last = JSON.parse(broker.payloads("home/livingroom/diagnostics").at(-1) as string);
    expect(last.serverDropped).toBeGreaterThan(100);
  });

  it("waits for room with a topic of many bytes and few letters, instead of losing the connection", () => {
    const run = (pad: number) => {
      const topic = "дом/".repeat(14) + "a".repeat(pad);
      // More than the socket's buffer holds, at every alignment.
      const { board, journal, node } = virtualNode({ ...UART, topic, queue: 512 }, { window: 64 });
      node.start();
      board.clock.run(3_000);
      board.net.latency = 400;
      for (let i = 0; i < 400; i++) {
        board.line.send("21.5\n");
        board.clock.run(5);
      }
      board.clock.run(5_000);
      return journal.lostReasons;
    };
    for (let pad = 1; pad <= 16; pad++) expect(run(pad)).toEqual([]);
  });

  it("calls back each who stops it, and closes at once for the second", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(5_000);
    const calls: string[] = [];
    broker.mute.add("puback");
    node.stop(() => calls.push("first"));
    expect(calls).toEqual([]);
    node.stop(() => calls.push("second"));
    expect(calls).toEqual(["first", "second"]);
    board.clock.run(5_000);
    expect(calls).toHaveLength(2);
    expect(board.net.connections).toBe(0);
  });
});

describe("a link behind Wi-Fi", () => {
  it("spreads its first attempt as the settings say", () => {
    const first = Array.from({ length: 20 }, (_, seed) => {
      const wifi = new VirtualWiFi();
      const { board, node } = virtualNode({ spread: "10m" }, { wifi, seed: seed + 1 });
      node.start();
      board.clock.run(3_000);
      wifi.set(true);
      const from = board.clock.elapsed;
      board.clock.runUntil(() => board.net.connects > 0, 700_000);
      return board.clock.elapsed - from;
    });
    expect(Math.max(...first)).toBeGreaterThan(400_000);
    expect(Math.min(...first)).toBeLessThan(200_000);
  });

  it("is not put off by Wi-Fi that comes and goes", () => {
    const wifi = new VirtualWiFi();
    const { board, broker, node } = virtualNode({}, { wifi, seed: 5 });
    node.start();
    for (let i = 0; i < 8; i++) {
      wifi.set(true);
      wifi.set(false);
      board.clock.run(1_000);
    }
    wifi.set(true);
    const from = board.clock.elapsed;
    board.clock.runUntil(() => broker.clients.length > 0);
    expect(board.clock.elapsed - from).toBeLessThan(2_000);
  });

  it("hands a client that was closed no answer of the name server any more", () => {
    const wifi = new VirtualWiFi();
    const { board, journal, node } = virtualNode({}, { wifi });
    node.start();
    board.net.latency = 500;
    wifi.set(true);
    board.clock.runUntil(() => journal.lines.some((line) => line === "link 3")); // connecting: the name is asked for
    wifi.set(false);
    const connects = board.net.connects;
    board.clock.run(10_000);
    expect(board.net.connects).toBe(connects);
  });
});
