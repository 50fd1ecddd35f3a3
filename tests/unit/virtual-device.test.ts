import { describe, expect, it } from "@jest/globals";
import { ChipFlash } from "../../host-sim/boards/virtual/chip-flash.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { type UpdatableOptions, VirtualDevice } from "../../host-sim/boards/virtual/device.js";
import { PowerCut } from "../../host-sim/boards/virtual/flash.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { bundleFirmware } from "../../host-sim/boot/bundle.js";
import { makeImage } from "../../host-sim/boot/image.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { MemoryStorage } from "../support/memory-storage.js";

const NOW = 1_795_175_351_184;
const factory = await bundleFirmware("1.0.0");
const better = await bundleFirmware("2.0.0");

/** Firmware that does what it says in `boot`, and has no sensors. */
function firmwareThat(does: string, version = "2.0.0"): Uint8Array {
  return makeImage(
    version,
    `var firmware = {
      version: "${version}",
      boot({board, image}) { ${does} },
      MQTTClient: class {}, TMP117: {RANGE: {}}, SHT3x: {RANGE: {}}, sensorEntry() {},
    };`,
  );
}

/** A device with slots and its broker; what it does is the image's. */
function newDevice(options: Partial<UpdatableOptions> = {}) {
  const storage = new MemoryStorage();
  const broker = new MemoryBroker();
  const slots = new ChipFlash(factory);
  const device: VirtualDevice = new VirtualDevice({
    now: NOW,
    storage,
    slots,
    program: (board, slot) => {
      const firmware = board.load(slot);
      const image = { broker: "mqtt://10.0.0.1", interval: "1s", diagnostics: "10s", spread: "0ms" };
      const booted = firmware.boot({ board, image, monitor: {}, version: firmware.version });
      booted.compose().start();
    },
    ...options,
  });
  device.net.listen("10.0.0.1", 1883, broker.accept);
  const reported = () =>
    broker.payloads("home/livingroom/diagnostics").map((text) => JSON.parse(text).version as string);
  return { device, slots, storage, broker, reported };
}

/** Puts an image into the other slot and makes it the next one, without any of what the firmware does. */
function put(device: VirtualDevice, image: Uint8Array): void {
  const { slots } = device.board.update as NonNullable<typeof device.board.update>;
  const other = slots.open();
  other.eraseBlock(0, other.status().blocks);
  other.write(image, 0);
  other.close();
  slots.activate();
}

describe("a device with two slots", () => {
  it("runs what was flashed, and after an update the code of the update", () => {
    const { device, broker, reported } = newDevice();
    device.run(30_000);
    expect(device.versions).toEqual(["1.0.0"]);
    expect(broker.payloads("home/livingroom/temperature").length).toBeGreaterThan(10);
    expect(new Set(reported())).toEqual(new Set(["1.0.0"]));
    put(device, better);
    device.board.restart?.();
    device.run(30_000);
    expect(device.versions).toEqual(["1.0.0", "2.0.0"]);
    expect(reported().at(-1)).toBe("2.0.0");
    // It has delivered a reading since, and confirmed itself.
    expect(device.board.update?.slots.isPending).toBe(false);
    device.reset("external");
    device.run(30_000);
    expect(device.versions).toEqual(["1.0.0", "2.0.0", "2.0.0"]);
    expect(device.resets).toEqual(["power-on", "software", "external"]);
  });

  it("goes back at a power cut before the new one was confirmed", () => {
    const { device } = newDevice();
    device.run(5_000);
    device.net.blackHole = true; // nobody acknowledges anything
    put(device, better);
    device.reset("software");
    device.run(5_000);
    device.cutPower();
    device.run(5_000);
    expect(device.versions).toEqual(["1.0.0", "2.0.0", "1.0.0"]);
    expect(device.notes).toEqual(["what ran from ota_1 was reset before it was confirmed: it is given up"]);
  });

  it("goes back when the firmware says so, at once", () => {
    const { device } = newDevice();
    device.run(5_000);
    device.net.blackHole = true; // nobody acknowledges anything
    put(device, better);
    device.reset("software");
    device.run(5_000);
    device.board.update?.slots.goBack();
    device.run(5_000);
    expect(device.versions).toEqual(["1.0.0", "2.0.0", "1.0.0"]);
    expect(device.resets).toEqual(["power-on", "software", "software"]);
    expect(device.notes).toEqual([]);
  });

  const bad: [string, Uint8Array, string, string[]][] = [
    ["throws as it is loaded", makeImage("2.0.0", 'throw new Error("bad");'), "software", ["bad"]],
    ["throws as it boots", firmwareThat('throw new Error("worse");'), "software", ["worse"]],
    [
      "hangs as it boots",
      firmwareThat("board.hang(); return {compose: () => ({start() {}})};"),
      "watchdog",
      [],
    ],
    [
      "is no firmware",
      makeImage("2.0.0", "var firmware = 1;"),
      "software",
      ["the image's code is no firmware: it has no boot"],
    ],
    [
      "throws later",
      firmwareThat(
        'return {compose: () => ({start() { board.timer.set(() => { throw new Error("late"); }, 5000); }})};',
      ),
      "software",
      ["late"],
    ],
    [
      "hangs later",
      firmwareThat(
        "return {compose: () => ({start() { board.watchdog.feed(); board.timer.set(() => board.hang(), 20000); }})};",
      ),
      "watchdog",
      [],
    ],
  ];
  it.each(bad)("runs the old one again when the new one %s", (_, image, reason, crashes) => {
    const { device, reported } = newDevice();
    device.run(5_000);
    put(device, image);
    device.reset("software");
    device.run(60_000);
    expect(device.versions).toEqual(["1.0.0", "2.0.0", "1.0.0"]);
    expect(device.resets).toEqual(["power-on", "software", reason]);
    expect(device.crashes).toEqual(crashes);
    expect(reported().at(-1)).toBe("1.0.0");
  });

  it("resets for ever where nothing can run, and runs what is flashed then", () => {
    const { device, slots } = newDevice();
    const slot = slots.partition("ota_0");
    slot.eraseBlock(0);
    slot.close();
    device.run(60_000);
    expect(device.resets.length).toBeGreaterThan(3);
    expect(device.resets.length).toBeLessThan(10);
    expect(device.versions).toEqual([]);
    const again = slots.partition("ota_0");
    again.eraseBlock(0, again.status().blocks);
    again.write(factory, 0);
    again.close();
    device.run(30_000);
    expect(device.versions).toEqual(["1.0.0"]);
  });
});

describe("power that goes within a write to the slots", () => {
  it("goes from all of the device: nothing of it happens any more, whatever it makes of the error", () => {
    const happened: string[] = [];
    const { device, slots, storage } = newDevice({
      program: (board) => {
        const { update } = board;
        if (board.resetReason !== "power-on" || device.resets.length > 1) return;
        board.timer.set(() => {
          try {
            update?.slots.open().eraseBlock(0);
          } catch (error) {
            expect(error).toBeInstanceOf(PowerCut);
            board.timer.set(() => happened.push("timer"), 10);
            expect(() => board.storage?.write("told", "yes")).toThrow(PowerCut);
            expect(() => update?.slots.confirm()).not.toThrow();
            expect(() => update?.slots.open().eraseBlock(0)).toThrow(PowerCut);
            throw new Error("as it ends");
          }
        }, 1_000);
      },
    });
    device.run(1_000);
    slots.cutAt(1, () => 0);
    device.run(20_000);
    expect(happened).toEqual([]);
    expect(storage.read("told")).toBeUndefined();
    expect(device.resets).toEqual(["power-on", "power-on"]);
    expect(device.crashes).toEqual([]);
  });

  it("may go while the bootloader notes a trial: the device comes up all the same", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { device, slots } = newDevice();
      device.run(2_000);
      put(device, better);
      device.reset("software");
      slots.cutAt(1 + (seed % 2), () => (seed % 10) / 10);
      device.run(10_000);
      expect(device.resets).toEqual(["power-on", "software", "power-on"]);
      expect(["1.0.0", "2.0.0"]).toContain(device.versions.at(-1));
      expect(device.crashes).toEqual([]);
    }
  });
});

describe("several devices in one world", () => {
  it("crash each by itself", () => {
    const clock = new VirtualClock({ now: NOW });
    const net = new VirtualNetwork(clock);
    const one = newDevice({ clock, net }).device;
    const other = new VirtualDevice({ clock, net, slots: new ChipFlash(factory), program: () => {} });
    clock.run(5_000);
    put(one, firmwareThat('throw new Error("bad");'));
    one.reset("software");
    clock.run(20_000);
    expect(one.versions).toEqual(["1.0.0", "2.0.0", "1.0.0"]);
    expect(one.crashes).toEqual(["bad"]);
    expect(other.versions).toEqual(["1.0.0"]);
    expect(other.crashes).toEqual([]);
  });

  it("crash each by itself on what comes from the network", () => {
    const clock = new VirtualClock({ now: NOW });
    const net = new VirtualNetwork(clock);
    const programs = (isBad: boolean): UpdatableOptions["program"] => {
      return (board) => {
        new board.tcp.io({
          address: "10.0.0.2",
          port: 80,
          onReadable: () => {
            if (isBad) throw new Error("unexpected");
          },
          onWritable: () => {},
          onError: () => {},
        });
      };
    };
    net.listen("10.0.0.2", 80, (peer) => clock.timer.set(() => peer.write(Uint8Array.of(1)), 1_000));
    const [one, other] = [true, false].map(
      (isBad) => new VirtualDevice({ clock, net, slots: new ChipFlash(factory), program: programs(isBad) }),
    );
    clock.run(2_000);
    expect(one.crashes).toEqual(["unexpected"]);
    expect(other.crashes).toEqual([]);
    expect(other.resets).toHaveLength(1);
  });
});
