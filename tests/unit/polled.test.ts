import { describe, expect, it } from "@jest/globals";
import { Quantity } from "../../firmware/codec/reading.js";
import { fail, scripted } from "../support/scripted-sensor.js";
import { Bench } from "../support/source.js";

describe("the pace", () => {
  it("is a first sample 10 ms after opening, when a part has reset, and then one each period", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    bench.polled(Scripted).start();
    bench.clock.run(20_000);
    expect(log.made).toEqual([0]);
    expect(log.sampled).toEqual([10, 5_010, 10_010, 15_010]);
    expect(bench.temperatures).toEqual([21.4, 21.4, 21.4, 21.4]);
  });

  it("asks sooner a sensor that has nothing yet", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = () => (bench.clock.elapsed < 2_000 ? undefined : { temperature: 20 });
    bench.polled(Scripted).start();
    bench.clock.run(10_000);
    expect(log.sampled).toEqual([10, 1_010, 2_010, 7_010]);
    expect(bench.counters.sensorErrors).toBe(0);
  });

  it("stays on its grid when a timer is late", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    const { timer } = bench.clock;
    const set = timer.set;
    timer.set = (callback, delay) => set(callback, delay + 7);
    bench.polled(Scripted).start();
    bench.clock.run(16_000);
    expect(log.sampled).toEqual([17, 5_017, 10_017, 15_017]);
  });

  it("does not make up for a pause with a burst", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    let pause = 30_000;
    const { timer } = bench.clock;
    const set = timer.set;
    timer.set = (callback, delay) => {
      set(callback, delay + (log.sampled.length === 1 ? pause : 0));
      if (log.sampled.length === 1) pause = 0;
    };
    bench.polled(Scripted).start();
    bench.clock.run(50_000);
    expect(log.sampled).toEqual([10, 35_010, 40_010, 45_010]);
  });

  it("goes on at once after a pause of 25 days, where the ticks look negative", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    let jump = 0;
    const { clock } = bench;
    const ticks = clock.ticks.bind(clock);
    clock.ticks = () => (ticks() + jump) | 0;
    bench.polled(Scripted).start();
    clock.run(1_000);
    jump = 25 * 86_400_000;
    clock.run(20_000);
    expect(log.sampled).toEqual([10, 5_010, 10_010, 15_010, 20_010]);
  });

  it.each([
    ["2^31", 0x7fff_ffff - 7_000],
    ["2^32", -7_000],
  ])("holds while the ticks wrap at %s", (_name, ticks) => {
    const bench = new Bench({ ticks });
    const { log, Scripted } = scripted(bench);
    bench.polled(Scripted).start();
    bench.clock.run(20_000);
    expect(log.sampled).toEqual([10, 5_010, 10_010, 15_010]);
  });
});

describe("the values", () => {
  it("of all quantities are handed on", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = () => ({
      thermometer: { temperature: 21.4 },
      hygrometer: { humidity: 45 },
      barometer: { pressure: 101_325 },
    });
    bench.polled(Scripted).start();
    bench.clock.run(100);
    expect(bench.values).toEqual([
      [Quantity.TEMPERATURE, 21.4],
      [Quantity.HUMIDITY, 45],
      [Quantity.PRESSURE, 101_325],
    ]);
  });

  it("of a part that gives humidity as 0 to 1 are scaled to percent, and only the humidity is", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = () => ({
      thermometer: { temperature: 21.4 },
      hygrometer: { humidity: 0.5 },
      barometer: { pressure: 101_325 },
    });
    bench.polled(Scripted, {}, { humidityScale: 100 }).start();
    bench.clock.run(100);
    expect(bench.values).toEqual([
      [Quantity.TEMPERATURE, 21.4],
      [Quantity.HUMIDITY, 50],
      [Quantity.PRESSURE, 101_325],
    ]);
  });

  it("that are no numbers are handed on as NaN, for the pipeline to count", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.sample = () => ({ temperature: "21" });
    bench.polled(Scripted).start();
    bench.clock.run(100);
    expect(bench.temperatures).toEqual([Number.NaN]);
  });
});

describe("PolledSource", () => {
  it("hands the class its options", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    bench.polled(Scripted, { sensor: { address: 0x49 } }).start();
    expect(log.given).toMatchObject({ sensor: { address: 0x49 } });
  });

  it("says once that the first attempt to open has ended, well or not", () => {
    for (const open of [() => {}, fail]) {
      const bench = new Bench();
      const { log, Scripted } = scripted(bench);
      log.open = open;
      const source = bench.polled(Scripted);
      expect(bench.openings).toBe(0);
      source.start();
      expect(bench.openings).toBe(1);
      bench.clock.run(60_000);
      expect(bench.openings).toBe(1);
    }
  });

  it("closes the sensor and asks it no more", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    const source = bench.polled(Scripted);
    source.start();
    bench.clock.run(1_000);
    source.close();
    source.close();
    bench.clock.run(60_000);
    expect([log.closed, log.sampled.length, log.made.length]).toEqual([1, 1, 1]);
  });

  it("that is closed while there is no sensor tries no more", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    log.open = fail;
    const source = bench.polled(Scripted);
    source.start();
    source.close();
    bench.clock.run(60_000);
    expect(log.made).toHaveLength(1);
  });

  it("that is closed from within a value asks no more", () => {
    const bench = new Bench();
    const { log, Scripted } = scripted(bench);
    const source = bench.polled(Scripted);
    bench.onValue = () => source.close();
    source.start();
    bench.clock.run(60_000);
    expect([log.sampled.length, log.made.length, log.closed]).toEqual([1, 1, 1]);
    expect(bench.counters.sensorErrors).toBe(0);
  });
});
