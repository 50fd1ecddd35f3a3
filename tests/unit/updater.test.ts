import { describe, expect, it } from "@jest/globals";
import { isFromOutside } from "../../firmware/health/boots.js";
import { readHistory, Stage, writeHistory } from "../../firmware/update/history.js";
import { Updater, type UpdaterOptions } from "../../firmware/update/updater.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { updateBoard } from "../../host-sim/boot/update-board.js";
import { type BootedChip, imageOf, newChip } from "../support/chip.js";
import { NOW } from "../support/climate.js";
import { MemoryStorage } from "../support/memory-storage.js";
import { Journal } from "../support/node.js";
import { RangeServer } from "../support/range-server.js";
import { manifestFor, PUBLIC_PEM, type Said } from "../support/update-world.js";

const IMAGE = imageOf("0.2.0");
const TRIAL = 600_000;
const DAY = 86_400_000;

const GOOD = manifestFor(IMAGE);
const LATER = manifestFor(IMAGE, { issued: NOW + 1 });
const FOREIGN = manifestFor(IMAGE, { kind: "esp32" });
const FOREIGN_TOO = manifestFor(IMAGE, { kind: "esp32c3" });

/** A chip that runs 0.1.0, or on trial 0.2.0. */
function chipWith(isOnTrial: boolean): BootedChip {
  const chip = newChip(imageOf("0.1.0"));
  chip.boot();
  if (!isOnTrial) return chip;
  chip.download(IMAGE);
  chip.slots.activate();
  chip.boot();
  return chip;
}

/** An updater by itself, with all that it has to do with. */
function bench(changes: Partial<UpdaterOptions> = {}, isOnTrial = false, options = { now: NOW, ticks: 0 }) {
  const clock = new VirtualClock(options);
  const net = new VirtualNetwork(clock);
  const domain = clock.domain();
  const host = net.host({ domain });
  const server = new RangeServer(IMAGE);
  net.listen("10.0.0.2", 8070, server.accept);
  const chip = chipWith(isOnTrial);
  const storage = new MemoryStorage();
  const monitor = new Journal();
  const told: Said[] = [];
  const acts: string[] = [];
  const updater: Updater = new Updater({
    board: updateBoard(chip.slots),
    key: PUBLIC_PEM,
    base: "b",
    version: chip.version ?? "",
    agent: "Hearth/0.1.0",
    storage,
    dns: { io: host.Resolver },
    socket: () => ({ io: host.TCP }),
    timer: domain.timer,
    clock,
    random: seededRandom(1),
    monitor,
    trial: TRIAL,
    spread: 0,
    reset: "power-on",
    isFromOutside,
    onChanged: ({ text }) => told.push(JSON.parse(text()) as Said),
    restart: () => acts.push("restart"),
    goBack: () => acts.push("goBack"),
    ...changes,
  });
  const receive = (payload: string | Uint8Array) =>
    updater.subscription.onMessage({
      topic: "b/update",
      payload: Buffer.from(payload),
      QoS: 1,
      retain: true,
    });
  const said = () => JSON.parse(updater.state.text()) as Said;
  const remember = (stage: Stage, reason = "", trials = 1, version = "0.2.0") =>
    writeHistory(storage, { stage, issued: NOW, id: GOOD.id, version, tries: 0, trials, reason });
  return { clock, net, domain, server, chip, storage, monitor, told, acts, updater, receive, said, remember };
}

describe("the updater", () => {
  it("subscribes so that a manifest waits for a device that is away", () => {
    expect(bench().updater.subscription).toMatchObject({ topic: "b/update", QoS: 1 });
  });

  it("keeps what came, though the bytes are the link's", () => {
    const { clock, said, updater } = bench();
    const payload = Uint8Array.from(Buffer.from(GOOD.payload));
    updater.subscription.onMessage({ topic: "b/update", payload, QoS: 1, retain: true });
    payload.fill(0);
    clock.run(100);
    expect(said()).toMatchObject({ manifest: GOOD.id, update: "0.2.0" });
  });

  it("looks at a manifest each ten seconds, and then at the last one that came", () => {
    const { clock, receive, said } = bench();
    receive(FOREIGN.payload);
    clock.run(100);
    expect(said().manifest).toBe(FOREIGN.id);
    receive(GOOD.payload);
    receive(FOREIGN_TOO.payload);
    clock.run(9_800);
    expect(said().manifest).toBe(FOREIGN.id);
    clock.run(200);
    expect(said().manifest).toBe(FOREIGN_TOO.id);
  });

  it("also where ticks between two of them have wrapped around", () => {
    const { clock, receive, said } = bench();
    receive(FOREIGN.payload);
    clock.run(30 * DAY);
    receive(FOREIGN_TOO.payload);
    clock.run(11_000);
    expect(said().manifest).toBe(FOREIGN_TOO.id);
  });

  it("says that a manifest cannot be taken on where there is nothing to update, or nothing to remember it in", () => {
    const bare = bench({ board: undefined });
    bare.updater.start();
    bare.receive(GOOD.payload);
    bare.clock.run(100);
    expect(bare.said()).toMatchObject({
      state: "refused",
      reason: expect.stringContaining("cannot be updated"),
    });
    const forgetful = bench({ storage: undefined });
    forgetful.updater.start();
    forgetful.receive(GOOD.payload);
    forgetful.clock.run(100);
    expect(forgetful.said()).toMatchObject({ state: "refused", reason: expect.stringContaining("storage") });
    forgetful.receive("");
    forgetful.clock.run(10_000);
    expect(forgetful.said().state).toBe("idle");
  });

  it("goes on as soon as it knows the time, and asks for it every five seconds", () => {
    const { clock, receive, said, monitor, told } = bench();
    clock.setNow(undefined);
    receive(GOOD.payload);
    clock.run(60_000);
    expect(said()).toMatchObject({
      state: "waiting",
      manifest: GOOD.id,
      update: "0.2.0",
      size: IMAGE.length,
    });
    expect(told).toHaveLength(1);
    expect(monitor.notes).toEqual([
      "the update to 0.2.0 waits: the clock is not set, and the manifest has dates",
    ]);
    clock.setNow(NOW);
    clock.run(6_000);
    expect(said().state).toBe("restarting");
  });

  it("does not begin again with what it fetches when it comes once more", () => {
    const { clock, net, receive, said, server } = bench();
    server.answer = () => {};
    receive(GOOD.payload);
    clock.run(11_000);
    receive(GOOD.payload);
    clock.run(1_000);
    expect(server.requests).toHaveLength(1);
    expect(net.connects).toBe(1);
    expect(said().state).toBe("downloading");
  });

  it("lets go of the one that it fetches when there is a later one", () => {
    const { clock, receive, said, server, net, acts } = bench();
    const { answer } = server;
    server.answer = () => {};
    receive(manifestFor(imageOf("0.3.0"), { version: "0.3.0" }).payload);
    clock.run(9_000);
    receive(LATER.payload);
    server.answer = answer;
    clock.run(5_000);
    expect(said()).toMatchObject({ state: "restarting", update: "0.2.0", manifest: LATER.id });
    expect(net.connections).toBe(0);
    expect(acts).toEqual(["restart"]);
  });

  it("looks at nothing while it restarts, and tells nothing", () => {
    const { clock, receive, said, told } = bench();
    receive(GOOD.payload);
    clock.run(5_000);
    expect(said().state).toBe("restarting");
    const { length } = told;
    receive(FOREIGN.payload);
    clock.run(60_000);
    expect(told).toHaveLength(length);
  });
});

describe("what an updater remembers", () => {
  it("is what it goes on with, which it does not tell as a new one, also after it was withdrawn", () => {
    for (const stage of [Stage.TAKEN, Stage.WITHDRAWN]) {
      const { clock, receive, remember, server, storage, monitor, updater } = bench();
      server.answer = () => {};
      remember(stage, "", 2);
      updater.start();
      receive(GOOD.payload);
      // One that was withdrawn waits for a moment first.
      clock.run(1_100);
      expect(readHistory(storage)).toMatchObject({ stage: Stage.TAKEN, id: GOOD.id, trials: 2 });
      expect(server.requests).toHaveLength(1);
      expect(monitor.notes).toEqual([]);
      // What is there is not written again.
      expect(storage.writesOf("update")).toHaveLength(stage === Stage.TAKEN ? 1 : 2);
    }
  });

  it("has another one of the same moment refused, and a later one begin anew", () => {
    for (const stage of [Stage.TAKEN, Stage.WITHDRAWN, Stage.CONFIRMED, Stage.FAILED]) {
      const { clock, receive, remember, said, server, storage, monitor, updater } = bench();
      server.answer = () => {};
      remember(stage, "", 2);
      updater.start();
      const same = manifestFor(IMAGE, { expires: NOW + DAY + 1 });
      receive(same.payload);
      clock.run(100);
      expect(said()).toMatchObject({ manifest: same.id, reason: expect.stringContaining("replayed") });
      receive(LATER.payload);
      clock.run(11_000);
      expect(readHistory(storage)).toEqual({
        ...{ stage: Stage.TAKEN, issued: NOW + 1, id: LATER.id, version: "0.2.0" },
        ...{ tries: 0, trials: 0, reason: "" },
      });
      expect(monitor.notes.at(-1)).toContain("update to 0.2.0: 5");
    }
  });

  it("is what was stored: what could not be is refused each time", () => {
    const { clock, receive, said, server, storage, chip, monitor } = bench();
    storage.fails = (call) => call === "write";
    for (let time = 0; time < 2; time++) {
      receive(GOOD.payload);
      clock.run(11_000);
      expect(said()).toMatchObject({
        ...{ state: "refused", update: "0.2.0" },
        reason: expect.stringContaining("storage failed"),
      });
    }
    expect(server.requests).toHaveLength(0);
    chip.slots.open().close();
    expect(monitor.warnings).toContainEqual(
      expect.stringMatching(/^the device's storage failed \(flash is worn\): how/),
    );
    storage.fails = () => false;
    receive(GOOD.payload);
    clock.run(11_000);
    expect(said().state).toBe("restarting");
  });
});

describe("an image", () => {
  it("is fetched, read back and started, and each step is told with what belongs to it", () => {
    const { clock, receive, told, acts, net, storage } = bench();
    receive(GOOD.payload);
    clock.run(5_000);
    const about = { version: "0.1.0", manifest: GOOD.id, update: "0.2.0" };
    const downloading = { state: "downloading", ...about, size: IMAGE.length };
    expect(told).toEqual([
      { ...downloading, done: 0 },
      { ...downloading, done: 4_096 },
      { ...downloading, done: IMAGE.length },
      { state: "verifying", ...about },
      { state: "restarting", ...about },
    ]);
    expect(acts).toEqual(["restart"]);
    expect(net.connections).toBe(0);
    expect(readHistory(storage)).toMatchObject({ stage: Stage.TRIAL, tries: 0, trials: 1, reason: "" });
  });

  it("is asked for within the spread, and without it where it was wrong once", () => {
    const { clock, receive, server, storage, said, monitor } = bench({ spread: 60_000, random: () => 0.5 });
    server.file = Uint8Array.from(IMAGE);
    server.file[3_000] ^= 1;
    receive(GOOD.payload);
    clock.run(29_900);
    expect(server.requests).toHaveLength(0);
    clock.run(200);
    expect(server.requests).toHaveLength(2);
    // Nothing of it is there any more.
    expect(said()).toMatchObject({ state: "waiting", reason: expect.stringContaining("digest") });
    expect(said().done).toBeUndefined();
    expect(readHistory(storage)).toMatchObject({ stage: Stage.TAKEN, tries: 1 });
    expect(monitor.warnings).toEqual([expect.stringMatching(/^update to 0\.2\.0: .*; trying again$/)]);
    clock.run(20_000);
    expect(server.requests.length).toBeGreaterThan(2);
    clock.run(60_000);
    expect(said().state).toBe("failed");
    expect(monitor.warnings.at(-1)).toMatch(/^update to 0\.2\.0 given up: /);
  });

  it("that was wrong is tried again after a while that begins anew with the next manifest", () => {
    const { clock, receive, server, said, told } = bench({ random: () => 0.999 });
    server.file = Uint8Array.from(IMAGE);
    server.file[3_000] ^= 1;
    /** Milliseconds until it is tried again. */
    const pause = () => {
      clock.runUntil(() => said().state === "waiting");
      const begun = clock.elapsed;
      clock.runUntil(() => said().state === "downloading");
      return clock.elapsed - begun;
    };
    receive(GOOD.payload);
    const [first, second] = [pause(), pause()];
    expect(first).toBeGreaterThan(100);
    expect(second).toBeGreaterThan(first);
    clock.runUntil(() => said().state === "failed");
    clock.run(10_000);
    receive(LATER.payload);
    expect(pause()).toBe(first);
    expect(told.at(-1)).toMatchObject({ state: "downloading", manifest: LATER.id });
    expect(said().reason).toBeUndefined();
  });

  it("is given up at once where nothing can be remembered: neither a fault nor a trial", () => {
    for (const isWrong of [true, false]) {
      const { chip, clock, receive, server, said, storage, acts } = bench();
      server.file = Uint8Array.from(IMAGE);
      if (isWrong) server.file[3_000] ^= 1;
      receive(GOOD.payload);
      clock.runUntil(() => server.requests.length === 1);
      storage.fails = (call) => call === "write";
      clock.run(60_000);
      expect(said()).toMatchObject({
        state: "failed",
        reason: expect.stringContaining(isWrong ? "digest" : "storage failed"),
      });
      expect(server.requests).toHaveLength(2);
      expect(acts).toEqual([]);
      chip.boot();
      expect(chip.version).toBe("0.1.0");
    }
  });

  it("is given up where there is no way to it", () => {
    const { clock, receive, said, chip } = bench({
      socket: () => {
        throw new Error("no TLS");
      },
    });
    receive(GOOD.payload);
    clock.run(100);
    expect(said()).toMatchObject({ state: "failed", reason: expect.stringContaining("no TLS") });
    chip.slots.open().close();
  });

  it("whose server is away is what is told again after another one was refused", () => {
    const { clock, net, receive, said, server } = bench();
    net.listen("10.0.0.2", 8070, undefined);
    receive(GOOD.payload);
    clock.run(15_000);
    const { reason } = said();
    expect(said()).toMatchObject({ state: "waiting", manifest: GOOD.id });
    receive(FOREIGN.payload);
    clock.run(100);
    expect(said()).toMatchObject({ state: "refused", manifest: FOREIGN.id });
    // Without a time of day nothing expires.
    clock.setNow(undefined);
    clock.run(600_000);
    expect(said()).toMatchObject({ state: "waiting", manifest: GOOD.id, update: "0.2.0", reason });
    net.listen("10.0.0.2", 8070, server.accept);
    clock.run(900_000);
    expect(said().state).toBe("restarting");
    expect(said().reason).toBeUndefined();
  });

  it("is told of again by its next block after another manifest was refused", () => {
    const { clock, receive, server, told } = bench({ spread: 60_000, random: () => 0.5 });
    const { answer } = server;
    let finish = () => {};
    server.answer = (...all) => {
      if (server.requests.length === 1) answer(...all);
      else finish = () => answer(...all);
    };
    receive(GOOD.payload);
    clock.runUntil(() => server.requests.length === 2);
    receive(FOREIGN.payload);
    clock.run(50);
    expect(told.at(-1)).toMatchObject({ state: "refused", manifest: FOREIGN.id });
    const { length } = told;
    finish();
    clock.run(50);
    expect(told[length]).toMatchObject({ state: "downloading", manifest: GOOD.id, update: "0.2.0" });
  });

  it("tells its first block also where the one before had come as far", () => {
    const { clock, receive, server, told } = bench();
    const { answer } = server;
    let answers = 0;
    server.answer = (...all) => {
      answers += 1;
      if (answers % 2 === 1) answer(...all);
    };
    receive(manifestFor(IMAGE, { version: "0.3.0", sha256: "0".repeat(64) }).payload);
    clock.run(9_000);
    receive(LATER.payload);
    clock.run(2_000);
    expect(told.map(({ update, done }) => [update, done])).toEqual([
      ["0.3.0", 0],
      ["0.3.0", 4_096],
      ["0.2.0", 0],
      ["0.2.0", 4_096],
    ]);
  });
});

describe("a manifest without a time of day", () => {
  it("gives way to the next one, which is fetched once", () => {
    const { clock, receive, said, server } = bench();
    server.answer = () => {};
    clock.setNow(undefined);
    receive(GOOD.payload);
    clock.run(100);
    receive(LATER.payload);
    clock.run(20_900);
    expect(said()).toMatchObject({ state: "waiting", manifest: LATER.id });
    clock.setNow(NOW);
    receive(manifestFor(IMAGE, { issued: NOW + 2 }).payload);
    clock.run(900);
    expect(server.requests).toHaveLength(1);
    clock.run(6_000);
    expect(server.requests).toHaveLength(1);
  });

  it("says so also after a restart", () => {
    const { clock, receive, said, remember, updater } = bench();
    clock.setNow(undefined);
    remember(Stage.TAKEN);
    updater.start();
    receive(GOOD.payload);
    clock.run(100);
    expect(said().reason).toContain("the clock is not set");
  });
});

describe("a refusal", () => {
  it("is warned of once, and again where manifest or reason are others", () => {
    const { clock, receive, monitor } = bench();
    const count = (payload: string) => {
      receive(payload);
      clock.run(11_000);
      return monitor.warnings.length;
    };
    expect(count(FOREIGN.payload)).toBe(1);
    expect(count(FOREIGN.payload)).toBe(1);
    expect(count(manifestFor(IMAGE, { kind: "esp32", issued: NOW + 1 }).payload)).toBe(2);
    expect(count(FOREIGN.payload)).toBe(3);
    clock.setNow(NOW + 2 * DAY);
    const expired = manifestFor(IMAGE, { issued: NOW + 1 }).payload;
    expect(count(expired)).toBe(4);
    clock.setNow(NOW);
    const { length } = monitor.warnings;
    expect(count(manifestFor(IMAGE, { minimum: "0.1.1", expires: NOW + 100_000 }).payload)).toBe(length + 1);
    clock.setNow(NOW + 100_000);
    expect(count(manifestFor(IMAGE, { minimum: "0.1.1", expires: NOW + 100_000 }).payload)).toBe(length + 2);
  });
});

describe("a slot that cannot be opened", () => {
  it("has a manifest refused before anything is remembered", () => {
    const { chip, clock, receive, said, storage } = bench();
    chip.slots.open = () => {
      throw new Error("no such partition");
    };
    receive(GOOD.payload);
    clock.run(100);
    expect(said()).toMatchObject({ state: "refused", reason: expect.stringContaining("no such partition") });
    expect(storage.values.size).toBe(0);
  });

  it("afterwards is a fault of the flash: it is tried again, three times", () => {
    const { chip, clock, receive, said, updater } = bench();
    const { open } = chip.slots;
    let opened = 0;
    chip.slots.open = () => {
      opened += 1;
      if (opened > 1) throw new Error("flash is worn");
      return open.call(chip.slots);
    };
    receive(GOOD.payload);
    clock.run(100);
    expect(said()).toMatchObject({ state: "waiting", reason: expect.stringContaining("flash is worn") });
    clock.run(DAY / 2);
    expect(updater.word).toBe("failed");
    expect(opened).toBe(4);
  });
});

describe("an updater that was closed", () => {
  it("looks at nothing that came before or comes then", () => {
    const { clock, receive, told, updater, domain } = bench();
    receive(GOOD.payload);
    updater.close();
    receive(GOOD.payload);
    clock.run(60_000);
    expect(told).toEqual([]);
    expect(domain.pending).toBe(0);
  });

  it("fetches no more", () => {
    const { clock, receive, server, net, updater, domain } = bench();
    receive(GOOD.payload);
    clock.runUntil(() => server.requests.length === 1);
    updater.close();
    clock.run(60_000);
    expect(server.requests).toHaveLength(1);
    expect(net.connections).toBe(0);
    expect(domain.pending).toBe(0);
  });

  it("does not end a trial", () => {
    const { clock, acts, updater } = bench({}, true);
    updater.start();
    updater.close();
    clock.run(2 * TRIAL);
    expect(acts).toEqual([]);
  });
});

describe("a version on trial", () => {
  it("says so, and is confirmed whatever comes first: reading or delivery", () => {
    for (const order of [["sensed", "delivered"] as const, ["delivered", "sensed"] as const]) {
      const { clock, chip, monitor, updater, said, remember, acts } = bench({}, true);
      remember(Stage.TRIAL);
      updater.start();
      expect(monitor.notes[0]).toContain("version 0.2.0 is on trial");
      updater[order[0]]();
      expect(chip.slots.isPending).toBe(true);
      updater[order[1]]();
      expect(chip.slots.isPending).toBe(false);
      expect(said()).toMatchObject({ state: "confirmed", manifest: GOOD.id, update: "0.2.0" });
      clock.run(2 * TRIAL);
      expect(acts).toEqual([]);
    }
  });

  it("is not confirmed by one of the two, and goes back in time with the other as its reason", () => {
    for (const [act, reason] of [
      ["sensed", "no delivery was acknowledged within 10m"],
      ["delivered", "no reading was taken within 10m"],
    ] as const) {
      const { clock, storage, updater, remember, acts, monitor } = bench({}, true);
      remember(Stage.TRIAL);
      updater.start();
      updater[act]();
      updater[act]();
      clock.run(TRIAL - 1);
      expect(acts).toEqual([]);
      clock.run(1);
      expect(acts).toEqual(["goBack"]);
      expect(readHistory(storage)).toMatchObject({ stage: Stage.TRIAL, reason });
      expect(updater.reason).toBe(reason);
      expect(monitor.warnings).toEqual([`version 0.2.0 goes back to the one before: ${reason}`]);
    }
  });

  it("of which nothing is remembered, or another update, has no version that it must have", () => {
    for (const stage of [undefined, Stage.CONFIRMED]) {
      const { updater, remember, acts, said, storage, domain } = bench({}, true);
      if (stage) remember(stage, "", 1, "0.1.5");
      updater.start();
      expect(acts).toEqual([]);
      updater.sensed();
      updater.delivered();
      expect(said().state).toBe("idle");
      expect(domain.pending).toBe(0);
      expect(readHistory(storage)?.stage).toBe(stage);
    }
  });

  it("stays on trial where it cannot be confirmed, until a delivery can", () => {
    const { chip, clock, updater, said, remember, monitor, acts } = bench({}, true);
    remember(Stage.TRIAL);
    updater.start();
    updater.sensed();
    const { confirm } = chip.slots;
    chip.slots.confirm = () => {
      throw new Error("flash is worn");
    };
    updater.delivered();
    expect(said().state).toBe("trial");
    expect(monitor.warnings[0]).toContain("version 0.2.0 cannot be confirmed: flash is worn");
    chip.slots.confirm = confirm;
    updater.delivered();
    expect(said().state).toBe("confirmed");
    clock.run(2 * TRIAL);
    expect(acts).toEqual([]);
  });

  it("of which nothing is remembered goes back in time all the same", () => {
    const { clock, updater, acts } = bench({}, true);
    updater.start();
    clock.run(TRIAL);
    expect(acts).toEqual(["goBack"]);
  });

  it("is held where the storage cannot be read", () => {
    const { storage, updater, said, remember } = bench({}, true);
    remember(Stage.TRIAL);
    storage.fails = (call) => call === "read";
    updater.start();
    expect(said().state).toBe("trial");
  });
});

describe("what an updater says after a restart", () => {
  const restarted = (stage: Stage, changes: Partial<UpdaterOptions> = {}, reason = "", trials = 1) => {
    const parts = bench(changes);
    parts.remember(stage, reason, trials);
    parts.updater.start();
    return parts;
  };

  it("is confirmed, where the boot record was written and the power went before it was remembered", () => {
    const { said, storage } = restarted(Stage.TRIAL, { version: "0.2.0" });
    expect(said()).toMatchObject({ state: "confirmed", manifest: GOOD.id, update: "0.2.0" });
    expect(readHistory(storage)?.stage).toBe(Stage.CONFIRMED);
  });

  it("is that it waits for the manifest, of which it knows id and version", () => {
    const { said, monitor } = restarted(Stage.TAKEN);
    expect(said()).toEqual({
      state: "waiting",
      version: "0.1.0",
      manifest: GOOD.id,
      update: "0.2.0",
      reason: "the device was restarted, and the manifest has not come again yet",
    });
    expect(monitor.warnings).toEqual([]);
  });

  it("is that the trial ended from outside, and it will begin again; else that it has reverted, and why", () => {
    const again = restarted(Stage.TRIAL);
    expect(again.said()).toMatchObject({
      state: "waiting",
      manifest: GOOD.id,
      reason: "the trial of 0.2.0 ended by power-on",
    });
    expect(readHistory(again.storage)?.stage).toBe(Stage.TAKEN);
    const cases: readonly [Partial<UpdaterOptions>, string, number, string][] = [
      [{}, "no reading was taken within 10m", 1, "no reading was taken within 10m"],
      [{}, "", 3, "it ended before it was confirmed, by power-on"],
      [{ reset: "panic" }, "", 1, "it ended before it was confirmed, by panic"],
      [{ reset: "software" }, "", 1, "by a restart, or an exception at its start"],
      [{ reset: undefined }, "", 1, "by a restart, or an exception at its start"],
    ];
    for (const [changes, reason, trials, expected] of cases) {
      const { said, monitor } = restarted(Stage.TRIAL, changes, reason, trials);
      expect(said()).toMatchObject({ state: "reverted", reason: expect.stringContaining(expected) });
      expect(monitor.warnings).toEqual([expect.stringContaining("the update to 0.2.0 did not stay: ")]);
    }
  });

  it.each([
    [Stage.CONFIRMED, "confirmed"],
    [Stage.FAILED, "failed"],
    [Stage.REVERTED, "reverted"],
  ])("is how it ended: %s", (stage, state) => {
    const { said } = restarted(stage, {}, "why");
    expect(said()).toEqual({ state, version: "0.1.0", manifest: GOOD.id, update: "0.2.0", reason: "why" });
  });

  it("is nothing of one that was withdrawn", () => {
    expect(restarted(Stage.WITHDRAWN).said()).toEqual({ state: "idle", version: "0.1.0" });
  });

  it("is said again after what was refused, when its manifest comes again", () => {
    const { clock, receive, said } = restarted(Stage.FAILED, {}, "why");
    receive(FOREIGN.payload);
    clock.run(100);
    expect(said()).toMatchObject({ state: "refused", manifest: FOREIGN.id });
    expect(said().update).toBeUndefined();
    receive(GOOD.payload);
    clock.run(11_000);
    expect(said()).toMatchObject({ state: "failed", manifest: GOOD.id, update: "0.2.0", reason: "why" });
  });

  it("is not said again in the midst of another", () => {
    const { clock, receive, said, server } = restarted(Stage.FAILED, {}, "why");
    server.answer = () => {};
    clock.setNow(undefined);
    receive(LATER.payload);
    clock.run(100);
    receive(GOOD.payload);
    // Before it looks at the clock again.
    clock.run(10_500);
    expect(said()).toMatchObject({ state: "waiting", manifest: LATER.id });
  });
});

describe("an empty message", () => {
  it("leaves what has ended", () => {
    const { clock, receive, said, told, updater, remember } = bench();
    remember(Stage.CONFIRMED);
    updater.start();
    receive("");
    clock.run(100);
    expect(said().state).toBe("confirmed");
    expect(told).toHaveLength(1);
  });

  it("takes back what was refused, what waits for its manifest, and what is being fetched", () => {
    const refused = bench();
    refused.receive(FOREIGN.payload);
    refused.clock.run(100);
    refused.receive("");
    refused.clock.run(11_000);
    expect(refused.said()).toEqual({ state: "idle", version: "0.1.0" });
    expect(refused.storage.values.size).toBe(0);
    for (const isFetched of [false, true]) {
      const taken = bench();
      taken.server.answer = () => {};
      taken.remember(Stage.TAKEN);
      taken.updater.start();
      if (isFetched) taken.receive(GOOD.payload);
      taken.clock.run(100);
      taken.receive("");
      taken.clock.run(11_000);
      expect(taken.said()).toEqual({ state: "idle", version: "0.1.0" });
      expect(readHistory(taken.storage)?.stage).toBe(Stage.WITHDRAWN);
      expect(taken.monitor.notes.at(-1)).toBe("the update to 0.2.0 was withdrawn");
      expect(taken.net.connections).toBe(0);
    }
  });

  it("leaves what is remembered of an earlier one when it takes back what was refused", () => {
    const { clock, receive, said, storage, updater, remember } = bench();
    remember(Stage.CONFIRMED);
    updater.start();
    receive(FOREIGN.payload);
    clock.run(100);
    receive("");
    clock.run(11_000);
    expect(said().state).toBe("idle");
    expect(readHistory(storage)?.stage).toBe(Stage.CONFIRMED);
  });
});
