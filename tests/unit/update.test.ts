import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { NOW } from "../support/climate.js";
import { CERTIFICATE, makeKeys } from "../support/keys.js";
import { headOf, rightAnswer, text } from "../support/range-server.js";
import {
  BASE,
  brokenImage,
  manifestFor,
  NEW,
  OLD,
  patchedImage,
  updateWorld,
  type WorldOptions,
} from "../support/update-world.js";

/** A device that has run for ten seconds, and then got a manifest. */
function published(payload: string, options: WorldOptions = {}) {
  const world = updateWorld(options);
  world.device.run(10_000);
  world.publish(payload);
  return world;
}

/** The same with an image of its own at the server. */
function offered(
  image: Uint8Array,
  changes: Parameters<typeof manifestFor>[1] = {},
  options: WorldOptions = {},
) {
  const { payload, id } = manifestFor(image, changes);
  const world = updateWorld(options);
  world.server.file = image;
  world.device.run(10_000);
  world.publish(payload);
  return { ...world, id };
}

function isWithoutGap(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => number === i + 1);
}

describe("an update over the air", () => {
  it("fetches the image, verifies it, restarts into it and confirms it once a reading was delivered", () => {
    const world = updateWorld();
    world.device.run(10_000);
    expect(world.said()).toEqual({ state: "idle", version: "0.1.0" });
    const { payload, id } = manifestFor(NEW);
    world.publish(payload);
    world.device.run(30_000);
    expect(world.states()).toEqual(["idle", "downloading", "trial", "confirmed"]);
    expect(world.said()).toEqual({ state: "confirmed", version: "0.2.0", manifest: id, update: "0.2.0" });
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0"]);
    expect(world.diagnostics()).toMatchObject({ version: "0.2.0", update: "confirmed" });
    // In blocks, each once, over one connection, as the product that it is.
    expect(world.server.fetches()).toEqual(world.server.fetches().map(() => 1));
    expect(world.server.connections).toBe(1);
    expect(world.server.requests[0].target).toBe("/image.bin");
    expect(world.server.requests[0].fields.get("host")).toBe("10.0.0.2:8070");
    expect(world.server.requests[0].fields.get("user-agent")).toBe("Hearth/0.1.0");
    expect(isWithoutGap(world.numbers())).toBe(true);
    expect(world.numbers().length).toBeGreaterThan(6);
  });

  it("tells how much it has, and samples and delivers meanwhile", () => {
    const world = updateWorld();
    world.server.answer = (request, peer, file) => {
      world.clock.timer.set(() => rightLater(request, peer, file), 1_000);
    };
    const { answer } = updateWorld().server;
    const rightLater = answer;
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.device.run(40_000);
    const before = world.numbers().length;
    const progress = world.all().flatMap(({ done }) => (done === undefined ? [] : [done]));
    expect(progress).toEqual([...new Set(progress)].sort((one, other) => one - other));
    expect(progress.at(-1)).toBeGreaterThan(100_000);
    expect(world.said()).toMatchObject({ state: "downloading", size: NEW.length, update: "0.2.0" });
    expect(before).toBeGreaterThanOrEqual(9);
    world.device.run(60_000);
    expect(world.said().state).toBe("confirmed");
    // Twenty steps and the ends, whatever the size.
    expect(world.all().length).toBeLessThan(30);
    expect(world.all().length).toBeGreaterThan(20);
    expect(isWithoutGap(world.numbers())).toBe(true);
  });

  it("does not begin again with what it has, however often the manifest comes", () => {
    const { payload } = manifestFor(NEW);
    const world = published(payload);
    world.device.run(30_000);
    const requests = world.server.requests.length;
    world.publish(payload);
    world.device.run(30_000);
    world.device.cutPower();
    world.device.run(30_000);
    expect(world.server.requests).toHaveLength(requests);
    expect(world.said().state).toBe("confirmed");
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.2.0"]);
  });

  it("takes on one update after the other, into one slot and the other", () => {
    const world = published(manifestFor(NEW).payload);
    world.device.run(30_000);
    const third = patchedImage('"0.2.0"', '"0.3.0"', "0.2.0");
    const image = Buffer.from(third).toString().replace("HEARTH-IMAGE host 0.2.0", "HEARTH-IMAGE host 0.3.0");
    world.server.file = Buffer.from(image);
    world.publish(manifestFor(world.server.file, { version: "0.3.0", issued: NOW + 1 }).payload);
    world.device.run(60_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.3.0"]);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.3.0" });
    expect(isWithoutGap(world.numbers())).toBe(true);
  });

  it("goes back to an older version that is signed as a rollback, without fetching what is there", () => {
    const world = published(manifestFor(NEW).payload);
    world.device.run(30_000);
    world.server.file = OLD;
    world.server.requests.length = 0;
    const { payload } = manifestFor(OLD, { version: "0.1.0", issued: NOW + 1, rollback: true });
    world.publish(payload);
    world.device.run(60_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0"]);
    // And forth: that image came over the air and is still in its slot, with its notes.
    world.server.file = NEW;
    world.server.requests.length = 0;
    world.publish(manifestFor(NEW, { issued: NOW + 2 }).payload);
    world.device.run(60_000);
    expect(world.device.versions.at(-1)).toBe("0.2.0");
    expect(world.server.requests).toHaveLength(0);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.2.0" });
  });

  it("of what runs already is confirmed at once, and no older manifest counts after it", () => {
    const world = published(manifestFor(OLD, { version: "0.1.0", issued: NOW + 5 }).payload);
    world.device.run(5_000);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.1.0", update: "0.1.0" });
    expect(world.server.requests).toHaveLength(0);
    world.publish(manifestFor(NEW).payload);
    world.device.run(20_000);
    expect(world.said()).toMatchObject({ state: "refused" });
  });

  it("is taken back by an empty message, and goes on where it was when it is published again", () => {
    const world = updateWorld();
    const { answer } = world.server;
    let answers = 0;
    world.server.answer = (...all) => {
      answers += 1;
      if (answers !== 21) answer(...all);
    };
    world.device.run(10_000);
    const { payload } = manifestFor(NEW);
    world.publish(payload);
    world.device.run(5_000);
    expect(world.said()).toMatchObject({ state: "downloading" });
    world.publish("");
    world.device.run(20_000);
    expect(world.said()).toEqual({ state: "idle", version: "0.1.0" });
    world.device.cutPower();
    world.device.run(30_000);
    expect(world.said()).toEqual({ state: "idle", version: "0.1.0" });
    expect(answers).toBe(21);
    world.publish(payload);
    world.device.run(60_000);
    expect(world.said().state).toBe("confirmed");
    expect(Math.max(...world.server.fetches())).toBe(2);
    expect(world.server.fetches().filter((count) => count > 1)).toHaveLength(1);
  });

  it("goes on after a power cut where it was: one block at most is fetched twice", () => {
    const world = published(manifestFor(NEW).payload);
    world.clock.runUntil(() => world.server.requests.length === 30);
    world.device.cutPower(60_000);
    world.device.run(120_000);
    expect(world.said().state).toBe("confirmed");
    expect(world.server.fetches().filter((count) => count > 1).length).toBeLessThanOrEqual(1);
    expect(isWithoutGap(world.numbers())).toBe(true);
  });

  it("fetches nothing more while the node says goodbye", () => {
    const world = published(manifestFor(NEW).payload);
    world.clock.runUntil(() => world.server.requests.length === 10);
    const counts: number[] = [];
    world.broker.onPublish = ({ topic, payload }) => {
      if (topic === `${BASE}/status` && payload === "offline") counts.push(world.server.requests.length);
    };
    const order = { id: "a", command: "restart", time: world.clock.now(), ttl: 30 };
    world.broker.mute.add("puback");
    world.broker.publish(`${BASE}/command`, JSON.stringify(order), 1);
    world.clock.runUntil(() => world.device.resets.length === 2);
    expect(counts).toEqual([world.server.requests.length]);
    world.broker.mute.clear();
    world.device.run(60_000);
    expect(world.said().state).toBe("confirmed");
  });

  it("waits for a clock, since a manifest has dates", () => {
    const world = updateWorld({ clockUnset: true });
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.device.run(60_000);
    expect(world.said()).toMatchObject({ state: "waiting", update: "0.2.0" });
    expect(world.said().reason).toContain("the clock is not set");
    expect(world.server.requests).toHaveLength(0);
  });

  it("goes by itself when the server is there again, and says meanwhile what is wrong", () => {
    const world = updateWorld();
    world.net.listen("10.0.0.2", 8070, undefined);
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.device.run(600_000);
    expect(world.said()).toMatchObject({
      state: "waiting",
      reason: expect.stringContaining("no connection"),
    });
    expect(world.diagnostics()).toMatchObject({ update: "waiting" });
    world.net.listen("10.0.0.2", 8070, world.server.accept);
    world.device.run(90_000);
    expect(world.said()).toMatchObject({ state: "confirmed" });
  });

  it("is given up where no block ever comes whole, before that wears the flash out", () => {
    const world = updateWorld();
    const { answer } = world.server;
    world.server.answer = (request, peer, file) => {
      if (request.first < 40_960) return answer(request, peer, file);
      peer.write(Buffer.from(headOf(request, file.length)));
      peer.write(file.subarray(request.first, request.first + 100));
      peer.close();
    };
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.device.run(86_000_000);
    expect(world.said()).toMatchObject({ state: "failed", reason: expect.stringContaining("comes whole") });
    const erases = Array.from({ length: 258 }, (_, block) => world.slots.erases(block));
    expect(Math.max(...erases)).toBeGreaterThan(250);
    expect(Math.max(...erases)).toBeLessThanOrEqual(301);
  });

  it("is given up when it expires while the server is away", () => {
    const world = updateWorld();
    world.net.listen("10.0.0.2", 8070, undefined);
    world.device.run(10_000);
    world.publish(manifestFor(NEW, { expires: NOW + 120_000 }).payload);
    world.device.run(300_000);
    expect(world.said()).toMatchObject({ state: "failed", reason: expect.stringContaining("expired") });
    const attempts = world.net.connects;
    world.device.run(300_000);
    expect(world.net.connects).toBe(attempts);
  });

  it("is for an air conditioner too, which has no readings: its state is what it delivers", () => {
    const world = updateWorld({ image: { device: "climate", topic: `${BASE}/climate` } });
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.device.run(60_000);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.2.0" });
  });
});

describe("an update that is taken back and published again and again", () => {
  it("is begun less and less often: what each attempt erases is worn", () => {
    const world = updateWorld();
    world.server.answer = (request, peer, file) => {
      peer.write(text(headOf(request, file.length)));
      peer.write(file.subarray(request.first, request.first + 1));
    };
    world.device.run(10_000);
    const { payload } = manifestFor(NEW);
    for (let round = 0; round < 360; round++) {
      world.publish(payload);
      world.device.run(9_000);
      world.publish("");
      world.device.run(2_000);
    }
    // A manifest's thirty days at this pace are less than the 100,000 that flash is rated for.
    const erases = world.slots.erases(2 + 128);
    expect(erases).toBeGreaterThan(0);
    expect((erases * 30 * 86_400_000) / world.clock.elapsed).toBeLessThan(100_000);
    world.server.answer = rightAnswer;
    world.publish(payload);
    world.device.run(120_000);
    expect(world.said().state).toBe("confirmed");
  });
});

describe("a manifest is refused, with its reason in state and diagnostics and nothing fetched", () => {
  const stranger = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;
  const good = manifestFor(NEW).payload;
  const [line, signature] = good.split("\n");
  const refused: readonly [what: string, payload: string, reason: string, options?: WorldOptions][] = [
    ["with another key's signature", manifestFor(NEW, {}, stranger).payload, "signature is not that of"],
    [
      "with another manifest's signature",
      `${line.replace("0.2.0", "0.2.1")}\n${signature}`,
      "signature is not that",
    ],
    ["without a signature", line, "no signature"],
    ["with a signature of zeros", `${line}\n${"0".repeat(128)}`, "no signature"],
    ["that is rubbish", "update!", "no signature"],
    [
      "for another kind of device",
      manifestFor(NEW, { kind: "esp32" }).payload,
      "for kind esp32, and this device is host",
    ],
    ["with an older version", manifestFor(NEW, { version: "0.0.9" }).payload, "0.0.9 is older than 0.1.0"],
    ["that has expired", manifestFor(NEW, { expires: NOW }).payload, "expired"],
    ["for a newer version than runs", manifestFor(NEW, { minimum: "0.1.1" }).payload, "needs version 0.1.1"],
    [
      "with an image beyond the slot",
      manifestFor(NEW, { size: 128 * 4_096 - 4_095 }).payload,
      "more than the slot's 520192",
    ],
    [
      "with a version that is none",
      manifestFor(NEW, { version: "2" }).payload,
      "version is missing or wrong",
    ],
    ["where there is no key", good, "no update key", { image: { updatekey: "" } }],
  ];

  it.each(refused)("%s", (...[, payload, reason, options]) => {
    const world = published(payload, options);
    world.device.run(30_000);
    expect(world.said()).toMatchObject({
      state: "refused",
      version: "0.1.0",
      reason: expect.stringContaining(reason),
    });
    expect(world.said().manifest).toMatch(/^[0-9a-f]{8}$/);
    expect(world.diagnostics()).toMatchObject({
      update: "refused",
      updatereason: expect.stringContaining(reason),
    });
    expect(world.server.requests).toHaveLength(0);
    expect(world.device.versions).toEqual(["0.1.0"]);
    expect(world.journal.warnings.filter((warning) => warning.includes("refused"))).toHaveLength(1);
  });

  it("is fetched at a moment of its own within the spread", () => {
    const world = updateWorld({ image: { spread: "1m" } });
    world.clock.runUntil(() => world.broker.clients.length === 1);
    world.device.run(5_000);
    world.publish(manifestFor(NEW).payload);
    world.device.run(5_000);
    expect(world.said().state).toBe("downloading");
    expect(world.server.requests).toHaveLength(0);
    world.device.run(150_000);
    expect(world.said().state).toBe("confirmed");
  });

  it("of the last size that fits a slot is taken", () => {
    const world = published(manifestFor(NEW, { size: 127 * 4_096 }).payload);
    world.device.run(1_000);
    expect(world.said().state).not.toBe("refused");
  });

  it("that was superseded is a replay, also after a restart, and also a signed rollback", () => {
    const rollback = manifestFor(OLD, { version: "0.0.1", issued: NOW + 1, rollback: true }).payload;
    const world = published(manifestFor(NEW, { issued: NOW + 2 }).payload);
    world.device.run(30_000);
    world.publish(rollback);
    world.device.run(15_000);
    expect(world.said()).toMatchObject({ state: "refused", reason: expect.stringContaining("replayed") });
    world.device.cutPower();
    world.device.run(30_000);
    expect(world.said()).toMatchObject({ state: "refused", reason: expect.stringContaining("replayed") });
    expect(world.device.versions.at(-1)).toBe("0.2.0");
  });

  it("does not disturb the update that is under way", () => {
    const world = published(manifestFor(NEW).payload);
    world.clock.runUntil(() => world.server.requests.length === 10);
    world.publish(manifestFor(NEW, {}, stranger).payload);
    world.device.run(60_000);
    // It is what the broker has now, and is told of when it comes.
    expect(world.states()).toEqual(["idle", "downloading", "trial", "confirmed", "refused"]);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0"]);
    expect(Math.max(...world.server.fetches())).toBe(1);
  });

  it("where it cannot be read what was taken on before: an older one would pass for new", () => {
    const world = published(manifestFor(NEW, { issued: NOW + 2 }).payload);
    world.device.run(30_000);
    world.storage.fails = (call, key) => call === "read" && key === "update";
    world.device.cutPower();
    const requests = world.server.requests.length;
    world.publish(manifestFor(OLD, { version: "0.1.0", issued: NOW + 1, rollback: true }).payload);
    world.device.run(30_000);
    expect(world.said()).toMatchObject({
      state: "refused",
      version: "0.2.0",
      reason: expect.stringContaining("storage failed"),
    });
    expect(world.server.requests).toHaveLength(requests);
    world.storage.fails = () => false;
    world.device.cutPower();
    world.device.run(30_000);
    expect(world.said()).toMatchObject({ state: "refused", reason: expect.stringContaining("replayed") });
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.2.0", "0.2.0"]);
  });

  it("a thousand times a second, and it is told of once in a while", () => {
    const world = updateWorld();
    world.device.run(10_000);
    let count = 0;
    const flood = () => {
      count += 1;
      world.broker.publish(`${BASE}/update`, `rubbish ${count}`, 1);
      if (count < 30_000) world.clock.timer.set(flood, 1);
    };
    flood();
    world.device.run(30_000);
    expect(world.journal.warnings.filter((warning) => warning.includes("refused")).length).toBeLessThan(6);
    expect(world.all().length).toBeLessThan(8);
    expect(isWithoutGap(world.numbers())).toBe(true);
    expect(world.numbers().length).toBeGreaterThan(6);
    // And what is good is found behind it.
    world.publish(manifestFor(NEW).payload);
    world.device.run(60_000);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.2.0" });
  });

  it.each([10, 11, 12])(
    "does not disturb it either where it is signed, and %i blocks were asked for",
    (count) => {
      const { payload, id } = manifestFor(NEW);
      const world = published(payload);
      world.clock.runUntil(() => world.server.requests.length === count);
      const { answer } = world.server;
      world.server.answer = () => {};
      world.publish(manifestFor(NEW, { kind: "esp32", issued: NOW + 1 }).payload);
      world.device.run(12_000);
      expect(world.said()).toMatchObject({
        state: "refused",
        reason: expect.stringContaining("for kind esp32"),
      });
      world.server.answer = answer;
      // Each block tells what goes on.
      world.clock.runUntil(() => world.server.requests.length === count + 2);
      world.device.run(50);
      expect(world.said()).toMatchObject({ state: "downloading", manifest: id, update: "0.2.0" });
      world.device.run(60_000);
      expect(world.device.versions).toEqual(["0.1.0", "0.2.0"]);
      expect(Math.max(...world.server.fetches())).toBeLessThanOrEqual(2);
    },
  );

  it("where what was begun could not be remembered", () => {
    const world = updateWorld();
    world.device.run(10_000);
    world.storage.fails = (call, key) => call === "write" && key === "update";
    world.publish(manifestFor(NEW).payload);
    world.device.run(30_000);
    expect(world.said()).toMatchObject({
      state: "refused",
      reason: expect.stringContaining("storage failed"),
    });
    expect(world.server.requests).toHaveLength(0);
  });
});

describe("an image that is not the manifest's", () => {
  it("is given up after three tries, and the old version runs on", () => {
    const world = updateWorld();
    world.server.file = Uint8Array.from(NEW);
    world.server.file[100_000] ^= 1;
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.device.run(60_000);
    expect(world.said()).toMatchObject({ state: "failed", reason: expect.stringContaining("digest") });
    expect(world.diagnostics()).toMatchObject({
      update: "failed",
      updatereason: expect.stringContaining("digest"),
    });
    expect(Math.max(...world.server.fetches())).toBe(3);
    expect(world.device.versions).toEqual(["0.1.0"]);
    const requests = world.server.requests.length;
    world.device.cutPower();
    world.device.run(60_000);
    expect(world.server.requests).toHaveLength(requests);
    expect(world.said()).toMatchObject({ state: "failed", version: "0.1.0" });
    // Published anew, it has its chances again.
    world.server.file = NEW;
    world.publish(manifestFor(NEW, { issued: NOW + 1 }).payload);
    world.device.run(60_000);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.2.0" });
  });

  it("is none of what the bootloader runs: the boot slot does not change", () => {
    const world = offered(new Uint8Array(20_000).fill(65));
    world.device.run(60_000);
    expect(world.said()).toMatchObject({ state: "failed" });
    expect(world.device.versions).toEqual(["0.1.0"]);
    world.device.cutPower();
    world.device.run(10_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.1.0"]);
  });

  it.each([
    ["all", 0],
    ["all but the end", 5_000],
  ])("never runs, not even where the bootloader has no other: of %s that came", (_what, missing) => {
    const world = updateWorld();
    const forged = new Uint8Array(NEW.length);
    forged.set(brokenImage('throw new Error("forged")', "0.6.6"));
    world.server.file = forged;
    const { answer } = world.server;
    world.server.answer = (request, peer, file) => {
      if (request.last < file.length - missing) answer(request, peer, file);
    };
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.device.run(60_000);
    world.slots.flipBits(1, () => 0.5, 2 * 4_096, 3 * 4_096);
    world.device.cutPower();
    world.device.run(60_000);
    expect(world.device.versions).toEqual(["0.1.0"]);
    expect(world.device.crashes).toEqual([]);
  });

  it("is found when it calls itself another version, and goes back", () => {
    const world = offered(NEW, { version: "0.3.0" });
    world.device.run(60_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0"]);
    expect(world.said()).toMatchObject({
      state: "reverted",
      version: "0.1.0",
      reason: "the image calls itself 0.2.0, and the manifest 0.3.0",
    });
  });
});

/** Parts of the firmware in which something can be broken. */
const BOOT = "const { storage } = board;";
const ACCEPTED = "updater.sensed();";
const CONNECT = "this.#attempts += 1;";

describe("a new version that is no good goes back to the old one, which says why", () => {
  it.each([
    ["throws before anything of it runs", brokenImage('throw new Error("bad")'), "an exception at its start"],
    [
      "throws at its start",
      patchedImage(BOOT, `throw new Error("bad"); ${BOOT}`),
      "an exception at its start",
    ],
    [
      "hangs",
      patchedImage(BOOT, `${BOOT} board.timer.set(() => board.hang(), 20);`),
      "before it was confirmed, by watchdog",
    ],
    [
      "crashes later",
      patchedImage(BOOT, `${BOOT} board.timer.set(() => { throw new Error("x"); }, 300);`),
      "exception",
    ],
    [
      "restarts by itself",
      patchedImage(BOOT, `${BOOT} board.timer.set(() => board.restart(), 300);`),
      "it ended before it was confirmed, by",
    ],
    ["never takes a reading", patchedImage(ACCEPTED, ""), "no reading was taken within 10m"],
    [
      "never connects",
      patchedImage(CONNECT, `return; ${CONNECT}`),
      "no delivery was acknowledged within 10m",
    ],
    [
      "never sends a reading",
      patchedImage("sendReadings() {", "sendReadings() { return true;"),
      "no delivery was acknowledged",
    ],
  ])("%s", (_what, image, reason) => {
    const world = offered(image);
    world.device.run(900_000);
    expect(world.device.versions.slice(0, 3)).toEqual(["0.1.0", "0.2.0", "0.1.0"]);
    expect(world.device.versions.filter((version) => version === "0.2.0")).toHaveLength(1);
    expect(world.said()).toMatchObject({ state: "reverted", version: "0.1.0", update: "0.2.0" });
    expect(world.said().reason).toContain(reason);
    expect(world.diagnostics()).toMatchObject({ version: "0.1.0", update: "reverted" });
    // It reports as before, and does not try again by itself.
    const { length } = world.numbers();
    const requests = world.server.requests.length;
    world.device.cutPower();
    world.device.run(60_000);
    expect(world.numbers().length).toBeGreaterThanOrEqual(length + 10);
    expect(isWithoutGap(world.numbers())).toBe(true);
    expect(world.server.requests).toHaveLength(requests);
    expect(world.said().state).toBe("reverted");
  });

  it("also where broker and network are away, and then it is not tried again by itself", () => {
    const world = updateWorld();
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.clock.runUntil(() => world.device.versions.length === 2);
    world.net.blackHole = true;
    world.device.run(660_000);
    world.net.blackHole = false;
    world.device.run(120_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0"]);
    expect(world.said()).toMatchObject({
      state: "reverted",
      reason: "no delivery was acknowledged within 10m",
    });
    expect(isWithoutGap(world.numbers())).toBe(true);
  });
});

describe("a version that goes back", () => {
  const silent = patchedImage(ACCEPTED, "");

  it("does so in the time that is set, with a goodbye, and leaves the bootloader nothing to find", () => {
    const world = offered(silent, {}, { image: { trial: "2m" } });
    world.device.run(160_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0"]);
    expect(world.said()).toMatchObject({ state: "reverted", reason: "no reading was taken within 2m" });
    expect(world.broker.log.filter((line) => line.endsWith(":disconnect"))).toHaveLength(2);
    expect(world.device.notes).toEqual([]);
  });

  it("is reset where it cannot, and runs on where there is nothing else", () => {
    const world = offered(silent);
    world.clock.runUntil(() => world.device.versions.length === 2);
    const slot = world.slots.partition("ota_0");
    slot.eraseBlock(0);
    slot.close();
    world.device.run(660_000);
    expect(world.journal.warnings).toContainEqual(
      expect.stringMatching(/^the device cannot go back by itself \(.*\): it restarts, which does$/),
    );
    expect(world.device.versions.slice(0, 3)).toEqual(["0.1.0", "0.2.0", "0.2.0"]);
    expect(world.device.resets.slice(1, 3)).toEqual(["software", "software"]);
    expect(world.device.crashes).toEqual([]);
  });
});

describe("an image at https://", () => {
  const url = "https://10.0.0.2/image.bin";
  const KEY = makeKeys().pkcs8;

  it("is not fetched by a board without TLS, nor where there can be none, which is said", () => {
    for (const [onBoard, reason] of [
      [undefined, /^the image is at https:\/\/, and this board has no TLS: publish it at http:\/\/$/],
      [
        () => {
          throw new Error("the clock is not set");
        },
        /^the image is at https:\/\/, and (Error: )?the clock is not set$/,
      ],
    ] as const) {
      const world = offered(
        NEW,
        { url },
        onBoard && { onBoard: (board) => Object.assign(board, { tls: onBoard }) },
      );
      world.device.run(30_000);
      expect(world.said().state).toBe("failed");
      expect(world.said().reason).toMatch(reason);
      expect(world.server.connections).toBe(0);
    }
  });

  it("is fetched without what is the broker's: its pin, and the node's certificate", () => {
    const asked: Record<string, unknown>[] = [];
    const world = offered(
      NEW,
      { url },
      {
        image: { pin: "ab".repeat(32), cert: CERTIFICATE, key: KEY },
        onBoard: (board) => {
          const tls = (settings: Record<string, unknown>) => {
            asked.push(settings);
            return board.tcp;
          };
          Object.assign(board, { tls });
        },
      },
    );
    world.net.listen("10.0.0.2", 443, world.server.accept);
    world.device.run(30_000);
    expect(world.said().state).toBe("confirmed");
    expect(asked).toEqual([expect.objectContaining({ pin: "", cert: "", key: "", topic: BASE })]);
  });
});

describe("a trial", () => {
  /** A device whose new version runs, but gets no reading to the broker. */
  function onTrial() {
    const world = updateWorld();
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.clock.runUntil(() => world.device.versions.length === 2);
    world.broker.mute.add("publish");
    world.device.run(5_000);
    return world;
  }

  it("that a power cut ends is not the version's fault: it is started again, without fetching", () => {
    const world = onTrial();
    const requests = world.server.requests.length;
    world.device.cutPower();
    world.broker.mute.clear();
    world.device.run(60_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0", "0.2.0"]);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.2.0" });
    expect(world.server.requests).toHaveLength(requests);
  });

  it("that power cuts end three times has ended: it may be the version that pulls the supply down", () => {
    const world = onTrial();
    for (let cut = 1; cut <= 3; cut++) {
      expect(world.device.versions.at(-1)).toBe("0.2.0");
      world.device.cutPower();
      const { length } = world.device.versions;
      world.broker.mute.clear();
      world.device.run(1_000);
      world.clock.runUntil(
        () => world.device.versions.length > length + 1 || world.said().state === "reverted",
      );
      world.broker.mute.add("publish");
    }
    world.broker.mute.clear();
    world.device.run(60_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0", "0.2.0", "0.1.0", "0.2.0", "0.1.0"]);
    expect(world.said()).toMatchObject({
      state: "reverted",
      reason: "it ended before it was confirmed, by power-on",
    });
  });

  it("takes on no other update: a manifest waits until the version has proved itself", () => {
    const world = onTrial();
    const requests = world.server.requests.length;
    const other = manifestFor(OLD, { version: "0.1.0", issued: NOW + 1, rollback: true });
    world.publish(other.payload);
    world.device.run(4_000);
    expect(world.server.requests).toHaveLength(requests);
    world.server.file = OLD;
    world.broker.mute.clear();
    world.device.run(90_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0"]);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.1.0", manifest: other.id });
  });

  it("is passed where readings that waited are delivered, and the sensor is read", () => {
    const world = updateWorld();
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.clock.runUntil(() => world.device.versions.length === 2);
    world.net.blackHole = true;
    world.device.run(500_000);
    world.net.blackHole = false;
    world.device.run(90_000);
    expect(world.said()).toMatchObject({ state: "confirmed" });
    world.device.run(900_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0"]);
  });

  it("that has ended is not passed by what the broker acknowledges during the goodbye", () => {
    const world = updateWorld({ image: { trial: "1m" } });
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.clock.runUntil(() => world.device.versions.length === 2);
    world.broker.mute.add("puback");
    const ids: number[] = [];
    world.broker.onPublish = ({ topic, messageId, client, payload }) => {
      if (topic.endsWith("/temperature")) ids.push(messageId as number);
      if (!topic.endsWith("/status") || payload !== "offline" || messageId === undefined) return;
      world.broker.mute.clear();
      for (const id of ids) world.broker.inject(client, Uint8Array.of(0x40, 2, id >> 8, id & 255));
    };
    world.device.run(120_000);
    expect(ids.length).toBeGreaterThan(3);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0"]);
    expect(world.said()).toMatchObject({
      state: "reverted",
      version: "0.1.0",
      reason: "no delivery was acknowledged within 1m",
    });
  });

  it("that comes late, when the old version had given it up, is told of as it ended", () => {
    const world = updateWorld();
    world.device.run(10_000);
    world.publish(manifestFor(NEW).payload);
    world.clock.runUntil(() => world.storage.values.get("update")?.startsWith("2 ") === true);
    // The boot record has the new version, and the bootloader cannot note that it is on trial.
    world.slots.failErases = true;
    world.device.run(30_000);
    expect(world.said()).toMatchObject({ state: "reverted", version: "0.1.0" });
    world.slots.failErases = false;
    world.device.cutPower();
    world.device.run(60_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.1.0", "0.2.0"]);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.2.0", update: "0.2.0" });
    world.device.cutPower();
    world.device.run(60_000);
    expect(world.said()).toMatchObject({ state: "confirmed", version: "0.2.0", update: "0.2.0" });
  });

  it("is held also where the storage has forgotten the update", () => {
    const world = onTrial();
    world.storage.values.delete("update");
    world.device.run(700_000);
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0", "0.1.0"]);
  });
});
