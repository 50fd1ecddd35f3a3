import { describe, expect, it } from "@jest/globals";
import { fail, scripted } from "../support/scripted-sensor.js";
import { Bench } from "../support/source.js";

describe("a sensor that fails", () => {
  it("to open is tried every 5 s, each counted and all told once", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.open = fail;
    bench.polled(Scripted).start();
    bench.clock.run(12_000);
    expect(log.made).toEqual([0, 5_000, 10_000]);
    expect(bench.counters.sensorErrors).toBe(3);
    expect(bench.monitor.warnings).toEqual(["sensor: no answer"]);
    log.open = () => {};
    bench.clock.run(4_000);
    expect(log.sampled).toEqual([15_010]);
  });

  it("three times in a row is closed and, 5 s later, opened anew", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    bench.polled(Scripted).start();
    bench.clock.run(6_000);
    log.sample = fail;
    bench.clock.run(20_000);
    expect(log.sampled).toEqual([10, 5_010, 10_010, 15_010, 20_010, 25_020]);
    expect(log.closed).toBe(1);
    expect(log.made).toEqual([0, 25_010]);
    expect(bench.counters.sensorErrors).toBe(4);
  });

  it("twice and then succeeds stays open", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = () => (log.sampled.length % 3 === 0 ? { temperature: 20 } : fail());
    bench.polled(Scripted).start();
    bench.clock.run(60_000);
    expect([log.made.length, log.closed]).toEqual([1, 0]);
    expect(bench.temperatures).toHaveLength(4);
  });

  it("again and again with nothing in between is told once and opened anew, though it does not fail each time", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = () => (log.sampled.length % 2 === 0 ? fail() : undefined);
    bench.polled(Scripted).start();
    bench.clock.run(60_000);
    expect(bench.monitor.warnings).toHaveLength(1);
    expect(log.made.length).toBeGreaterThan(1);
  });

  it("is told of again after it was good in between", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = () => (log.sampled.length % 2 === 0 ? fail() : { temperature: 20 });
    bench.polled(Scripted).start();
    bench.clock.run(22_000);
    expect(bench.monitor.warnings).toEqual(["sensor: no answer", "sensor: no answer"]);
  });

  it("to close is left behind all the same", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = fail;
    log.close = fail;
    bench.polled(Scripted).start();
    bench.clock.run(16_000);
    expect(log.made).toEqual([0, 15_010]);
  });

  it("by its onError is counted, and its values are taken all the same", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = () => {
      log.given?.onError?.("humidity arrived with a wrong checksum");
      return { temperature: 21.4 };
    };
    bench.polled(Scripted).start();
    bench.clock.run(12_000);
    expect(bench.counters.sensorErrors).toBe(3);
    expect(bench.monitor.warnings).toHaveLength(1);
    expect(bench.temperatures).toHaveLength(3);
  });
});
