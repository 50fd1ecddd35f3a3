import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";

describe("VirtualClock's timers", () => {
  it("run in the order of their time, and those of the same time in the order of their setting", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (delays) => {
        const clock = new VirtualClock();
        const ran: { delay: number; order: number; at: number }[] = [];
        delays.forEach((delay, order) => {
          clock.timer.set(() => ran.push({ delay, order, at: clock.elapsed }), delay);
        });
        clock.run(20);
        const expected = delays
          .map((delay, order) => ({ delay, order, at: delay }))
          .sort((a, b) => a.delay - b.delay || a.order - b.order);
        expect(ran).toEqual(expected);
      }),
    );
  });

  it("run exactly those that were not cleared, whichever were", () => {
    const timers = fc.array(fc.record({ delay: fc.integer({ min: 0, max: 50 }), clear: fc.boolean() }));
    fc.assert(
      fc.property(timers, (all) => {
        const clock = new VirtualClock();
        const ran = new Set<number>();
        const handles = all.map(({ delay }, index) => clock.timer.set(() => ran.add(index), delay));
        all.forEach(({ clear }, index) => {
          if (clear) clock.timer.clear(handles[index]);
        });
        clock.run(50);
        expect([...ran].sort((a, b) => a - b)).toEqual(
          all.map((_, index) => index).filter((index) => !all[index].clear),
        );
      }),
    );
  });

  it("never run before the caller has returned, nor before their time", () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.timer.set(() => ran.push("at once"), 0);
    clock.timer.set(() => ran.push("later"), 10);
    expect(ran).toEqual([]);
    clock.run(0);
    expect(ran).toEqual(["at once"]);
    clock.run(9);
    expect(ran).toEqual(["at once"]);
    clock.run(1);
    expect(ran).toEqual(["at once", "later"]);
  });

  it("that set others in turn see them run in the same stretch of time", () => {
    const clock = new VirtualClock();
    const ticks: number[] = [];
    const tick = () => {
      ticks.push(clock.elapsed);
      clock.timer.set(tick, 10);
    };
    clock.timer.set(tick, 10);
    clock.run(45);
    expect(ticks).toEqual([10, 20, 30, 40]);
  });

  it("can clear one another at the same moment; clearing nothing, twice or too late is harmless", () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const first = clock.timer.set(() => {
      ran.push("first");
      clock.timer.clear(second);
    }, 5);
    const second = clock.timer.set(() => ran.push("second"), 5);
    clock.timer.set(() => ran.push("third"), 5);
    clock.run(5);
    clock.timer.clear(first);
    clock.timer.clear(first);
    clock.timer.clear(undefined);
    expect(ran).toEqual(["first", "third"]);
  });

  it("that throw do so out of run, and the others still run afterwards", () => {
    const clock = new VirtualClock();
    let ran = 0;
    clock.timer.set(() => {
      throw new Error("broken");
    }, 5);
    clock.timer.set(() => {
      ran += 1;
    }, 5);
    expect(() => clock.run(10)).toThrow("broken");
    expect(clock.elapsed).toBe(5);
    clock.run(5);
    expect([ran, clock.elapsed]).toEqual([1, 10]);
  });

  it("refuse a delay that is none", () => {
    const { timer } = new VirtualClock();
    for (const delay of [-1, Number.NaN]) expect(() => timer.set(() => {}, delay)).toThrow(RangeError);
  });
});

describe("VirtualClock's time", () => {
  it("passes only when it is told to, and never goes back", () => {
    const clock = new VirtualClock();
    expect([clock.elapsed, clock.ticks()]).toEqual([0, 0]);
    clock.run(1_500);
    expect([clock.elapsed, clock.ticks()]).toEqual([1_500, 1_500]);
    for (const duration of [-1, Number.NaN]) expect(() => clock.run(duration)).toThrow(RangeError);
    clock.timer.set(() => clock.run(1_000), 10);
    clock.run(20);
    expect(clock.elapsed).toBe(2_510);
  });

  it("counts ticks in 32 bits, which wrap", () => {
    const clock = new VirtualClock({ ticks: 0x7fff_ffff });
    expect(clock.ticks()).toBe(0x7fff_ffff);
    clock.run(1);
    expect(clock.ticks()).toBe(-0x8000_0000);
    const late = new VirtualClock({ ticks: -3 });
    late.run(5);
    expect(late.ticks()).toBe(2);
  });

  it("of the day is unknown until it is set, goes on from there, and can be lost", () => {
    const clock = new VirtualClock();
    clock.run(100);
    expect(clock.now()).toBeUndefined();
    clock.setNow(1_000_000);
    clock.run(50);
    expect(clock.now()).toBe(1_000_050);
    clock.setNow(undefined);
    expect(clock.now()).toBeUndefined();
    expect(new VirtualClock({ now: 5 }).now()).toBe(5);
  });
});

describe("VirtualClock.runUntil", () => {
  it("stops at the moment the condition holds", () => {
    const clock = new VirtualClock();
    let done = false;
    clock.timer.set(() => {
      done = true;
    }, 70);
    clock.timer.set(() => {
      throw new Error("too far");
    }, 71);
    clock.runUntil(() => done);
    expect(clock.elapsed).toBe(70);
    clock.runUntil(() => true);
    expect(clock.elapsed).toBe(70);
  });

  it("throws when the condition does not hold within the limit, with and without timers", () => {
    const clock = new VirtualClock();
    clock.timer.set(() => {}, 60);
    expect(() => clock.runUntil(() => false, 50)).toThrow("50 simulated milliseconds");
    expect(clock.elapsed).toBe(50);
    expect(() => clock.runUntil(() => false, 50)).toThrow();
    expect(clock.elapsed).toBe(100);
  });

  it("still counts what happens at the limit itself", () => {
    const clock = new VirtualClock();
    let done = false;
    clock.timer.set(() => {
      done = true;
    }, 50);
    clock.runUntil(() => done, 50);
    expect(clock.elapsed).toBe(50);
  });
});

describe("VirtualClock's domains", () => {
  it("end together, and leave the others alone", () => {
    const clock = new VirtualClock();
    const domain = clock.domain();
    const ran: string[] = [];
    domain.timer.set(() => ran.push("cut"), 10);
    const handle = domain.timer.set(() => ran.push("cut"), 20);
    clock.timer.set(() => ran.push("world"), 30);
    domain.cut();
    domain.timer.set(() => ran.push("cut"), 0);
    domain.timer.clear(handle);
    clock.run(100);
    expect([ran, domain.isCut, domain.pending, clock.pending]).toEqual([["world"], true, 0, 0]);
  });

  it("may be cut by one of their own timers", () => {
    const clock = new VirtualClock();
    const domain = clock.domain();
    const ran: number[] = [];
    for (const delay of [1, 2, 3]) {
      domain.timer.set(() => {
        ran.push(delay);
        if (delay === 2) domain.cut();
      }, delay);
    }
    clock.run(10);
    expect(ran).toEqual([1, 2]);
  });

  it("count the timers that are set and have neither run nor been cleared", () => {
    const clock = new VirtualClock();
    const domain = clock.domain();
    const handles = [1, 2, 3].map((delay) => domain.timer.set(() => {}, delay));
    clock.timer.set(() => {}, 50);
    expect([domain.pending, clock.pending]).toEqual([3, 4]);
    domain.timer.clear(handles[2]);
    domain.timer.clear(handles[2]);
    clock.run(1);
    domain.timer.clear(handles[0]);
    expect([domain.pending, clock.pending, clock.steps]).toEqual([1, 2, 1]);
  });

  it("that hang let their timers run into nothing", () => {
    const clock = new VirtualClock();
    const domain = clock.domain();
    const ran: string[] = [];
    domain.timer.set(() => ran.push("hung"), 10);
    domain.hangs = true;
    clock.timer.set(() => ran.push("world"), 20);
    clock.run(100);
    expect(ran).toEqual(["world"]);
  });
});
