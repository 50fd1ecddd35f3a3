import { describe, expect, it } from "@jest/globals";
import { VirtualWiFi } from "../../host-sim/boards/virtual/board.js";
import { nodeOnDevice } from "../support/device.js";
import { STATUS, TEMPERATURE } from "../support/link.js";
import { virtualNode } from "../support/node.js";
import { WorldSensor } from "../support/world-sensor.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

const UART = { sensor: "uart", uart: "x", interval: 0 };

/** A device whose sensor does what the test says, in whatever boot. */
function withSensor(settings: object = {}, options: object = {}) {
  const sensor = new WorldSensor();
  const parts = nodeOnDevice(
    { sensor: "world", interval: "1m", ...settings },
    { sensors: { world: sensor.entry }, ...options },
  );
  return { ...parts, sensor };
}

const dead = () => {
  throw new Error("no answer");
};

describe("a device that works", () => {
  it("is not restarted, and writes twice to its storage", () => {
    const { device, diagnostics, storage } = nodeOnDevice({
      interval: "1m",
      keepalive: "1h",
      diagnostics: "1h",
    });
    device.run(10 * DAY);
    expect(device.resets).toEqual(["power-on"]);
    expect(storage.writesOf("boot")).toHaveLength(2);
    expect(diagnostics()).toMatchObject({ mode: "normal", reset: "power-on", boot: 1, unwell: 0, stalls: 0 });
  });

  it("is well after a reading and a minute, without a broker", () => {
    const { device, journal, storage } = nodeOnDevice();
    device.net.listen("10.0.0.1", 1883, undefined);
    device.run(55_000);
    expect(storage.values.get("boot")).toBe("1 1 0 0");
    device.run(20_000);
    expect(storage.values.get("boot")).toBe("1 0 0 0");
    expect(journal.lostReasons.length).toBeGreaterThan(0);
  });

  it("is not well without a reading, however long, and is with the first one", () => {
    const { device, storage } = nodeOnDevice({ ...UART, keepalive: "1h", diagnostics: 0, watchdog: 0 });
    device.run(26 * DAY);
    expect(storage.values.get("boot")).toBe("1 1 0 0");
    device.board.line.send("21.5\n");
    device.run(10_000);
    expect(storage.values.get("boot")).toBe("1 0 0 0");
  });

  it("says what its storage refuses, and goes on", () => {
    const { broker, device, journal, storage } = nodeOnDevice();
    device.run(5_000);
    storage.fails = () => true;
    device.run(5 * MINUTE);
    expect(journal.warnings).toEqual([expect.stringContaining("flash is worn")]);
    expect(broker.payloads(TEMPERATURE).length).toBeGreaterThan(250);
  });
});

describe("a loop that hangs", () => {
  it("is ended by the hardware within 30 s, and that is told", () => {
    const { broker, device, diagnostics } = nodeOnDevice({ watchdog: 0 });
    device.run(5 * MINUTE);
    device.board.hang();
    const before = broker.payloads(TEMPERATURE).length;
    device.run(19_000);
    expect(broker.payloads(TEMPERATURE)).toHaveLength(before);
    device.run(41_000);
    expect(device.resets).toEqual(["power-on", "watchdog"]);
    expect(broker.payloads(TEMPERATURE).length).toBeGreaterThan(before + 20);
    expect(diagnostics()).toMatchObject({ reset: "watchdog", boot: 2, unwell: 0 });
  });
});

describe("a loop that hangs at once", () => {
  it("is ended too", () => {
    const { device } = nodeOnDevice();
    device.run(1_000);
    device.board.hang();
    device.run(31_000);
    expect(device.resets).toEqual(["power-on", "watchdog"]);
  });
});

describe("a sensor", () => {
  it("that is silent costs a restart after 15 minutes, and then each time after twice the wait, up to a day", () => {
    const { device, journal, storage } = nodeOnDevice({ ...UART, diagnostics: 0 });
    const at: number[] = [];
    for (let quarter = 0; quarter < 4 * 24 * 10; quarter++) {
      const before = device.resets.length;
      device.run(15 * MINUTE);
      if (device.resets.length > before) at.push(device.clock.elapsed / HOUR);
    }
    // The first quarter is that of the start.
    const waits = at.slice(1).map((hour, index) => hour - at[index]);
    expect(waits.slice(0, 9).map(Math.round)).toEqual([0, 1, 1, 2, 4, 8, 16, 24, 24]);
    expect(new Set(device.resets.slice(1))).toEqual(new Set(["software"]));
    expect(journal.warnings[0]).toMatch(/no value .* for 15m: starting anew; .* again after 30m/);
    expect(storage.writesOf("boot").length).toBeLessThan(2 * device.resets.length + 1);
  });

  it("that is silent never leads to safe mode, and is heard as soon as it speaks again", () => {
    const { broker, device, diagnostics } = nodeOnDevice(UART);
    device.run(5 * DAY);
    expect(diagnostics()).toMatchObject({ mode: "normal", reset: "software", unwell: 0 });
    expect(diagnostics()["stalls"]).toBeGreaterThan(5);
    for (let second = 0; second < 120; second++) {
      device.board.line.send("21.5\n");
      device.run(1_000);
    }
    expect(broker.payloads(TEMPERATURE).length).toBeGreaterThan(110);
    expect(diagnostics()).toMatchObject({ stalls: 0 });
    const before = device.resets.length;
    device.run(14 * MINUTE);
    expect(device.resets).toHaveLength(before);
    device.run(2 * MINUTE);
    expect(device.resets).toHaveLength(before + 1);
  });

  it("whose bus is dead costs an orderly restart, with a goodbye", () => {
    const { broker, device, sensor } = withSensor();
    device.run(5 * MINUTE);
    sensor.sample = dead;
    device.run(20 * MINUTE);
    expect(device.resets).toEqual(["power-on", "software"]);
    expect(broker.payloads(STATUS)).toEqual(["online", "offline", "online"]);
    expect(broker.log.filter((entry) => entry.endsWith(":disconnect"))).toHaveLength(1);
    sensor.sample = () => ({ temperature: 21.5 });
    device.run(2 * HOUR);
    expect(device.resets).toHaveLength(2);
  });

  it("whose values are all refused is as good as silent", () => {
    const { device, sensor } = withSensor();
    sensor.sample = () => ({ temperature: 300 });
    device.run(20 * MINUTE);
    expect(device.resets).toEqual(["power-on", "software"]);
  });

  it("that is asked seldom has three intervals", () => {
    const asked = (settings: object, reported: boolean) => {
      const { device, sensor } = withSensor(settings);
      if (!reported) sensor.sample = dead;
      device.run(165 * MINUTE);
      return device.resets.length - 1;
    };
    expect(asked({ interval: "1h" }, true)).toBe(0);
    expect(asked({ interval: "1h" }, false)).toBe(0);
    expect(asked({ interval: "1s", sampling: "1h" }, false)).toBe(0);
    expect(asked({ interval: "50m" }, false)).toBe(1);
  });

  it("may be silent for ever with watchdog=0", () => {
    const { device, sensor } = withSensor({ watchdog: 0, keepalive: "1h", diagnostics: 0 });
    sensor.sample = dead;
    device.run(30 * DAY);
    expect(device.resets).toHaveLength(1);
  });

  it.each([0x7fff_ffff - 10 * MINUTE, -10 * MINUTE])(
    "is missed also across a wrap of the ticks at %d",
    (ticks) => {
      const { device } = nodeOnDevice(UART, { ticks });
      device.run(16 * MINUTE);
      expect(device.resets).toHaveLength(2);
    },
  );

  it("that is silent ends also a node whose restart hangs", () => {
    const { device } = nodeOnDevice(UART);
    device.run(1_000);
    (device.board as { restart?: () => void }).restart = () => {};
    device.run(16 * MINUTE);
    expect(device.resets).toEqual(["power-on", "watchdog"]);
  });
});

describe("nobody restarts a device because", () => {
  it("the broker refuses connections for days", () => {
    const { device, journal } = nodeOnDevice({ interval: "10m", queue: 4096 });
    device.run(10 * MINUTE);
    device.net.listen("10.0.0.1", 1883, undefined);
    device.net.resetAll();
    device.run(5 * DAY);
    expect(device.resets).toEqual(["power-on"]);
    expect(journal.warnings).toEqual([]);
  });

  it("the broker is away for a month, and was never seen", () => {
    const { device, storage } = nodeOnDevice({ interval: "10m" });
    device.net.blackHole = true;
    device.run(30 * DAY);
    expect(device.resets).toEqual(["power-on"]);
    expect(storage.values.get("boot")).toBe("1 0 0 0");
  });

  it("Wi-Fi is away for a month", () => {
    const wifi = new VirtualWiFi();
    const { device } = nodeOnDevice({ interval: "10m" }, { wifi });
    device.run(15 * DAY);
    wifi.set(true);
    device.run(HOUR);
    wifi.set(false);
    device.run(15 * DAY);
    expect(device.resets).toEqual(["power-on"]);
  });
});

describe("a board that cannot restart", () => {
  it("has its silent sensor told of, once for each silence", () => {
    const { board, journal, node } = virtualNode({ ...UART, diagnostics: 0 });
    const silences = () =>
      journal.warnings.filter((line) => line.includes("no value from the sensor")).length;
    node.start();
    board.clock.run(DAY);
    expect(silences()).toBe(1);
    board.line.send("21.5\n");
    board.clock.run(14 * MINUTE);
    expect(silences()).toBe(1);
    board.clock.run(2 * MINUTE);
    expect(silences()).toBe(2);
  });
});
