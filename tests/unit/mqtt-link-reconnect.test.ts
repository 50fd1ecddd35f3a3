import { describe, expect, it } from "@jest/globals";
import type { MQTTClientClass } from "../../firmware/ports.js";
import { VirtualWiFi } from "../../host-sim/boards/virtual/board.js";
import { bareLink, readings, STATUS, sequences } from "../support/link.js";
import { virtualNode } from "../support/node.js";

describe("a link that loses its broker", () => {
  it("returns within a second also after a connection of weeks, when the ticks have wrapped", () => {
    const { board, broker, journal, node } = virtualNode({ interval: "1h", keepalive: "1h" }, { seed: 4 });
    broker.returnCode = 3;
    node.start();
    board.clock.run(300_000); // raises the back-off
    broker.returnCode = 0;
    board.clock.runUntil(() => broker.clients.length === 1);
    board.clock.run(26 * 86_400_000);
    const before = journal.retries.length;
    board.net.resetAll();
    board.clock.run(100);
    expect(journal.retries).toHaveLength(before + 1);
    expect(journal.retries[before]).toBeLessThan(1_000);
  });

  it("closes its connection when the network goes", () => {
    const { board, link } = bareLink();
    link.start(true);
    board.clock.run(3_000);
    expect(board.net.connections).toBe(1);
    link.networkChanged(false);
    expect(board.net.connections).toBe(0);
  });

  it("resolves the broker's name anew for each attempt", () => {
    const { board, broker, node } = virtualNode({ broker: "mqtt://broker.test" });
    board.net.name("broker.test", "10.0.0.9");
    node.start();
    board.clock.run(5_000);
    expect(broker.clients).toEqual([]);
    board.net.name("broker.test", "10.0.0.1");
    board.clock.run(60_000);
    expect(broker.clients).toHaveLength(1);
  });

  it("finds a black hole within one keep-alive while it publishes, and recovers", () => {
    const { board, broker, journal, node } = virtualNode({ keepalive: "10s" });
    node.start();
    board.clock.run(5_000);
    board.net.blackHole = true;
    board.clock.run(10_100);
    expect(journal.lostReasons).toHaveLength(1);
    board.net.blackHole = false;
    board.clock.run(60_000);
    expect(broker.clients).toHaveLength(1);
  });

  it("waits longer and longer while it is evicted again and again, as by a second device of its id", () => {
    const first = virtualNode({ id: "same" }, { seed: 1 });
    const { clock, net } = first.board;
    const second = virtualNode({ id: "same", topic: "home/other" }, { seed: 2, clock, net });
    net.listen("10.0.0.1", 1883, first.broker.accept);
    first.node.start();
    second.node.start();
    const attempts: number[] = [];
    for (let minute = 0; minute < 10; minute++) {
      const before = net.connects;
      clock.run(60_000);
      attempts.push(net.connects - before);
    }
    expect(attempts[0]).toBeLessThan(40);
    expect(attempts.slice(5).reduce((sum, count) => sum + count, 0) / 5).toBeLessThan(8);
  });

  it("waits for Wi-Fi without trying, samples meanwhile, and stops trying while it is gone", () => {
    const wifi = new VirtualWiFi();
    const { board, broker, node } = virtualNode({}, { wifi });
    node.start();
    board.clock.run(10_000);
    expect(board.net.connects).toBe(0);
    wifi.set(true);
    board.clock.run(3_000);
    expect(sequences(readings(broker.published)).length).toBeGreaterThan(9);
    wifi.set(false);
    const connects = board.net.connects;
    board.clock.run(120_000);
    expect(board.net.connects).toBe(connects);
    wifi.set(true);
    board.clock.run(3_000);
    expect(broker.clients).toHaveLength(1);
  });

  it.each([0x7fff_ffff - 60_000, -60_000])("runs through a wrap of the ticks at %d", (ticks) => {
    const { board, broker, journal, node } = virtualNode({ heartbeat: "30s", deadband: 50 }, { ticks });
    node.start();
    board.clock.run(300_000);
    expect(journal.lostReasons).toEqual([]);
    const times = readings(broker.published).map(({ payload }) => JSON.parse(payload).time as number);
    expect(times.length).toBeGreaterThanOrEqual(10);
    expect(times.slice(1).every((time, index) => time - times[index] <= 31_000)).toBe(true);
  });

  it("announces itself again after each reconnect", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(3_000);
    board.net.resetAll();
    board.clock.run(5_000);
    expect(broker.payloads(STATUS)).toEqual(["online", "offline", "online"]);
  });

  it("begins at a random moment within its spread, and after a return of the network within a second", () => {
    const moments = (settings: object, prepare: (wifi: VirtualWiFi) => void) =>
      Array.from({ length: 8 }, (_, seed) => {
        const wifi = new VirtualWiFi();
        const { board, node } = virtualNode({ ...settings }, { seed: seed + 1, wifi });
        node.start();
        board.clock.run(10);
        prepare(wifi);
        const from = board.clock.elapsed;
        board.clock.runUntil(() => board.net.connects === 1);
        return board.clock.elapsed - from;
      });
    const back = moments({}, (wifi) => wifi.set(true));
    expect(new Set(back).size).toBeGreaterThan(5);
    expect(Math.max(...back)).toBeLessThan(1_010);
    const spread = Array.from({ length: 8 }, (_, seed) => {
      const { board, node } = virtualNode({ spread: "60s" }, { seed: seed + 1 });
      node.start();
      board.clock.runUntil(() => board.net.connects === 1);
      return board.clock.elapsed;
    });
    expect(new Set(spread).size).toBeGreaterThan(5);
    expect(Math.max(...spread)).toBeGreaterThan(20_000);
    expect(Math.max(...spread)).toBeLessThan(60_010);
  });

  it("returns within its spread where that is more than a second: from a lost broker, and when the network is back", () => {
    const waits = (happen: (wifi: VirtualWiFi, lose: () => void) => void) =>
      Array.from({ length: 12 }, (_, seed) => {
        const wifi = new VirtualWiFi();
        const { board, broker, node } = virtualNode({ spread: "30s" }, { seed: seed + 1, wifi });
        node.start();
        wifi.set(true);
        board.clock.runUntil(() => broker.clients.length === 1);
        board.clock.run(31_000);
        happen(wifi, () => board.net.resetAll());
        const { connects } = board.net;
        const from = board.clock.elapsed;
        board.clock.runUntil(() => board.net.connects > connects);
        return board.clock.elapsed - from;
      });
    const ways: ((wifi: VirtualWiFi, lose: () => void) => void)[] = [
      (_wifi, lose) => lose(),
      (wifi) => {
        wifi.set(false);
        wifi.set(true);
      },
    ];
    for (const way of ways) {
      const all = waits(way);
      expect(Math.max(...all)).toBeGreaterThan(15_000);
      expect(Math.max(...all)).toBeLessThan(30_010);
    }
  });

  it("keeps a connection on which acknowledgements are slow", () => {
    const { board, broker, journal, node } = virtualNode({ interval: "18s" });
    broker.mute.add("puback");
    broker.onPublish = ({ messageId: id }) => {
      if (id === undefined) return;
      board.timer.set(() => broker.inject(broker.clients[0], Uint8Array.of(0x40, 2, id >> 8, id)), 19_000);
    };
    node.start();
    board.clock.run(300_000);
    expect(journal.lostReasons).toEqual([]);
  });

  it("returns within a second each time that a connection of some length is lost", () => {
    const { board, broker, journal, node } = virtualNode();
    node.start();
    for (let i = 0; i < 8; i++) {
      board.clock.runUntil(() => broker.clients.length === 1);
      board.clock.run(31_000);
      board.net.resetAll();
    }
    expect(journal.retries).toHaveLength(8);
    expect(Math.max(...journal.retries)).toBeLessThan(1_000);
  });

  it("waits longer and longer while the broker stays away, also after a connection that lasted", () => {
    const { board, broker, journal, node } = virtualNode();
    node.start();
    board.clock.run(60_000);
    board.net.listen("10.0.0.1", 1883, undefined);
    board.net.resetAll();
    board.clock.run(600_000);
    expect(broker.clients).toEqual([]);
    expect(Math.max(...journal.retries)).toBeGreaterThan(20_000);
    expect(Math.max(...journal.retries)).toBeLessThan(60_000);
  });

  it("tries again when the client cannot even be made", () => {
    const client = class {
      constructor() {
        throw new Error("no memory");
      }
    } as unknown as MQTTClientClass;
    const { board, journal, node } = virtualNode({}, { client });
    node.start();
    board.clock.run(60_000);
    expect(journal.lostReasons.length).toBeGreaterThan(2);
    expect(new Set(journal.lostReasons)).toEqual(new Set(["no memory"]));
  });
});
