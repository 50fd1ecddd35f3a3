import { describe, expect, it } from "@jest/globals";
import type { VirtualDevice } from "../../host-sim/boards/virtual/device.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { nodeOnDevice } from "../support/device.js";
import { STATUS, TEMPERATURE } from "../support/link.js";
import { WorldSensor } from "../support/world-sensor.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** A device with a driver that throws a second after it was opened, where nothing can catch it, while it `isBroken`. */
function withBadDriver(settings: object = {}, options: object = {}) {
  const sensor = new WorldSensor();
  const state = { isBroken: true };
  let device: VirtualDevice | undefined;
  sensor.open = () => {
    device?.board.timer.set(() => {
      if (state.isBroken) throw new Error("driver");
    }, 1_000);
  };
  const parts = nodeOnDevice(
    { sensor: "world", interval: "2s", ...settings },
    { sensors: { world: sensor.entry }, ...options },
  );
  device = parts.device;
  return { ...parts, sensor, state };
}

describe("a device whose driver throws at each start", () => {
  it("is in safe mode after five starts: it can be reached, says why, and leaves the sensor alone", () => {
    const { broker, device, diagnostics, journal, sensor } = withBadDriver();
    device.run(MINUTE);
    expect(device.crashes).toEqual(["driver", "driver", "driver", "driver", "driver"]);
    expect(device.resets).toHaveLength(6);
    expect(sensor.openings).toBe(5);
    const readings = broker.payloads(TEMPERATURE).length;
    device.run(50 * MINUTE);
    expect(device.resets).toHaveLength(6);
    expect(broker.payloads(STATUS).at(-1)).toBe("online");
    expect(broker.clients).toHaveLength(1);
    expect(diagnostics()).toMatchObject({ mode: "safe", reset: "exception", unwell: 5 });
    expect(journal.warnings).toEqual([
      "safe mode: 5 starts in a row did not last (the last ended by exception); the sensor stays off for 1h",
    ]);
    expect(broker.payloads(TEMPERATURE)).toHaveLength(readings);
  });

  it("tries the sensor again each hour, and is back in safe mode after one failure", () => {
    const { device, diagnostics, sensor, storage } = withBadDriver();
    device.run(10.5 * HOUR);
    expect(device.crashes).toHaveLength(5 + 10);
    expect(sensor.openings).toBe(5 + 10);
    expect(diagnostics()).toMatchObject({ mode: "safe", unwell: 5 });
    // One write for each start that was not in safe mode, and one for each try.
    expect(storage.writesOf("boot")).toHaveLength(5 + 10);
  });

  it("recovers within the hour once the driver works, without a restart, and has its five tries again", () => {
    const { broker, device, diagnostics, journal, state } = withBadDriver();
    device.run(30 * MINUTE);
    state.isBroken = false;
    device.run(35 * MINUTE);
    expect(device.resets).toHaveLength(6);
    expect(journal.warnings.at(-1)).toContain("safe mode is over");
    expect(broker.payloads(TEMPERATURE).length).toBeGreaterThan(60);
    expect(diagnostics()).toMatchObject({ mode: "normal", unwell: 0 });
    device.reset("panic");
    device.run(MINUTE);
    expect(diagnostics()).toMatchObject({ mode: "normal", unwell: 0, reset: "panic" });
  });

  it("tries at once after a power cycle", () => {
    const { device, diagnostics, state } = withBadDriver();
    device.run(10 * MINUTE);
    state.isBroken = false;
    device.cutPower(1_000);
    device.run(2 * MINUTE);
    expect(diagnostics()).toMatchObject({ mode: "normal", reset: "power-on", unwell: 0 });
  });

  it("writes to its storage a few times an hour, not at each start, also where it dies in safe mode too", () => {
    const { device, storage } = withBadDriver();
    for (let minute = 0; minute < 2 * 1_440; minute++) {
      device.run(MINUTE);
      device.reset("panic");
    }
    expect(device.resets.length).toBeGreaterThan(2_800);
    expect(storage.writesOf("boot").length).toBeLessThan(10);
  });

  it("is out of safe mode after an hour also across a wrap of the ticks", () => {
    for (const ticks of [0x7fff_ffff - 30 * MINUTE, -30 * MINUTE]) {
      const { device } = withBadDriver({}, { ticks });
      device.run(65 * MINUTE);
      expect(device.crashes).toHaveLength(6);
    }
  });
});

describe("a device in safe mode", () => {
  it("delivers what its last boots have stored", () => {
    const { broker, device, diagnostics } = withBadDriver({}, { flash: new VirtualFlash(16) });
    device.net.listen("10.0.0.1", 1883, undefined);
    device.run(10 * MINUTE);
    expect(device.crashes).toHaveLength(5);
    device.net.listen("10.0.0.1", 1883, broker.accept);
    device.run(2 * MINUTE);
    expect(diagnostics()).toMatchObject({ mode: "safe", waiting: 0 });
    const seqs = broker.payloads(TEMPERATURE).map((payload) => JSON.parse(payload).seq as number);
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
  });

  it("is fed: its hardware does not restart it, and a hang there is still found", () => {
    const { device } = withBadDriver();
    device.run(30 * MINUTE);
    expect(device.resets).toHaveLength(6);
    device.board.hang();
    device.run(MINUTE);
    expect(device.resets.at(-1)).toBe("watchdog");
    expect(device.resets).toHaveLength(7);
  });
});

describe("a device whose power is cut again and again", () => {
  it("samples in each of its short lives, and is never in safe mode", () => {
    const { broker, device, journal, storage } = nodeOnDevice();
    for (let i = 0; i < 50; i++) {
      device.run(30_000);
      device.cutPower();
    }
    device.run(30_000);
    expect(journal.warnings).toEqual([]);
    expect(broker.payloads(TEMPERATURE).length).toBeGreaterThan(50 * 25);
    // And once where Home Assistant was told of it.
    expect(storage.writesOf("boot")).toHaveLength(51);
  });
});

describe("a device that runs for long", () => {
  it("writes twice for each start, whatever happens in between", () => {
    const { device, storage } = nodeOnDevice({ interval: "1h", diagnostics: 0, keepalive: "1h" });
    for (let day = 0; day < 12; day++) {
      device.run(DAY);
      device.net.resetAll();
      device.cutPower(MINUTE);
    }
    expect(storage.writesOf("boot")).toHaveLength(24);
  });
});
