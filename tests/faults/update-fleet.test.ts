/** Hundreds and a thousand simulated devices, with real bundles in their slots, and the rollout that `npm run ota -- publish` runs. */

import { describe, expect, it } from "@jest/globals";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { parseState } from "../../services/ota/device-state.js";
import { type Decision, Phase, Rollout } from "../../services/ota/rollout.js";
import { NOW } from "../support/climate.js";
import { RangeServer } from "../support/range-server.js";
import { manifestFor, NEW, patchedImage, updateWorld } from "../support/update-world.js";

const MINUTE = 60_000;

/** So many devices in one world, which run the old version. */
function fleet(image: Uint8Array, count: number) {
  const clock = new VirtualClock({ now: NOW });
  const net = new VirtualNetwork(clock);
  const broker = new MemoryBroker({ history: false });
  const server = new RangeServer(image);
  net.listen("10.0.0.1", 1883, broker.accept);
  net.listen("10.0.0.2", 8070, server.accept);
  const readings = new Map<string, number[]>();
  const versions = new Map<string, string>();
  const devices = Array.from({ length: count }, (_, i) => {
    const base = `site/${i}`;
    readings.set(base, []);
    return updateWorld({
      ...{ clock, net, broker, identity: i.toString(16).padStart(12, "0"), seed: i + 1 },
      image: { topic: base, interval: "60s", spread: "30s", diagnostics: "60s" },
    });
  });
  const { payload, id } = manifestFor(image);
  const rollout = new Rollout({
    devices: [...readings.keys()],
    manifest: id,
    first: { percent: 10 },
    failures: { percent: 10 },
    timeout: 30 * MINUTE,
  });
  const published: string[] = [];
  const withdrawn: string[] = [];
  const act = ({ publish, withdraw }: Decision): void => {
    for (const base of publish) broker.publish(`${base}/update`, payload, 1, true);
    for (const base of withdraw) broker.publish(`${base}/update`, "", 1, true);
    published.push(...publish);
    withdrawn.push(...withdraw);
  };
  broker.onPublish = ({ topic, payload: text }) => {
    const [, base, rest] = /^(site\/\d+)\/(.*)$/.exec(topic) ?? [];
    if (base === undefined) return;
    if (rest === "temperature") readings.get(base)?.push((JSON.parse(text) as { seq: number }).seq);
    if (rest === "diagnostics") versions.set(base, (JSON.parse(text) as { version: string }).version);
    const said = rest === "update/state" ? parseState(Buffer.from(text)) : undefined;
    // As a message reaches the publisher: not within the device's own packet.
    if (said) clock.timer.set(() => act(rollout.say(base, said, clock.elapsed)), 10);
  };
  return {
    ...{ clock, server, devices, rollout, published, withdrawn, readings, versions },
    begin: () => act(rollout.start(clock.elapsed)),
    run: (minutes: number) => {
      for (let minute = 0; minute < minutes; minute++) {
        clock.run(MINUTE);
        act(rollout.tick(clock.elapsed));
      }
    },
    phases: () => {
      const counts = new Map<Phase, number>();
      for (const { phase } of rollout.progress) counts.set(phase, (counts.get(phase) ?? 0) + 1);
      return counts;
    },
    isWithoutGap: () =>
      [...readings.values()].every((numbers) => {
        const once = [...new Set(numbers)].sort((one, other) => one - other);
        return once.length > 0 && once.every((number, i) => number === i + 1);
      }),
  };
}

describe("a staged rollout", () => {
  it("of a bad image to a thousand devices ends with its first hundred, and all run the old version", () => {
    // It runs, connects, and delivers nothing.
    const world = fleet(patchedImage("sendReadings() {", "sendReadings() { return true;"), 1_000);
    const { devices, rollout, published, withdrawn, readings, versions } = world;
    world.run(3);
    world.begin();
    world.run(15);
    expect(rollout.stopped).toMatch(/^\d+ of 100 failed, where 10 may$/);
    expect(published).toHaveLength(100);
    expect(new Set(withdrawn)).toEqual(new Set(published));
    const counts = new Map([...readings].map(([base, numbers]) => [base, numbers.length]));
    world.run(5);
    const ran = (version: string) => devices.filter(({ device }) => device.versions.includes(version)).length;
    expect(ran("0.2.0")).toBe(100);
    for (const { device, base } of devices) {
      expect([base, device.versions.at(-1), versions.get(base)]).toEqual([base, "0.1.0", "0.1.0"]);
      expect(readings.get(base)?.length).toBeGreaterThan(counts.get(base) ?? 0);
    }
    expect(devices.slice(0, 100).filter(({ said }) => said().state === "reverted")).toHaveLength(100);
    expect(world.isWithoutGap()).toBe(true);
  });

  it("of a good image ends with all on it, a tenth first, and nothing lost on the way", () => {
    const world = fleet(NEW, 200);
    const { devices, rollout, published, clock } = world;
    world.run(2);
    world.begin();
    expect(published).toHaveLength(20);
    clock.run(5_000);
    expect(published).toHaveLength(20);
    world.run(10);
    expect([rollout.isDone, rollout.stopped]).toEqual([true, undefined]);
    expect(world.phases()).toEqual(new Map([[Phase.CONFIRMED, 200]]));
    expect(devices.every(({ device }) => device.versions.join() === "0.1.0,0.2.0")).toBe(true);
    expect(world.isWithoutGap()).toBe(true);
  });
});
