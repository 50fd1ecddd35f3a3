import { describe, expect, it } from "@jest/globals";
import type { TimeFault } from "../../host-sim/world/time-server.js";
import { DAY, gaps, HOUR, MINUTE, SECOND, TRUE_TIME, timeBench } from "../support/time.js";

const YEAR = 365.25 * DAY;

describe("an answer that does not belong to the request", () => {
  it.each<TimeFault>(["wrong origin", "wrong port", "wrong address", "garbage", "short", "request"])(
    "(%s) is not listened to, and costs nothing but the wait",
    (fault) => {
      const { sync, world, servers, error, order, warnings } = timeBench(2);
      servers[0].fault = fault;
      servers[0].offset = 12 * HOUR;
      sync.start(true);
      world.run(5_000);
      expect([order(), error()]).toEqual(["a", undefined]);
      world.run(1_200);
      expect([order(), error()]).toEqual(["ab", 0]);
      expect(warnings).toEqual([]);
    },
  );

  it("does not end the wait for the one that does", () => {
    const { sync, world, net, servers, error, order } = timeBench(1);
    const strangers = [
      { address: "10.66.66.66", port: 123 },
      { address: "10.0.1.1", port: 124 },
      { address: "10.0.1.1", port: 123 },
    ];
    servers[0].processing = 1_000;
    sync.start(true);
    world.runUntil(() => servers[0].requests.length > 0);
    const { from, data } = servers[0].requests[0];
    const forged = new Uint8Array(48);
    forged[0] = 0x24;
    forged[1] = 1;
    forged.set(data.subarray(40, 48), 24);
    forged.set([0xff, 0, 0, 0], 40);
    for (const stranger of strangers) {
      // From the server itself it comes with a wrong number; from the others the number would be right.
      if (stranger.port === 123 && stranger.address === "10.0.1.1") forged[24] ^= 1;
      for (let i = 0; i < 20; i++) net.datagrams.send(forged, stranger, from);
    }
    world.run(1_200);
    expect([order(), error()]).toEqual(["a", 0]);
  });

  it("and is all that comes is named as the reason", () => {
    const { sync, world, servers, warnings } = timeBench(1);
    servers[0].fault = "wrong origin";
    sync.start(true);
    world.run(10 * MINUTE);
    expect(warnings).toEqual([expect.stringContaining("a.example: what it sends is no answer;")]);
  });

  it("because it answers an earlier request is not taken for one to this", () => {
    const { sync, world, net, error, servers } = timeBench(1);
    net.datagrams.fate = ({ to }) => [to.port === 123 ? 0 : 15 * SECOND];
    sync.start(true);
    world.run(10 * MINUTE);
    expect(servers[0].requests.length).toBeGreaterThan(4);
    expect(error()).toBeUndefined();
  });

  it("because it comes twice is not listened to the second time", () => {
    const { sync, world, net, error, told } = timeBench(1);
    net.datagrams.fate = () => [0, 0, 100];
    sync.start(true);
    world.run(MINUTE);
    expect(told).toHaveLength(1);
    expect(error()).toBe(0);
  });
});

describe("a server that is no use", () => {
  it.each<TimeFault>([
    "stratum 16",
    "unsynchronised",
    "dispersed",
    "zero transmit",
    "backwards",
    "INIT",
    "RATE",
    "DENY",
    "RSTR",
  ])("(%s) costs no wait: the next one is asked", (fault) => {
    const { sync, world, servers, error, order } = timeBench(2);
    servers[0].fault = fault;
    sync.start(true);
    world.run(1_200);
    expect([order(), error()]).toEqual(["ab", 0]);
  });

  it.each([
    ["1970", -TRUE_TIME],
    ["a year ago", -YEAR],
    ["in 30 years", 30 * YEAR],
  ])("because it believes that it is %s does not set the clock", (_when, offset) => {
    const { sync, world, servers, error, order, told } = timeBench(1);
    servers[0].offset = offset;
    sync.start(true);
    world.run(DAY);
    expect(order().length).toBeGreaterThan(50);
    expect([error(), told]).toEqual([undefined, []]);
  });
});

describe("a server that refuses", () => {
  it.each<TimeFault>(["DENY", "RSTR"])("(%s) is not asked again", (fault) => {
    const { sync, world, servers, asked } = timeBench(2);
    servers[0].fault = fault;
    sync.start(true);
    world.run(2 * DAY);
    servers[0].fault = undefined;
    world.run(2 * DAY);
    expect(asked()[0]).toHaveLength(1);
    expect(asked()[1].length).toBeGreaterThan(80);
  });

  it("does not speak for another address behind the same name, but a second one that refuses does", () => {
    const { sync, world, net, servers, asked } = timeBench(3, {
      servers: [{ host: "a.example", port: 123 }],
    });
    servers[0].fault = servers[1].fault = "DENY";
    sync.start(true);
    world.run(HOUR);
    expect(asked().map((moments) => moments.length)).toEqual([1, 0, 0]);
    net.name("a.example", "10.0.1.2");
    world.run(HOUR);
    expect(asked().map((moments) => moments.length)).toEqual([1, 1, 0]);
    net.name("a.example", "10.0.1.3");
    world.run(5 * DAY);
    expect(asked().map((moments) => moments.length)).toEqual([1, 1, 0]);
  });

  it("is told of where there is no other", () => {
    const { sync, world, servers, warnings } = timeBench(1);
    servers[0].fault = "DENY";
    sync.start(true);
    world.run(DAY);
    expect(warnings).toEqual([expect.stringContaining("it refuses to answer;")]);
  });

  it("is not believed where a stranger says so in its name", () => {
    const { sync, world, net, servers, error } = timeBench(1);
    servers[0].processing = 100;
    sync.start(true);
    world.runUntil(() => servers[0].requests.length > 0);
    const { from } = servers[0].requests[0];
    const kiss = new Uint8Array(48);
    kiss[0] = 0xe4;
    kiss.set(Buffer.from("DENY"), 12);
    net.datagrams.send(kiss, servers[0].here, from);
    world.run(200);
    expect(error()).toBe(0);
  });
});

describe("a server that wants to be asked less", () => {
  it("is: after a minute, four minutes, and so on up to a day, also when it is the only one", () => {
    const { sync, world, servers, asked } = timeBench(1);
    servers[0].fault = "RATE";
    sync.start(true);
    world.run(7 * DAY);
    const between = gaps(asked()[0]);
    expect(between[0]).toBeGreaterThanOrEqual(MINUTE);
    for (let i = 1; i < between.length; i++) {
      expect(between[i]).toBeGreaterThanOrEqual(Math.min(4 ** i * MINUTE, DAY));
      expect(between[i]).toBeLessThanOrEqual(DAY + 16 * MINUTE);
    }
    expect(between.length).toBeGreaterThan(8);
  });

  it("does not keep the others from being asked", () => {
    const { sync, world, servers, asked, error } = timeBench(2);
    servers[0].fault = "RATE";
    sync.start(true);
    world.run(2 * DAY);
    expect(asked()[1].length).toBeGreaterThan(43);
    expect(asked()[0].length).toBeLessThan(12);
    expect(error()).toBe(0);
  });
});

describe("an answer that took long", () => {
  it("sets a clock that is not set, and the next server is asked at once", () => {
    const { sync, world, net, order, error, told } = timeBench(2);
    net.datagrams.fate = ({ from }) => [from.address === "10.0.1.1" ? 2_001 : 0];
    sync.start(true);
    world.runUntil(() => told.length > 0);
    expect([order(), told[0].now - (world.now() as number)]).toEqual(["a", -1_000]);
    world.run(100);
    expect([order(), error()]).toEqual(["ab", 0]);
  });

  it("does not move a clock that is set", () => {
    const { sync, world, net, error, told, warnings } = timeBench(2);
    sync.start(true);
    world.run(MINUTE);
    net.datagrams.fate = ({ to }) => [to.port === 123 ? 0 : 2_100];
    world.run(5 * HOUR);
    expect(error()).toBe(0);
    expect(told).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(/its answer took 21\d\d ms/)]);
    net.datagrams.fate = ({ to }) => [to.port === 123 ? 0 : 1_900];
    world.run(HOUR);
    expect(error()).toBe(-950);
  });
});

describe("a clock that is set", () => {
  /** Synchronised with all servers, and then one or more of them go wrong. */
  function synchronised(count: number) {
    const bench = timeBench(count);
    bench.sync.start(true);
    bench.world.run(MINUTE);
    expect(bench.error()).toBe(0);
    return bench;
  }

  it.each([-2 * HOUR, 2 * HOUR, 61 * SECOND, -61 * SECOND, 15 * YEAR])(
    "is not moved by %i ms for one server's word, however often it says so",
    (offset) => {
      const { world, servers, error, told } = synchronised(3);
      servers[1].offset = offset;
      world.run(5 * DAY);
      expect(servers[1].requests.length).toBeGreaterThan(30);
      expect(error()).toBe(0);
      expect(told.every(({ change }) => change === undefined || change === 0)).toBe(true);
    },
  );

  it.each<TimeFault>(["silent", "INIT"])(
    "is not moved by one server where the other does not know (%s)",
    (fault) => {
      const { world, servers, error, warnings } = synchronised(2);
      servers[0].fault = fault;
      servers[1].offset = HOUR;
      world.run(2 * DAY);
      expect(error()).toBe(0);
      expect(warnings).toHaveLength(1);
    },
  );

  it("names the difference where that is the last word", () => {
    const { world, servers, warnings } = synchronised(2);
    servers[0].offset = HOUR;
    servers[1].offset = -HOUR;
    world.run(2 * DAY);
    expect(warnings).toEqual([
      expect.stringMatching(/it says a time -?3600 s from the clock's, and no other does/),
    ]);
  });

  it.each([-2 * HOUR, 61 * SECOND, 10 * YEAR])("is moved by %i ms where two servers agree", (offset) => {
    const { world, servers, error, told } = synchronised(3);
    servers[1].offset = offset;
    servers[2].offset = offset + 4_000;
    servers[0].fault = "silent";
    world.run(70 * MINUTE);
    expect(error()).toBe(offset + 4_000);
    expect(told.at(-1)?.change).toBe(offset + 4_000);
  });

  it("is moved by a minute at one server's word, either way: months without a network do that", () => {
    for (const offset of [59 * SECOND, -59 * SECOND]) {
      const { world, servers, error } = synchronised(2);
      for (const server of servers) server.offset = offset;
      servers[0].fault = "silent";
      world.run(70 * MINUTE);
      expect(error()).toBe(offset);
    }
  });

  it("is not moved where the two differ by more than 5 s", () => {
    const { world, servers, error } = synchronised(2);
    servers[0].offset = HOUR;
    servers[1].offset = HOUR + 5_100;
    world.run(DAY);
    expect(error()).toBe(0);
  });

  it("needs the same word twice where one server is all there is", () => {
    const { world, servers, error, told } = synchronised(1);
    servers[0].offset = HOUR;
    world.runUntil(() => servers[0].requests.length === 2, 2 * HOUR);
    world.run(100);
    expect(error()).toBe(0);
    world.run(MINUTE);
    expect([error(), told.length]).toEqual([HOUR, 2]);
  });

  it("that was set by a server that is wrong is put right by the others", () => {
    const { sync, world, servers, error } = timeBench(3);
    servers[0].offset = 3 * HOUR;
    sync.start(true);
    world.run(MINUTE);
    expect(error()).toBe(3 * HOUR);
    world.run(70 * MINUTE);
    expect(error()).toBe(0);
    world.run(5 * DAY);
    expect(error()).toBe(0);
  });

  it("by what outlived the restart is trusted no more than any other", () => {
    const { sync, world, board, error, servers } = timeBench(3);
    board.set((world.now() as number) - 40 * DAY);
    sync.start(true);
    world.run(1_200);
    expect(servers.map(({ requests }) => requests.length)).toEqual([1, 1, 0]);
    expect(error()).toBe(0);
  });
});
