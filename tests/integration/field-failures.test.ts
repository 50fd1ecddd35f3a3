/**
 * What has gone wrong with nodes of this kind in the field, each as a whole node sees it on the virtual board. The rows
 * are those of `docs/field-failures.md`, which says where each was reported and where the others are tested.
 */
import { describe, expect, it } from "@jest/globals";
import { VirtualWiFi } from "../../host-sim/boards/virtual/board.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { eventful } from "../support/eventful.js";
import { readings, STATUS, sequences, TEMPERATURE } from "../support/link.js";
import { virtualNode } from "../support/node.js";

const DAY = 86_400_000;
const UART = { sensor: "uart", uart: "x", interval: 0 };

describe("field failure", () => {
  it.each([
    ["publishing", "1s"],
    ["silent", "1h"],
  ])("row 1: a black hole is found within one keep-alive by a node that is %s", (_what, interval) => {
    const { board, journal, node } = virtualNode({ interval, keepalive: "10s" });
    node.start();
    board.clock.run(20_000);
    board.net.blackHole = true;
    const began = board.clock.elapsed;
    board.clock.runUntil(() => journal.lostReasons.length > 0);
    expect(board.clock.elapsed - began).toBeLessThanOrEqual(10_000);
    expect(journal.lostReasons).toEqual([expect.stringMatching(/stopped answering/)]);
  });

  it.each([
    [
      "the name server",
      30_000,
      /name server/,
      (world: ReturnType<typeof virtualNode>) => (world.board.net.blackHole = true),
    ],
    ["the broker's TCP", 30_000, /no connection to .* in time/, () => undefined],
    [
      "CONNECT",
      30_000,
      /said nothing/,
      (world: ReturnType<typeof virtualNode>) => world.broker.mute.add("connect"),
    ],
    [
      "SUBSCRIBE",
      20_000,
      /SUBSCRIBE/,
      (world: ReturnType<typeof virtualNode>) => world.broker.mute.add("subscribe"),
    ],
    [
      "PUBLISH",
      45_000,
      /acknowledge/,
      (world: ReturnType<typeof virtualNode>) => world.broker.mute.add("puback"),
    ],
    [
      "one PUBLISH of many",
      45_000,
      /acknowledge/,
      ({ broker }: ReturnType<typeof virtualNode>) => {
        broker.onPublish = ({ payload }) => {
          if (payload.includes('"seq":5,')) broker.mute.add("puback");
          else broker.mute.delete("puback");
        };
      },
    ],
  ])(
    "row 2: an answer to %s that never comes is waited for no longer than %d ms",
    (what, limit, reason, silence) => {
      const world = virtualNode(
        { spread: 0, keepalive: "10m" },
        { subscriptions: [{ topic: "x", QoS: 1, onMessage: () => {} }] },
      );
      const { board, journal, node } = world;
      silence(world);
      if (what === "the broker's TCP") {
        // The address is known, and then nothing gets through any more.
        board.clock.timer.set(() => {
          board.net.blackHole = true;
        }, 6);
      }
      node.start();
      board.clock.run(limit + 1_000);
      expect(journal.lostReasons[0]).toMatch(reason);
    },
  );

  it("row 3: what waits offline takes no memory from the node, and what is given up is counted to the last", () => {
    const { board, broker, journal, node } = virtualNode({ interval: "10s", queue: 16, diagnostics: "1m" });
    board.net.listen("10.0.0.1", 1883, undefined);
    node.start();
    board.clock.run(DAY);
    board.net.listen("10.0.0.1", 1883, broker.accept);
    board.clock.run(180_000);
    const all = readings(broker.published);
    const seen = new Set(sequences(all));
    const gone = journal.gaps.reduce((sum, [, count]) => sum + count, 0);
    expect(all.filter(({ payload }) => payload.includes('"late":true'))).toHaveLength(16);
    expect(seen.size + gone).toBe(Math.max(...seen));
    expect(JSON.parse(broker.payloads("home/livingroom/diagnostics").at(-1) as string).dropped).toBe(gone);
    expect(Math.min(...seen)).toBe(gone + 1);
  });

  it("row 4: readings of an outage come late, in order, with their time, also after power cuts in it", () => {
    const flash = new VirtualFlash(8);
    const began = 1_795_175_351_184;
    for (let boot = 1; boot <= 3; boot++) {
      flash.reopen();
      const now = began + (boot - 1) * DAY;
      const { board, broker, node } = virtualNode({ interval: "10s" }, { flash, seed: boot, now }, { boot });
      if (boot < 3) board.net.listen("10.0.0.1", 1883, undefined);
      node.start();
      board.clock.run(1_800_000);
      if (boot < 3) continue;
      const late = readings(broker.published).filter(({ payload }) => payload.includes('"late":true'));
      // 180 readings of each boot, the first when the sensor has measured, and a day from one boot to the next.
      const taken = (i: number) => began + Math.floor(i / 180) * DAY + 1_010 + (i % 180) * 10_000;
      expect(sequences(late).slice(0, 360)).toEqual(Array.from({ length: 360 }, (_, i) => i + 1));
      expect(late.slice(0, 360).map(({ payload }) => JSON.parse(payload).time)).toEqual(
        Array.from({ length: 360 }, (_, i) => taken(i)),
      );
    }
  });

  it("row 6: a broker that has moved is found at its new address at the next attempt", () => {
    const { board, broker, journal, node } = virtualNode({ broker: "mqtt://broker.lan" });
    board.net.name("broker.lan", "10.0.0.1");
    node.start();
    board.clock.run(40_000);
    board.net.name("broker.lan", "10.0.0.2");
    board.net.listen("10.0.0.1", 1883, undefined);
    board.net.listen("10.0.0.2", 1883, broker.accept);
    board.net.resetAll();
    board.clock.run(2_000);
    expect(broker.clients).toHaveLength(1);
    expect(journal.lostReasons).toHaveLength(1);
  });

  it.each<[string, number, (world: { net: VirtualNetwork; wifi: readonly VirtualWiFi[] }) => void]>([
    ["lose their broker", 60_000, ({ net }) => net.resetAll()],
    [
      "get their Wi-Fi back",
      60_000,
      ({ wifi }) => {
        for (const up of [false, true]) for (const one of wifi) one.set(up);
      },
    ],
    ["get power", 0, () => undefined],
  ])("row 9: two hundred nodes that %s at once do not connect at once", (_what, before, happen) => {
    const clock = new VirtualClock({ now: 1_795_175_351_184 });
    const net = new VirtualNetwork(clock);
    const wifi = Array.from({ length: 200 }, () => new VirtualWiFi());
    const nodes = wifi.map((one, i) =>
      virtualNode(
        { interval: "1h", topic: `home/${i}` },
        { clock, net, wifi: one, seed: i + 1, identity: String(i) },
      ),
    );
    net.listen("10.0.0.1", 1883, nodes[0].broker.accept);
    for (const { node } of nodes) node.start();
    for (const one of wifi) one.set(true);
    clock.run(before);
    const perHundredth: number[] = [];
    happen({ net, wifi });
    for (let i = 0; i < 100; i++) {
      const connects = net.connects;
      clock.run(10);
      perHundredth.push(net.connects - connects);
    }
    const perTenth = Array.from({ length: 10 }, (_, i) =>
      perHundredth.slice(10 * i, 10 * i + 10).reduce((sum, count) => sum + count),
    );
    expect(perTenth.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(195);
    expect(Math.max(...perTenth)).toBeLessThan(40);
    expect(Math.min(...perTenth)).toBeGreaterThan(5);
    expect(Math.max(...perHundredth)).toBeLessThan(10);
  });

  it("row 9: a fleet that spreads its connections over 20 s returns over 20 s from a broker that was away for a moment", () => {
    const clock = new VirtualClock({ now: 1_795_175_351_184 });
    const net = new VirtualNetwork(clock);
    const nodes = Array.from({ length: 400 }, (_, i) =>
      virtualNode(
        { interval: "1h", topic: `home/${i}`, spread: "20s" },
        { clock, net, seed: i + 1, identity: String(i) },
      ),
    );
    const { broker } = nodes[0];
    net.listen("10.0.0.1", 1883, broker.accept);
    for (const { node } of nodes) node.start();
    clock.run(60_000);
    expect(broker.clients).toHaveLength(400);
    const perSecond: number[] = [];
    net.listen("10.0.0.1", 1883, undefined);
    net.resetAll();
    clock.run(500);
    net.listen("10.0.0.1", 1883, broker.accept);
    for (let second = 0; second < 62; second++) {
      const before = broker.clients.length;
      clock.run(1_000);
      perSecond.push(broker.clients.length - before);
    }
    expect(broker.clients).toHaveLength(400);
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(40);
  });

  it("row 10: subscriptions are made again when the broker has lost them, and not when it has not", () => {
    const { board, broker, node } = virtualNode(
      {},
      { subscriptions: [{ topic: "x", QoS: 1, onMessage: () => {} }] },
    );
    const subscribes = () => broker.log.filter((line) => line.endsWith(":subscribe")).length;
    node.start();
    board.clock.run(40_000);
    board.net.resetAll(); // the first session is a clean one
    board.clock.run(40_000);
    const before = subscribes();
    board.net.resetAll();
    board.clock.run(40_000);
    expect(subscribes()).toBe(before);
    broker.forgetSessions();
    board.net.resetAll();
    board.clock.run(40_000);
    expect(subscribes()).toBe(before + 1);
  });

  it("row 11: while the broker and the Wi-Fi are away the node goes on sampling and storing", () => {
    const wifi = new VirtualWiFi();
    const { board, broker, node } = virtualNode({ interval: "1m" }, { wifi, flash: new VirtualFlash(64) });
    node.start();
    board.clock.run(3 * DAY);
    wifi.set(true);
    board.clock.run(120_000);
    expect(new Set(sequences(readings(broker.published))).size).toBeGreaterThanOrEqual(3 * 1_440);
  });

  it("row 15: a clock that jumps, far or a little, moves no timer", () => {
    const quiet = eventful();
    expect(quiet.length).toBeGreaterThan(70);
    for (const jump of [3_000, 20_000, 5 * 3_600_000, 20_000 * DAY]) {
      expect(eventful(0, -jump, jump)).toEqual(quiet);
      expect(eventful(0, jump)).toEqual(quiet);
    }
  });

  it.each([
    ["24.8", 2 ** 31],
    ["49.7", 2 ** 32],
  ])("row 16: the tick counter's wrap at %s days changes nothing", (_days, wrap) => {
    const run = (ticks: number) => {
      const { board, broker, journal, node } = virtualNode({ diagnostics: "10s" }, { ticks });
      node.start();
      board.clock.run(60_000);
      board.net.resetAll();
      board.clock.run(60_000);
      return [broker.log, journal.lines, broker.published.map(({ payload }) => payload)];
    };
    for (const before of [500, 30_000, 60_100, 90_000]) expect(run(wrap - before)).toEqual(run(1_000));
    const usual = eventful();
    // While all is well, within each failure, and while each is found.
    for (const before of [
      30, 75, 480, 505, 988, 1_003, 1_050, 1_480, 1_503, 1_508, 1_590, 2_250, 2_303, 2_900,
    ]) {
      expect([before, eventful(wrap - before * 1_000)]).toEqual([before, usual]);
    }
  });

  it("row 18: what a sensor cannot have measured is never published, and counted", () => {
    const { board, broker, node } = virtualNode({ ...UART, probe: "ds18b20", diagnostics: "5s" });
    node.start();
    board.clock.run(2_000);
    for (const line of [
      "85.0",
      "-127.0",
      "nan",
      "1e9",
      "125.1",
      "-55.1",
      "1000000",
      '{"temperature":null}',
      "21.5",
    ]) {
      board.line.send(`${line}\n`);
      board.clock.run(1_000);
    }
    board.clock.run(10_000);
    expect(broker.payloads(TEMPERATURE).map((payload) => JSON.parse(payload).temperature)).toEqual([21.5]);
    const told = JSON.parse(broker.payloads("home/livingroom/diagnostics").at(-1) as string);
    expect(told.rejected + told.malformed).toBe(8);
  });

  it("row 19: after any noise on the serial line the next good line is read", () => {
    const { board, broker, node } = virtualNode(UART);
    /** What is nearly a line: JSON that is cut off, or no reading. */
    const nearly = [
      "{",
      '{"temperature":',
      '{"temperature":21',
      '{"temperature":{}}',
      "{}}",
      "[21]",
      '"',
      "\0",
      "T=",
      "°",
    ];
    node.start();
    board.clock.run(2_000);
    for (let i = 0; i < 200; i++) {
      board.line.send(`\n${nearly[i % nearly.length]}\n`);
      board.line.send(Uint8Array.from({ length: i * 3 }, (_, at) => (at * 7919 + i * 104729) & 0xff));
      board.line.send(`\n${i + 0.5}\n`);
      board.clock.run(100);
    }
    board.clock.run(5_000);
    const values = broker.payloads(TEMPERATURE).map((payload) => JSON.parse(payload).temperature);
    for (let i = 0; i < 200; i++) expect(values).toContain(i + 0.5);
  });

  it("row 20: a value that does not change is reported as often as the heartbeat says", () => {
    const { board, broker, node } = virtualNode({ ...UART, deadband: 1, heartbeat: "10m" });
    node.start();
    board.clock.run(2_000);
    for (let i = 0; i < 3_600; i++) {
      board.line.send("21.5\n");
      board.clock.run(1_000);
    }
    expect(broker.payloads(TEMPERATURE).length).toBeGreaterThanOrEqual(6);
    expect(broker.payloads(TEMPERATURE).length).toBeLessThanOrEqual(7);
  });

  it("row 22: an orderly end publishes offline itself, and leaves the will unused", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(5_000);
    node.stop(() => {});
    board.clock.run(60_000);
    expect(broker.payloads(STATUS)).toEqual(["online", "offline"]);
    expect(broker.log.at(-1)).toMatch(/:disconnect$/);
  });
});
