import { describe, expect, it } from "@jest/globals";
import { VirtualWiFi } from "../../host-sim/boards/virtual/board.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { virtualNode } from "../support/node.js";
import { DAY, HOUR, MINUTE, SECOND, TRUE_TIME } from "../support/time.js";
import { timedNode } from "../support/timed-node.js";

/** The first millisecond of NTP's era 1. */
const ERA_1 = Date.UTC(2036, 1, 7, 6, 28, 16);

/** A reading goes to the broker within this, in milliseconds. */
const AGE = 100;

describe("a node whose clock is not set", () => {
  it("marks its readings with uptime and boot until a server has said the time, and with it from then on", () => {
    const { board, node, servers, published } = timedNode({}, {}, 1);
    servers[0].fault = "silent";
    node.start();
    board.clock.run(10_000);
    servers[0].fault = undefined;
    board.clock.run(50_000);
    const first = published.findIndex(({ reading }) => reading.time !== undefined);
    expect(first).toBeGreaterThan(5);
    for (const { reading } of published.slice(0, first)) {
      expect(reading).toMatchObject({ uptime: expect.any(Number), boot: 1 });
    }
    expect(published.length).toBeGreaterThan(first + 20);
    for (const { reading, age } of published.slice(first)) {
      expect(reading.uptime).toBeUndefined();
      expect(age).toBeGreaterThanOrEqual(0);
      expect(age).toBeLessThan(AGE);
    }
  });

  it("sets the board's clock too, against which certificates are checked", () => {
    const { board, node } = timedNode();
    node.start();
    board.clock.run(10_000);
    const error = (board.clock.now() as number) - (board.world.now() as number);
    expect(Math.abs(error)).toBeLessThanOrEqual(500);
  });

  it("tells that it has learnt the time", () => {
    const { board, node, journal } = timedNode();
    const times: number[] = [];
    Object.assign(journal, { time: (now: number) => times.push(now - (board.world.now() as number)) });
    node.start();
    board.clock.run(10_000);
    expect(times).toEqual([0]);
  });

  it("asks as soon as there is a network, and not before", () => {
    const wifi = new VirtualWiFi();
    const { board, node, servers } = timedNode({}, { wifi });
    node.start();
    board.clock.run(HOUR);
    expect(servers[0].requests).toHaveLength(0);
    wifi.set(true);
    board.clock.run(1_000);
    expect(servers[0].requests).toHaveLength(1);
    servers[1].fault = "silent";
    wifi.set(false);
    board.clock.run(5 * HOUR);
    expect(servers[1].requests).toHaveLength(0);
  });

  it("asks nothing more once it is stopped, not even for its ticks", () => {
    const { board, node, servers } = timedNode();
    node.start();
    board.clock.run(10_000);
    node.stop(() => {});
    board.clock.run(SECOND);
    let asked = 0;
    Object.assign(board.world, {
      ticks: () => {
        asked += 1;
        return 0;
      },
    });
    board.clock.run(5 * DAY);
    expect(asked).toBe(0);
    expect(servers.map(({ requests }) => requests.length)).toEqual([1, 0]);
    expect(board.net.datagrams.open).toBe(0);
  });

  it("asks its servers by name, at the port that is set", () => {
    const { board, node, servers } = timedNode({ ntp: "time.lan:1123, 10.0.1.1" });
    board.net.name("time.lan", "10.0.1.1");
    board.net.datagrams.listen("10.0.1.1", 1123, () => {});
    let asked = 0;
    board.net.datagrams.fate = ({ to }) => {
      if (to.port === 1123) asked += 1;
      return [0];
    };
    node.start();
    board.clock.run(6_000);
    expect([asked, servers[0].requests.length]).toEqual([1, 1]);
  });
});

describe("no time server is asked", () => {
  it("where the setting is off", () => {
    const { board, node, servers, published } = timedNode({ ntp: "off" });
    node.start();
    board.clock.run(HOUR);
    expect(servers.flatMap(({ requests }) => requests)).toEqual([]);
    expect(published.every(({ reading }) => reading.time === undefined)).toBe(true);
    expect(published.length).toBeGreaterThan(3_000);
  });

  it("where something else sets the board's clock", () => {
    const { board, node } = virtualNode({ ntp: "10.0.1.1" });
    let packets = 0;
    board.net.datagrams.fate = () => {
      packets += 1;
      return [0];
    };
    node.start();
    board.clock.run(HOUR);
    expect(packets).toBe(0);
  });

  it("where the board has no datagrams", () => {
    const { board, journal, node } = timedNode({}, { udp: false });
    node.start();
    board.clock.run(HOUR);
    expect(journal.warnings).toEqual([]);
  });
});

describe("a node's time", () => {
  it.each([
    ["the tick wrap at 24.8 days", (before: number) => ({ ticks: (0x7fff_ffff - before) | 0 })],
    ["the tick wrap at 49.7 days", (before: number) => ({ ticks: -1 - before })],
    ["the end of NTP's era on 7 February 2036", (before: number) => ({ now: ERA_1 - before })],
  ])("goes on across %s", (_what, begin) => {
    // A minute after an exchange, in the middle of one, and later.
    for (const before of [MINUTE, 4, HOUR]) {
      const { board, node, published, servers, journal } = timedNode({ interval: "30s" }, begin(before));
      node.start();
      board.clock.run(4 * HOUR);
      for (const { requests } of servers) expect(requests.length).toBeGreaterThanOrEqual(2);
      expect(published.length).toBeGreaterThan(475);
      for (const { age } of published.slice(2)) {
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(AGE);
      }
      const sequence = published.map(({ reading }) => reading.seq);
      expect(sequence).toEqual(sequence.map((_, index) => index + 1));
      expect(journal.warnings).toEqual([]);
    }
  });

  it("and its uptime are right after 60 days without a network, in which the sensor gave nothing", () => {
    for (const ntp of ["10.0.1.1", "off"]) {
      const wifi = new VirtualWiFi();
      const { board, node, published } = timedNode({ sensor: "uart", uart: "x", interval: 0, ntp }, { wifi });
      node.start();
      wifi.set(true);
      board.clock.run(MINUTE);
      wifi.set(false);
      board.clock.run(60 * DAY);
      board.line.send("21.4\n");
      board.clock.run(1);
      const { elapsed } = board.clock;
      wifi.set(true);
      board.clock.run(2 * SECOND);
      expect(published).toHaveLength(1);
      const [{ reading, age }] = published;
      if (ntp === "off") {
        expect(elapsed - (reading.uptime as number)).toBeLessThanOrEqual(1);
      } else {
        expect(age).toBeLessThan(2 * SECOND);
        expect(age).toBeGreaterThan(0);
      }
    }
  });

  it("and all else is the same, to the byte, whatever the board's clock does meanwhile", () => {
    const run = (jumps: readonly (number | undefined)[]) => {
      const { board, broker, node, journal } = timedNode({ interval: "30s", diagnostics: "5m" });
      node.start();
      board.clock.run(30 * MINUTE);
      for (const jump of jumps) {
        board.clock.setNow(jump);
        board.clock.run(HOUR);
      }
      board.clock.run((4 - jumps.length) * HOUR);
      return JSON.stringify([broker.published, broker.log, journal.lines]);
    };
    const quiet = run([]);
    expect(quiet.length).toBeGreaterThan(50_000);
    expect(run([0, TRUE_TIME + 10_000 * DAY, undefined])).toBe(quiet);
    expect(run([TRUE_TIME - 2 * HOUR, TRUE_TIME + 2 * HOUR])).toBe(quiet);
  });

  it("jumps when two servers say so, either way, and no timer with it", () => {
    for (const jump of [-5 * HOUR, 5 * HOUR]) {
      const { board, broker, node, servers, published } = timedNode({ interval: "30s", diagnostics: "5m" });
      node.start();
      board.clock.run(30 * MINUTE);
      for (const server of servers) server.offset = jump;
      const before = published.length;
      const log = broker.log.length;
      board.clock.run(2 * HOUR);
      expect(published.length - before).toBe(240);
      expect(published.at(-1)?.age).toBeLessThan(AGE - jump);
      expect(published.at(-1)?.age).toBeGreaterThanOrEqual(-jump);
      // Pings, diagnostics and readings go on at their pace.
      expect(broker.log.slice(log).filter((line) => line.endsWith(":connect"))).toEqual([]);
      expect(broker.log.length - log).toBeGreaterThanOrEqual(240 + 24);
    }
  });
});

describe("a reading that waits while the clock is not set", () => {
  /** A node that is out of reach of its broker and takes one reading, half an hour before it learns the time. */
  function waiting(flash?: VirtualFlash) {
    const parts = timedNode({ sensor: "uart", uart: "x", interval: 0 }, { ...(flash && { flash }) }, 1);
    parts.broker.returnCode = 3;
    parts.servers[0].fault = "silent";
    parts.node.start();
    parts.board.clock.run(MINUTE);
    parts.board.line.send("21.4\n");
    parts.board.clock.run(30 * MINUTE);
    parts.servers[0].fault = undefined;
    parts.board.clock.run(20 * MINUTE);
    return parts;
  }

  it("gets its time once that is known", () => {
    const { board, broker, published } = waiting();
    expect(published).toEqual([]);
    broker.returnCode = 0;
    board.clock.run(2 * MINUTE);
    expect(published).toHaveLength(1);
    expect((published[0].reading.time as number) - TRUE_TIME - MINUTE).toBeLessThanOrEqual(100);
    expect((published[0].reading.time as number) - TRUE_TIME - MINUTE).toBeGreaterThanOrEqual(0);
  });

  it("gets it after a restart too, in which the time is not known", () => {
    const flash = new VirtualFlash();
    waiting(flash);
    flash.reopen(); // as after a power cut
    const second = timedNode({ sensor: "uart", uart: "x" }, { flash, now: TRUE_TIME + DAY }, 0, { boot: 2 });
    second.node.start();
    second.board.clock.run(2 * MINUTE);
    expect(second.published.map(({ reading }) => reading)).toEqual([
      { temperature: 21.4, time: expect.any(Number), seq: 1, epoch: expect.any(String), late: true },
    ]);
    expect((second.published[0].reading.time as number) - TRUE_TIME - MINUTE).toBeLessThanOrEqual(100);
  });
});
