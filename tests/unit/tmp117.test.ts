import { describe, expect, it } from "@jest/globals";
import type { SensorClass } from "../../firmware/ports.js";
import { TMP117 } from "../../firmware/sensors/tmp117.js";
import { Bus, type Chip } from "../../host-sim/chips/bus.js";
import type { I2COptions } from "../../host-sim/chips/i2c.js";
import { TMP117Chip } from "../../host-sim/chips/tmp117.js";
import { Bench } from "../support/source.js";

/** A part on a bus, with a time and a temperature that the test sets. */
class World {
  time = 0;
  degrees = 21.4;
  /** Instances of the bus class that are open. */
  open = 0;
  readonly bus = new Bus();
  readonly chip = new TMP117Chip(
    () => this.time,
    () => this.degrees,
  );
  readonly SMBus: Bus["SMBus"];

  constructor() {
    const world = this;
    this.bus.attach(0x48, this.chip);
    this.SMBus = class extends this.bus.SMBus {
      constructor(options: I2COptions) {
        super(options);
        world.open += 1;
      }

      override close(): void {
        world.open -= 1;
        super.close();
      }
    };
  }

  sensor(options: Partial<I2COptions> = {}): TMP117 {
    return new TMP117({ sensor: { io: this.SMBus, ...options } });
  }

  /** Of a sensor that has had time to measure. */
  measured(): TMP117 {
    const sensor = this.sensor();
    this.time += 1_000;
    return sensor;
  }
}

describe("TMP117", () => {
  it.each([[21.5], [0], [-0.0078125], [-25.5], [-55], [150], [0.0078125]])("measures %d °C", (degrees) => {
    const world = new World();
    world.degrees = degrees;
    expect(world.measured().sample()).toEqual({ temperature: degrees });
  });

  it("resolves 1/128 °C", () => {
    const world = new World();
    world.degrees = 21.4;
    expect(Math.abs((world.measured().sample()?.temperature ?? 0) - 21.4)).toBeLessThanOrEqual(1 / 256);
  });

  it("has nothing until the first conversion is done, then always the latest", () => {
    const world = new World();
    const sensor = world.sensor();
    expect(sensor.sample()).toBeUndefined();
    world.time = 100;
    expect(sensor.sample()).toBeUndefined();
    world.time = 124;
    expect(sensor.sample()).toEqual({ temperature: 21.3984375 });
    world.degrees = 30;
    expect(sensor.sample()).toEqual({ temperature: 30 });
  });

  it("resets a part that measured already, so that no old value is taken for a new one", () => {
    const world = new World();
    world.time = 60_000;
    expect(world.sensor().sample()).toBeUndefined();
  });

  it("has nothing after being configured until a conversion of the new kind is done", () => {
    const world = new World();
    const sensor = world.measured();
    sensor.sample();
    sensor.configure({ averaging: 64 });
    expect(sensor.sample()).toBeUndefined();
    world.time += 991;
    expect(sensor.sample()).toBeUndefined();
    world.time += 1;
    expect(sensor.sample()).toBeDefined();
  });

  it.each([
    [1, 0x0200],
    [8, 0x0220],
    [32, 0x0240],
    [64, 0x0260],
  ] as const)("averages %d conversions and leaves the cycle of a second", (averaging, configuration) => {
    const world = new World();
    world.sensor().configure({ averaging });
    const registers = new world.bus.SMBus({ address: 0x48 });
    expect(registers.readUint16(0x01, true)).toBe(configuration);
  });

  it("speaks to another address where it is told to", () => {
    const world = new World();
    world.bus.attach(0x4b, world.chip);
    world.bus.detach(0x48);
    expect(world.sensor({ address: 0x4b }).sample()).toBeUndefined();
  });

  it("refuses a part with another id, saying which, and leaves the bus closed", () => {
    const world = new World();
    const other: Chip = {
      write: () => true,
      read: (into) => {
        into.set([0x01, 0x16]);
        return true;
      },
    };
    world.bus.attach(0x48, other);
    expect(() => world.sensor()).toThrow("not a TMP117 (its id is 0x116)");
    expect(world.open).toBe(0);
  });

  it("accepts any revision of the part", () => {
    const world = new World();
    world.bus.disturbance = (_address, bytes, isRead) => {
      if (isRead) bytes[0] |= 0x30;
    };
    expect(() => world.sensor()).not.toThrow();
  });

  it("says so when there is no part, and leaves the bus closed", () => {
    const world = new World();
    world.bus.detach(0x48);
    expect(() => world.sensor()).toThrow("no answer on I2C address 0x48");
    expect(world.open).toBe(0);
  });

  it("throws when the part is unplugged meanwhile, and closes all the same", () => {
    const world = new World();
    const sensor = world.measured();
    world.bus.detach(0x48);
    expect(() => sensor.sample()).toThrow("no answer");
    sensor.close();
    expect(world.open).toBe(0);
  });
});

describe("a TMP117 that is polled", () => {
  it("is found again after it was unplugged and comes back", () => {
    const bench = new Bench();
    const bus = new Bus();
    const chip = () =>
      new TMP117Chip(
        () => bench.clock.elapsed,
        () => -12.5,
      );
    bus.attach(0x48, chip());
    const source = bench.polled(
      TMP117 as SensorClass<never>,
      { sensor: { io: bus.SMBus } },
      { period: 1_000 },
    );
    source.start();
    bench.clock.run(5_000);
    const before = bench.temperatures.length;
    expect(before).toBeGreaterThanOrEqual(4);
    bus.detach(0x48);
    bench.clock.run(60_000);
    expect(bench.temperatures).toHaveLength(before);
    expect(bench.counters.sensorErrors).toBeGreaterThan(3);
    expect(bench.monitor.warnings).toEqual(["sensor: no answer on I2C address 0x48"]);
    bus.attach(0x48, chip());
    bench.clock.run(10_000);
    expect(bench.temperatures.length).toBeGreaterThan(before + 2);
    expect(new Set(bench.temperatures)).toEqual(new Set([-12.5]));
  });
});
