import { describe, expect, it } from "@jest/globals";
import type { SensorClass } from "../../firmware/ports.js";
import { SHT3x } from "../../firmware/sensors/sht3x.js";
import { Bus, type Chip } from "../../host-sim/chips/bus.js";
import type { I2COptions } from "../../host-sim/chips/i2c.js";
import { SHT3xChip } from "../../host-sim/chips/sht3x.js";
import { Bench } from "../support/source.js";

class World {
  time = 0;
  degrees = 21.4;
  percent = 45;
  open = 0;
  readonly errors: string[] = [];
  /** 16-bit commands in the order in which they came. */
  readonly commands: number[] = [];
  readonly bus = new Bus();
  readonly I2C: Bus["I2C"];

  constructor() {
    const world = this;
    this.bus.attach(0x44, this.chip());
    this.bus.disturbance = (_address, bytes, isRead) => {
      if (!isRead) this.commands.push((bytes[0] << 8) | bytes[1]);
    };
    this.I2C = class extends this.bus.I2C {
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

  chip(): SHT3xChip {
    return new SHT3xChip(
      () => this.time,
      () => this.degrees,
      () => this.percent,
    );
  }

  sensor(options: Partial<I2COptions> = {}): SHT3x {
    return new SHT3x({ sensor: { io: this.I2C, ...options }, onError: (reason) => this.errors.push(reason) });
  }

  /** Of a sensor that has been asked once and has had time to measure. */
  measured(): SHT3x {
    const sensor = this.sensor();
    sensor.sample();
    this.time += 1_000;
    return sensor;
  }

  /** Alters the bytes of every answer. */
  corrupt(alter: (bytes: Uint8Array) => void): void {
    this.bus.disturbance = (_address, bytes, isRead) => {
      if (isRead) alter(bytes);
    };
  }
}

describe("SHT3x", () => {
  it.each([
    [21.4, 45],
    [0, 0],
    [-0.01, 100],
    [-17.5, 12.34],
    [-40, 99.99],
    [125, 1],
  ])("measures %d °C and %d %%", (degrees, percent) => {
    const world = new World();
    world.degrees = degrees;
    world.percent = percent;
    const sample = world.measured().sample();
    expect(Math.abs((sample?.thermometer?.temperature ?? Number.NaN) - degrees)).toBeLessThan(0.002);
    expect(Math.abs((sample?.hygrometer?.humidity ?? Number.NaN) - percent)).toBeLessThan(0.001);
  });

  it("reads the datasheet's example word 0xBEEF, whose checksum is 0x92", () => {
    const world = new World();
    const chip: Chip = {
      write: () => true,
      read: (into) => {
        into.set([0xbe, 0xef, 0x92, 0xbe, 0xef, 0x92]);
        return true;
      },
    };
    world.bus.attach(0x44, chip);
    const sample = world.measured().sample();
    expect(sample?.thermometer?.temperature).toBeCloseTo(-45 + (175 * 0xbeef) / 0xffff, 9);
    expect(sample?.hygrometer?.humidity).toBeCloseTo((100 * 0xbeef) / 0xffff, 9);
    expect(world.errors).toEqual([]);
  });

  it("starts measuring at the first sample, which has nothing yet, and then has the latest", () => {
    const world = new World();
    const sensor = world.sensor();
    expect(sensor.sample()).toBeUndefined();
    world.time = 1_000;
    expect(sensor.sample()?.thermometer?.temperature).toBeCloseTo(21.4, 2);
    world.degrees = 30;
    world.time = 2_000;
    expect(sensor.sample()?.thermometer?.temperature).toBeCloseTo(30, 2);
  });

  it("throws when it is asked before the part has measured, and has values again two samples later", () => {
    const world = new World();
    const sensor = world.sensor();
    sensor.sample();
    world.time = 10;
    expect(() => sensor.sample()).toThrow("no answer");
    world.time = 1_000;
    expect(sensor.sample()).toBeUndefined();
    world.time = 2_000;
    expect(sensor.sample()?.thermometer).toBeDefined();
  });

  it("can be opened on a part that still measures from before a restart", () => {
    const world = new World();
    world.measured();
    const again = world.measured();
    expect(again.sample()?.thermometer).toBeDefined();
  });

  it.each([
    ["high", 0x2236],
    ["medium", 0x2220],
    ["low", 0x222b],
  ] as const)(
    "measures with %s repeatability twice a second where it is told to",
    (repeatability, command) => {
      const world = new World();
      const sensor = world.measured();
      sensor.configure({ repeatability });
      world.time += 1_000;
      expect(sensor.sample()).toBeUndefined();
      expect(world.commands.at(-1)).toBe(command);
      world.time += 1_000;
      expect(sensor.sample()?.thermometer).toBeDefined();
    },
  );

  it("speaks to another address where it is told to", () => {
    const world = new World();
    world.bus.detach(0x44);
    world.bus.attach(0x45, world.chip());
    expect(() => world.sensor({ address: 0x45 })).not.toThrow();
  });

  it("leaves out the temperature whose checksum is wrong, and says so", () => {
    const world = new World();
    const sensor = world.measured();
    world.corrupt((bytes) => {
      bytes[0] ^= 0x10;
    });
    expect(Object.keys(sensor.sample() ?? {})).toEqual(["hygrometer"]);
    expect(world.errors).toEqual(["SHT3x temperature arrived with a wrong checksum"]);
  });

  it("leaves out the humidity whose checksum is wrong, and says so", () => {
    const world = new World();
    const sensor = world.measured();
    world.corrupt((bytes) => {
      bytes[5] ^= 0x01;
    });
    expect(Object.keys(sensor.sample() ?? {})).toEqual(["thermometer"]);
    expect(world.errors).toEqual(["SHT3x humidity arrived with a wrong checksum"]);
  });

  it("sees every single bit that flips on the wire", () => {
    const world = new World();
    const sensor = world.measured();
    for (let bit = 0; bit < 48; bit++) {
      world.corrupt((bytes) => {
        bytes[bit >> 3] ^= 1 << (bit & 7);
      });
      world.time += 1_000;
      expect(Object.keys(sensor.sample() ?? {})).toEqual([bit < 24 ? "hygrometer" : "thermometer"]);
    }
  });

  it("takes a bus that reads nothing but ones or nothing but zeros for no values", () => {
    for (const byte of [0xff, 0x00]) {
      const world = new World();
      const sensor = world.measured();
      world.corrupt((bytes) => bytes.fill(byte));
      expect(sensor.sample()).toEqual({});
    }
  });

  it("says so when there is no part, and leaves the bus closed", () => {
    const world = new World();
    world.bus.detach(0x44);
    expect(() => world.sensor()).toThrow("no answer on I2C address 0x44");
    expect(world.open).toBe(0);
  });

  it("stops the part's measuring when it is closed, and closes also when the part is gone", () => {
    const world = new World();
    world.measured().close();
    expect(world.commands.at(-1)).toBe(0x3093);
    const sensor = world.measured();
    world.bus.detach(0x44);
    sensor.close();
    expect(world.open).toBe(0);
  });

  it("can be closed twice", () => {
    const sensor = new World().measured();
    sensor.close();
    expect(() => sensor.close()).not.toThrow();
  });
});

describe("an SHT3x that is polled", () => {
  function polled() {
    const bench = new Bench();
    const world = new World();
    bench.clock.timer.set(function tick() {
      world.time = bench.clock.elapsed;
      bench.clock.timer.set(tick, 5);
    }, 0);
    const source = bench.polled(
      SHT3x as SensorClass<never>,
      { sensor: { io: world.I2C } },
      { period: 1_000 },
    );
    source.start();
    bench.clock.run(10_000);
    return { bench, world, source };
  }

  it("gives temperature and humidity every period", () => {
    const { bench } = polled();
    expect(bench.temperatures).toHaveLength(9);
    expect(bench.values).toHaveLength(18);
    expect(bench.counters.sensorErrors).toBe(0);
  });

  it("is found again after it was unplugged and comes back without power between", () => {
    const { bench, world } = polled();
    world.bus.detach(0x44);
    bench.clock.run(60_000);
    expect(bench.temperatures).toHaveLength(9);
    expect(bench.monitor.warnings).toEqual(["sensor: no answer on I2C address 0x44"]);
    world.bus.attach(0x44, world.chip());
    bench.clock.run(10_000);
    expect(bench.temperatures.length).toBeGreaterThan(12);
  });

  it("goes on within three periods after one command was lost on the wire", () => {
    const { bench, world } = polled();
    let lost = false;
    world.bus.disturbance = (_address, bytes, isRead) => {
      if (isRead || lost) return;
      lost = true;
      bytes[0] ^= 0x80;
    };
    bench.clock.run(2_100);
    expect(bench.counters.sensorErrors).toBe(1);
    expect(bench.temperatures).toHaveLength(10);
  });

  it("counts each wrong checksum, and tells of them once until a sample is good again", () => {
    const { bench, world } = polled();
    world.corrupt((bytes) => {
      bytes[2] ^= 0x01;
    });
    bench.clock.run(5_000);
    expect(bench.temperatures).toHaveLength(9);
    expect(bench.counters.sensorErrors).toBe(5);
    expect(bench.monitor.warnings).toHaveLength(1);
    world.bus.disturbance = undefined;
    bench.clock.run(2_000);
    expect(bench.temperatures).toHaveLength(11);
    world.corrupt((bytes) => {
      bytes[2] ^= 0x01;
    });
    bench.clock.run(2_000);
    expect(bench.monitor.warnings).toHaveLength(2);
  });
});
