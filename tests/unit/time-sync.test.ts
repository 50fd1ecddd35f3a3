import { describe, expect, it } from "@jest/globals";
import type { Resolver } from "../../firmware/ports.js";
import type { TimeFault } from "../../host-sim/world/time-server.js";
import { DAY, gaps, HOUR, MINUTE, SECOND, TRUE_TIME, timeBench } from "../support/time.js";

describe("the time", () => {
  it("is known soon after the network is there, to the millisecond where both ways take the same", () => {
    const { sync, world, error, told, servers } = timeBench();
    servers[0].processing = 37;
    sync.start(true);
    world.run(1_100);
    expect(error()).toBe(0);
    expect(told).toEqual([{ at: expect.any(Number), now: TRUE_TIME + told[0].at, change: undefined }]);
    expect(servers[0].requests).toHaveLength(1);
  });

  it("is off by half of the difference of the two ways at most", () => {
    const { sync, world, error, net } = timeBench();
    net.datagrams.fate = ({ to }) => [to.port === 123 ? 0 : 300];
    sync.start(true);
    world.run(2_000);
    expect(error()).toBe(-150);
  });

  it("is asked for with nothing but a random number, which no two requests share", () => {
    const { sync, world, servers } = timeBench();
    sync.start(true);
    world.run(5 * HOUR);
    const { requests } = servers[0];
    expect(requests.length).toBeGreaterThanOrEqual(5);
    for (const { data } of requests) {
      expect([...data.subarray(0, 40)]).toEqual([0x23, ...new Array(39).fill(0)]);
    }
    const numbers = requests.map(({ data }) => Buffer.from(data.subarray(40)).toString("hex"));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("is asked for again each hour, not at the same distance each time, and of the servers in turn", () => {
    const { sync, world, order, asked } = timeBench(3);
    sync.start(true);
    world.run(10 * HOUR);
    expect(order()).toMatch(/^(abc){3}a?b?c?$/);
    const between = gaps(
      asked()
        .flat()
        .sort((one, other) => one - other),
    );
    for (const gap of between) {
      expect(gap).toBeGreaterThanOrEqual(54 * MINUTE - SECOND);
      expect(gap).toBeLessThanOrEqual(66 * MINUTE + SECOND);
    }
    expect(new Set(between).size).toBe(between.length);
  });

  it("that a clock has lost is given back to it", () => {
    const { sync, world, clock, error, told } = timeBench(2);
    sync.start(true);
    world.run(MINUTE);
    clock.set((world.now() as number) + 900, world.ticks()); // as a crystal does over a day
    world.run(70 * MINUTE);
    expect(error()).toBe(0);
    expect(told.at(-1)?.change).toBe(-900);
  });

  it("is first asked for at a random moment within the spread", () => {
    const first = [0, 0.25, 0.999].map((number) => {
      const { sync, world, servers } = timeBench(1, { spread: 10 * MINUTE, random: () => number });
      sync.start(true);
      world.run(11 * MINUTE);
      return servers[0].requests[0].at;
    });
    expect(first).toEqual([10, 150_010, 599_410]);
  });
});

describe("one socket", () => {
  it("is open while a request is out, and none at any other time, whatever comes of it", () => {
    const faults: (TimeFault | undefined)[] = [undefined, "silent", "wrong origin", "DENY", "stratum 16"];
    for (const fault of faults) {
      const { sync, world, net, servers } = timeBench(1);
      servers[0].fault = fault;
      sync.start(true);
      const open = new Set<number>();
      for (let i = 0; i < 10_000; i++) {
        world.run(7);
        open.add(net.datagrams.open);
      }
      expect(open).toEqual(new Set([0, 1]));
      world.run(DAY);
      sync.stop();
      expect(net.datagrams.open).toBe(0);
    }
  });

  it.each([
    ["opened", "open", "no socket"],
    ["written to", "write", "UDP send failed"],
  ] as const)("that cannot be %s costs the attempt, and is tried again", (_what, broken, reason) => {
    const { sync, world, net, warnings, error } = timeBench(1);
    net.datagrams.broken = broken;
    sync.start(true);
    world.run(5 * MINUTE);
    expect([net.datagrams.open, error()]).toEqual([0, undefined]);
    expect(warnings).toEqual([expect.stringContaining(`a.example: ${reason};`)]);
    net.datagrams.broken = undefined;
    world.run(15 * MINUTE);
    expect(error()).toBe(0);
  });
});

describe("a name", () => {
  it("is resolved anew for each request", () => {
    const { sync, world, net, servers } = timeBench(2);
    net.name("b.example", undefined);
    sync.start(true);
    world.run(30 * MINUTE);
    net.name("a.example", "10.0.1.2"); // a has moved to where b was
    world.run(70 * MINUTE);
    expect(servers.map(({ requests }) => requests.length)).toEqual([1, 1]);
  });

  it("that does not exist costs a moment: the next server is asked", () => {
    const { sync, world, net, order, error } = timeBench(3);
    net.name("a.example", undefined);
    sync.start(true);
    world.run(1_200);
    expect([order(), error()]).toEqual(["b", 0]);
  });

  it("that nobody answers for costs 10 s, and what comes later is not listened to", () => {
    const late: (() => void)[] = [];
    const { sync, world, order, error } = timeBench(2, {
      dns: {
        io: class {
          resolve({
            host,
            onResolved,
          }: {
            host: string;
            onResolved: (host: string, address: string) => void;
          }) {
            if (host === "a.example") late.push(() => onResolved(host, "10.0.1.1"));
            else world.timer.set(() => onResolved(host, "10.0.1.2"), 1);
          }
        },
      },
    });
    sync.start(true);
    world.run(10_000);
    expect(order()).toBe("");
    world.run(1_200);
    expect([order(), error()]).toEqual(["b", 0]);
    late[0]();
    world.run(MINUTE);
    expect(order()).toBe("b");
  });

  it("that is answered for more than once is asked for once", () => {
    const { sync, world, net, servers, error } = timeBench(1, {
      dns: {
        io: class {
          resolve({ host, onResolved, onError }: Parameters<Resolver["resolve"]>[0]) {
            for (const delay of [1, 2, 3]) world.timer.set(() => onResolved(host, "10.0.1.1"), delay);
            world.timer.set(() => onError(host), 4);
          }
        },
      },
    });
    sync.start(true);
    world.run(MINUTE);
    expect([servers[0].requests.length, net.datagrams.open, error()]).toEqual([1, 0, 0]);
  });

  it("whose resolver fails at once costs the attempt", () => {
    let broken = true;
    const { sync, world, net, error, warnings } = timeBench(1, {
      dns: {
        io: class {
          resolve(options: never) {
            if (broken) throw new Error("no memory");
            new net.Resolver({} as never).resolve(options);
          }
        } as never,
      },
    });
    sync.start(true);
    world.run(MINUTE);
    expect(warnings).toEqual([expect.stringContaining("no memory")]);
    broken = false;
    world.run(5 * MINUTE);
    expect(error()).toBe(0);
  });
});

describe("a server that does not answer", () => {
  it("costs 5 s: the next one is asked", () => {
    const { sync, world, servers, order, error } = timeBench(3);
    servers[0].fault = "silent";
    servers[1].fault = "silent";
    sync.start(true);
    world.run(10_000);
    expect([order(), error()]).toEqual(["ab", undefined]);
    world.run(1_200);
    expect([order(), error()]).toEqual(["abc", 0]);
  });

  it("is never asked twice within 15 s, and after some quick attempts each quarter of an hour", () => {
    for (const count of [1, 2, 4]) {
      const { sync, world, servers, asked } = timeBench(count);
      for (const server of servers) server.fault = "silent";
      sync.start(true);
      world.run(6 * HOUR);
      for (const moments of asked()) {
        const between = gaps(moments);
        expect(Math.min(...between)).toBeGreaterThanOrEqual(15 * SECOND);
        expect(between[0]).toBeLessThan(35 * SECOND);
        // From 2 s to 15 min it doubles some 8 times.
        expect(moments[10]).toBeGreaterThan(20 * MINUTE);
        for (const gap of between.slice(12)) {
          expect(gap).toBeGreaterThan(7 * MINUTE);
          expect(gap).toBeLessThan(16 * MINUTE);
        }
        expect(new Set(between.slice(12)).size).toBeGreaterThan(5);
      }
      for (const server of servers) server.fault = undefined;
      world.run(16 * MINUTE);
      expect(servers.some(({ requests }) => requests.at(-1)!.at > 6 * HOUR)).toBe(true);
    }
  });

  it("is quick to be asked again once there has been an answer", () => {
    const { sync, world, servers, told, asked } = timeBench(1);
    servers[0].fault = "silent";
    sync.start(true);
    world.run(3 * HOUR);
    servers[0].fault = undefined;
    world.runUntil(() => told.length > 0, HOUR);
    const before = servers[0].requests.length;
    servers[0].fault = "silent";
    world.run(70 * MINUTE);
    const [, again] = asked()[0].slice(before);
    expect(again - asked()[0][before]).toBeLessThan(20 * SECOND);
  });

  it("is told of once for as long as it lasts, with the reason and the setting", () => {
    const { sync, world, servers, warnings, told } = timeBench(2);
    servers[0].fault = "silent";
    servers[1].fault = "unsynchronised";
    sync.start(true);
    world.run(10 * SECOND);
    expect(warnings).toEqual([]); // it may be a packet that was lost
    world.run(DAY);
    expect(warnings).toEqual([
      'no time from the servers of setting "ntp", the last being b.example: it does not know the time itself; trying again, or name others',
    ]);
    servers[1].fault = undefined;
    world.runUntil(() => told.length > 0, HOUR);
    servers[1].fault = "silent";
    world.run(DAY);
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toContain("no answer;");
  });

  it("is not told of where the next one knows the time", () => {
    const { sync, world, servers, warnings } = timeBench(2);
    servers[0].fault = "silent";
    sync.start(true);
    world.run(7 * DAY);
    expect(warnings).toEqual([]);
  });
});

describe("the network", () => {
  it("is waited for", () => {
    const { sync, world, order, error, net } = timeBench(1);
    sync.start(false);
    world.run(DAY);
    expect(order()).toBe("");
    sync.networkChanged(true);
    world.run(1_100);
    expect(error()).toBe(0);
    expect(net.datagrams.open).toBe(0);
  });

  it("that goes ends the exchange without a word, and its return begins another", () => {
    const { sync, world, net, servers, warnings, order } = timeBench(1);
    servers[0].fault = "silent";
    for (let i = 0; i < 20; i++) {
      if (i === 0) sync.start(true);
      else sync.networkChanged(true);
      world.run(3_000);
      sync.networkChanged(false);
      expect(net.datagrams.open).toBe(0);
      world.run(MINUTE);
    }
    expect(order()).toBe("a".repeat(20));
    expect(warnings).toEqual([]);
  });

  it("that comes and goes all the time does not make for more requests", () => {
    const { sync, world, asked } = timeBench(2);
    sync.start(true);
    for (let i = 0; i < 1_000; i++) {
      world.run(5_000);
      sync.networkChanged(i % 2 === 1);
    }
    const all = asked().flat();
    expect(all.length).toBeLessThanOrEqual(3);
    expect(all.length).toBeGreaterThanOrEqual(2);
    const silent = timeBench(2);
    for (const server of silent.servers) server.fault = "silent";
    silent.sync.start(true);
    for (let i = 0; i < 1_000; i++) {
      silent.world.run(2_000);
      silent.sync.networkChanged(i % 2 === 1);
    }
    for (const moments of silent.asked())
      expect(Math.min(...gaps(moments))).toBeGreaterThanOrEqual(15 * SECOND);
  });

  it("that returns makes attempts quick again", () => {
    const { sync, world, servers, asked } = timeBench(1);
    servers[0].fault = "silent";
    sync.start(true);
    world.run(6 * HOUR);
    sync.networkChanged(false);
    world.run(MINUTE);
    const before = asked()[0].length;
    sync.networkChanged(true);
    world.run(MINUTE);
    expect(asked()[0].length - before).toBeGreaterThanOrEqual(3);
  });

  it("told of twice is told of once", () => {
    const { sync, world, servers, order, error } = timeBench(2);
    servers[0].processing = 1_000;
    sync.start(true);
    world.runUntil(() => servers[0].requests.length > 0);
    sync.networkChanged(true); // in the middle of an exchange
    world.run(1_100);
    expect([order(), error()]).toEqual(["a", 0]);
    world.run(53 * MINUTE);
    sync.networkChanged(true);
    world.run(20 * MINUTE);
    expect(order()).toBe("ab");
  });
});

describe("after the stop", () => {
  it("nothing is asked any more, and no network starts it again", () => {
    const { sync, world, order, net } = timeBench(2);
    sync.start(true);
    world.run(10 * SECOND);
    sync.stop();
    sync.stop();
    sync.networkChanged(false);
    sync.networkChanged(true);
    world.run(DAY);
    expect(order()).toBe("a");
    expect(net.datagrams.open).toBe(0);
  });

  it("an address that was asked for before is not used", () => {
    const { sync, world, order } = timeBench(1, { spread: 0 });
    sync.start(true);
    world.run(2);
    sync.stop();
    world.run(MINUTE);
    expect(order()).toBe("");
  });
});
