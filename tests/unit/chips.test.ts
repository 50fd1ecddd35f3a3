import { describe, expect, it } from "@jest/globals";
import { Bus } from "../../host-sim/chips/bus.js";
import { SimulatedHardware } from "../../host-sim/chips/hardware.js";
import { Room } from "../../host-sim/chips/room.js";
import { SHT3xChip } from "../../host-sim/chips/sht3x.js";
import { TMP117Chip } from "../../host-sim/chips/tmp117.js";

describe("the TMP117's registers", () => {
  function registers(degrees = 25) {
    const world = { time: 0, degrees };
    const bus = new Bus();
    bus.attach(
      0x48,
      new TMP117Chip(
        () => world.time,
        () => world.degrees,
      ),
    );
    const io = new bus.SMBus({ address: 0x48 });
    return {
      world,
      read: (register: number) => io.readUint16(register, true),
      write: (register: number, value: number) => io.writeUint16(register, value, true),
    };
  }

  it("have their values of power-on: -256 °C, the default configuration, the device id", () => {
    const { read } = registers();
    expect([read(0x00), read(0x01), read(0x0f)]).toEqual([0x8000, 0x0220, 0x0117]);
  });

  // Table 7-1 of the datasheet.
  it.each([
    [-256, 0x8000],
    [-25, 0xf380],
    [-0.0078125, 0xffff],
    [0, 0x0000],
    [0.0078125, 0x0001],
    [1, 0x0080],
    [25, 0x0c80],
    [100, 0x3200],
    [255.9921875, 0x7fff],
    [400, 0x7fff],
  ])("hold %d °C as the datasheet says", (degrees, raw) => {
    const { world, read } = registers(degrees);
    world.time = 1_000;
    expect(read(0x00)).toBe(raw);
  });

  it("say that data is ready after 124 ms with eight averaged, once for each conversion", () => {
    const { world, read } = registers();
    world.time = 123;
    expect(read(0x01)).toBe(0x0220);
    world.time = 124;
    expect(read(0x01)).toBe(0x2220);
    expect(read(0x01)).toBe(0x0220);
    world.time = 1_123;
    expect(read(0x01)).toBe(0x0220);
    world.time = 1_124;
    expect(read(0x01)).toBe(0x2220);
  });

  it("say no more that data is ready once the temperature was read", () => {
    const { world, read } = registers();
    world.time = 200;
    read(0x00);
    expect(read(0x01)).toBe(0x0220);
  });

  it("are reset by the soft-reset bit", () => {
    const { world, read, write } = registers();
    write(0x01, 0x0200);
    world.time = 5_000;
    expect(read(0x01) & 0x0fff).toBe(0x0200);
    write(0x01, 0x0002);
    expect([read(0x01), read(0x00)]).toEqual([0x0220, 0x8000]);
  });

  it("cannot be written where they are read-only", () => {
    const { world, read, write } = registers();
    write(0x0f, 0xffff);
    write(0x00, 0x1234);
    world.time = 1_000;
    expect([read(0x0f), read(0x00)]).toEqual([0x0117, 0x0c80]);
  });
});

describe("the SHT3x's commands", () => {
  function part(degrees = 25, percent = 50) {
    const world = { time: 0, degrees, percent };
    const chip = new SHT3xChip(
      () => world.time,
      () => world.degrees,
      () => world.percent,
    );
    return {
      world,
      write: (command: number) => chip.write(Uint8Array.of(command >> 8, command & 0xff)),
      read: (length = 6) => {
        const into = new Uint8Array(length);
        return chip.read(into) ? [...into] : undefined;
      },
    };
  }

  it("answer with the checksum of the datasheet's example: 0xBEEF has 0x92", () => {
    const { world, write, read } = part((175 * 0xbeef) / 0xffff - 45, (100 * 0xbeef) / 0xffff);
    write(0x2400);
    world.time = 15;
    expect(read()).toEqual([0xbe, 0xef, 0x92, 0xbe, 0xef, 0x92]);
  });

  it.each([
    ["high", 0x2400, 15],
    ["medium", 0x240b, 6],
    ["low", 0x2416, 4],
  ])("measure once with %s repeatability, which takes its time", (_name, command, duration) => {
    const early = part();
    early.write(command);
    early.world.time = duration - 1;
    expect(early.read()).toBeUndefined();
    const { world, write, read } = part();
    write(command);
    world.time = duration;
    expect(read()).toHaveLength(6);
    expect(read()).toBeUndefined();
  });

  it.each([[0x2c06], [0x2c0d], [0x2c10]])(
    "stretch the clock after 0x%s, so that reading waits",
    (command) => {
      const { write, read } = part();
      write(command);
      expect(read()).toHaveLength(6);
    },
  );

  it.each([
    ["half a second", 0x2032, 2_000],
    ["a second", 0x2130, 1_000],
    ["twice a second", 0x2236, 500],
    ["four times a second", 0x2334, 250],
    ["ten times a second", 0x2737, 100],
  ])("measure periodically, %s: each value once", (_name, command, period) => {
    const { world, write, read } = part();
    write(command);
    const fetch = () => write(0xe000) && read() !== undefined;
    world.time = 14;
    expect(fetch()).toBe(false);
    world.time = 15;
    expect([fetch(), fetch()]).toEqual([true, false]);
    world.time = 14 + period;
    expect(fetch()).toBe(false);
    world.time = 15 + period;
    expect([fetch(), fetch()]).toEqual([true, false]);
  });

  it("are refused while it measures periodically, all but fetching, its status and the break", () => {
    const { write } = part();
    write(0x2236);
    expect([0x2236, 0x2400, 0x30a2].map(write)).toEqual([false, false, false]);
    expect([0xe000, 0xf32d, 0x3093].map(write)).toEqual([true, true, true]);
    expect(write(0x2236)).toBe(true);
  });

  it("refuse to fetch when nothing is measured periodically", () => {
    const { write } = part();
    expect(write(0xe000)).toBe(false);
  });

  it("tell and clear the status, which a reset brings back", () => {
    const { write, read } = part();
    const status = () => (write(0xf32d) ? read(3)?.slice(0, 2) : undefined);
    expect(status()).toEqual([0x80, 0x10]);
    write(0x3041);
    expect(status()).toEqual([0, 0]);
    write(0x30a2);
    expect(status()).toEqual([0x80, 0x10]);
  });

  it("that it does not know are not acknowledged", () => {
    const { write, read } = part();
    expect(write(0x1234)).toBe(false);
    expect(read()).toBeUndefined();
  });
});

describe("the simulated room", () => {
  it("stays between 22 and 26 °C for a month, and between 0 and 100 %", () => {
    let time = 0;
    const room = new Room(() => time);
    let least = 100;
    let greatest = -100;
    for (; time < 30 * 86_400_000; time += 97_003) {
      least = Math.min(least, room.temperature());
      greatest = Math.max(greatest, room.temperature());
      expect(Math.abs(room.humidity() - 45)).toBeLessThan(10);
    }
    expect(least).toBeGreaterThan(22);
    expect(greatest).toBeLessThan(26);
    expect(greatest - least).toBeGreaterThan(2);
  });

  it("has one temperature at one moment", () => {
    let time = 123_456;
    const room = new Room(() => time);
    const before = room.temperature();
    time = 0;
    expect(room.temperature()).not.toBe(before);
    time = 123_456;
    expect(room.temperature()).toBe(before);
  });
});

describe("the simulated hardware", () => {
  it("has each sensor at its part's usual address, behind its own driver, in the room", () => {
    let time = 0;
    const { sensors, room } = new SimulatedHardware(() => time);
    expect(Object.keys(sensors)).toEqual(["simulated", "tmp117", "sht3x"]);
    for (const make of Object.values(sensors)) {
      time = 0;
      const entry = make();
      const sensor = new entry.io({ ...entry.options });
      sensor.sample();
      time = entry.period;
      const sample = sensor.sample() as { temperature?: number; thermometer?: { temperature: number } };
      expect(sample.temperature ?? sample.thermometer?.temperature).toBeCloseTo(room.temperature(), 1);
      sensor.close();
    }
  });
});
