import { createPublicKey } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import mqtt from "mqtt";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { readImage, writeImage } from "../../services/ota/image.js";
import { makeKeys, readSigningKey } from "../../services/ota/keys.js";
import { publish as startPublishing } from "../../services/ota/publisher.js";
import { FakeDevice, goesBack, good, hangs, type Script } from "../support/fake-device.js";
import { eventsOf, runOTA, startOTA } from "../support/ota.js";
import { freePort, hasProgram, temporaryDirectory, until } from "../support/peers.js";
import { itWith, startMosquitto, stopAll } from "../support/programs.js";

const directory = temporaryDirectory();
const inside = (name: string) => path.join(directory.path, name);
const KEY = inside("keys/update.key");

beforeAll(() => {
  makeKeys(inside("keys"));
  makeKeys(inside("other"));
  writeImage(inside("image"), "host", "0.2.0", Buffer.alloc(200_000, "image"));
  writeImage(inside("esp32"), "esp32", "0.2.0", Buffer.alloc(20_000, "image"));
});
afterAll(() => directory.remove());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await stopAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const publicKey = () => createPublicKey(fs.readFileSync(inside("keys/update.pub")));

async function embedded(): Promise<string> {
  const broker = await startEmbeddedBroker(0);
  cleanups.push(() => broker.close());
  return `mqtt://127.0.0.1:${broker.port}`;
}

async function devices(url: string, scripts: readonly Script[]): Promise<FakeDevice[]> {
  const all: FakeDevice[] = [];
  for (const [index, script] of scripts.entries()) {
    const device = await FakeDevice.start(url, `home/d${index}`, script, { key: publicKey() });
    cleanups.push(() => device.stop(true));
    all.push(device);
  }
  return all;
}

const bases = (count: number) => Array.from({ length: count }, (_, index) => `home/d${index}`).join(",");

function publish(url: string, count: number, ...more: string[]) {
  const args = ["--dir", inside("image"), "--key", KEY, "--broker", url, "--devices", bases(count)];
  return startOTA("publish", ...args, ...more);
}

/** What is retained at `<base>/update`. */
async function retained(url: string, base: string): Promise<string | undefined> {
  const client = await mqtt.connectAsync(url);
  let found: string | undefined;
  client.on("message", (_, payload) => {
    found = payload.toString();
  });
  await client.subscribeAsync(`${base}/update`, { qos: 1 });
  // A broker sends what is retained before it answers what comes after the subscription.
  await client.publishAsync("nowhere", "x", { qos: 1 });
  await client.endAsync();
  return found;
}

const brokers: readonly [string, () => Promise<string>][] = [
  ["the embedded broker", embedded],
  ["Mosquitto (needs mosquitto)", async () => `mqtt://127.0.0.1:${(await startMosquitto()).port}`],
];

for (const [name, start] of brokers) {
  const test = name.startsWith("Mosquitto") && !hasProgram("mosquitto") ? it.skip : it;

  describe(`publishing at ${name}`, () => {
    test("brings every device to the new version, one first, and says what it does", async () => {
      const url = await start();
      const all = await devices(url, [good, good, good]);
      const run = publish(url, 3);
      expect(await run.exited).toBe(0);
      expect(run.errors).toBe("");
      expect(run.output).toMatch(
        /image +http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{64}\.bin \(host, 200000 bytes, served from here\)/,
      );
      expect(run.output).toMatch(/first +home\/d0; none may fail\n +then +home\/d1, home\/d2; none may fail/);
      expect(run.output).toMatch(
        /to the first: 1 of 3[\s\S]*home\/d0 {2}downloading 0 %[\s\S]*home\/d0 {2}downloading 75 %/,
      );
      expect(run.output).toMatch(
        /home\/d0 {2}confirmed, runs 0\.2\.0[\s\S]*to the rest: 2 of 3[\s\S]*home\/d1 {2}downloading/,
      );
      expect(run.output).toContain("all 3 devices run 0.2.0");
      for (const device of all) expect([device.version, device.withdrawn]).toEqual(["0.2.0", 0]);
      const [manifest] = all[0].manifests;
      expect(manifest).toMatchObject({ kind: "host", version: "0.2.0", size: 200_000 });
      expect(manifest.expires - manifest.issued).toBe(30 * 86_400_000);
      expect(new Set(all.map((device) => device.manifests[0].id)).size).toBe(1);
      // A device that is away for now finds it later.
      expect(await retained(url, "home/d2")).toContain(manifest.line);
    }, 60_000);

    test("stops where the first goes back, and takes the manifest away", async () => {
      const url = await start();
      const all = await devices(url, [goesBack, good, good]);
      const run = publish(url, 3);
      expect(await run.exited).toBe(1);
      expect(run.errors).toBe(
        "hearth: 0 of 3 devices run 0.2.0 (not home/d0, home/d1, home/d2), stopped: 1 of 1 failed, where none may; " +
          "the manifest is withdrawn from those: once the cause is mended, publish again\n",
      );
      expect(run.output).toMatch(/home\/d0 {2}reverted: no reading was acknowledged/);
      expect(run.output).toMatch(/home\/d1: not begun/);
      expect(all.map((device) => device.manifests.length)).toEqual([1, 0, 0]);
      await until(() => all[0].withdrawn === 1);
      expect(await retained(url, "home/d0")).toBeUndefined();
      expect(all[1].withdrawn).toBe(0);
    }, 60_000);

    test("counts a device as failed that is not done in time", async () => {
      const url = await start();
      const all = await devices(url, [good, hangs]);
      const run = publish(url, 2, "--first", "100%", "--timeout", "2s", "--log", "json");
      expect(await run.exited).toBe(1);
      const events = eventsOf(run);
      expect(events.at(-1)).toMatchObject({
        event: "end",
        confirmed: 1,
        unconfirmed: [{ base: "home/d1", reason: "it was not ready in time: waiting, the clock is not set" }],
        left: [],
      });
      expect(await retained(url, "home/d1")).toBeUndefined();
      expect(all[0].withdrawn).toBe(0);
    }, 60_000);

    test("takes it back at Ctrl-C from every device that is not done", async () => {
      const url = await start();
      const all = await devices(url, [good, hangs, hangs]);
      const run = publish(url, 3);
      await run.until(/home\/d1 {2}waiting: the clock is not set/);
      await run.until(/home\/d2 {2}waiting: the clock is not set/);
      expect(await run.stop("SIGINT")).toBe(1);
      expect(run.errors).toMatch(
        /^hearth: 1 of 3 devices run 0\.2\.0 \(not home\/d1, home\/d2\), stopped: it was interrupted; .*\n$/,
      );
      await until(() => all[1].withdrawn + all[2].withdrawn === 2);
      for (const base of ["home/d1", "home/d2"]) expect(await retained(url, base)).toBeUndefined();
      expect(await retained(url, "home/d0")).toBeDefined();
    }, 60_000);
  });
}

describe("publishing", () => {
  it("is refused by devices with another key, in their words", async () => {
    const url = await embedded();
    await devices(url, [good]);
    const args = [
      "--dir",
      inside("image"),
      "--broker",
      url,
      "--devices",
      "home/d0",
      "--key",
      inside("other/update.key"),
    ];
    const run = startOTA("publish", ...args);
    expect(await run.exited).toBe(1);
    expect(run.output).toContain("home/d0  refused: the signature is wrong");
  });

  it("takes nothing that was said of an earlier manifest for this one's", async () => {
    const url = await embedded();
    const [device] = await devices(url, [hangs]);
    const earlier = { id: "0badcafe", version: "0.2.0" } as Parameters<typeof device.say>[0];
    await device.say(earlier, "confirmed");
    const run = publish(url, 1, "--timeout", "2s");
    await run.until(/waiting: the clock is not set/);
    await device.say(earlier, "confirmed");
    expect(await run.exited).toBe(1);
  });

  it("leaves those alone that run the version already, and ends where all do", async () => {
    const url = await embedded();
    const all = await devices(url, [good, hangs, good]);
    all[1].version = "0.2.0";
    await all[1].say(undefined, "idle");
    const first = publish(url, 3, "--log", "json");
    expect(await first.exited).toBe(0);
    const events = eventsOf(first);
    expect(events[0]).toMatchObject({
      event: "start",
      already: ["home/d1"],
      stages: [["home/d0"], ["home/d2"]],
    });
    expect(events.at(-1)).toMatchObject({ event: "end", confirmed: 3, unconfirmed: [] });
    expect(all[1].manifests).toEqual([]);
    const second = publish(url, 3);
    expect(await second.exited).toBe(0);
    expect(second.output).toMatch(/devices +none: all run it already[\s\S]*all 3 devices run 0\.2\.0/);
    expect(all[0].manifests).toHaveLength(1);
  });

  it("does not take a trial of the version for the version", async () => {
    const url = await embedded();
    const [device] = await devices(url, [good]);
    device.version = "0.2.0";
    await device.say({ id: "0badcafe" } as Parameters<typeof device.say>[0], "trial");
    const run = publish(url, 1);
    expect(await run.exited).toBe(0);
    expect(device.manifests).toHaveLength(1);
  });

  it("begins with those that are online, and warns of the others", async () => {
    const url = await embedded();
    const all = await devices(url, [good, good, good]);
    await all[0].stop();
    const silent = await FakeDevice.start(url, "home/d3", good, { says: false });
    cleanups.push(() => silent.stop(true));
    const run = publish(url, 4, "--timeout", "2s", "--log", "json");
    expect(await run.exited).toBe(1);
    const events = eventsOf(run);
    expect(events[0]).toMatchObject({ stages: [["home/d1"], ["home/d2", "home/d0", "home/d3"]] });
    const warnings = events.filter(({ event }) => event === "warning").map(({ text }) => text);
    expect(warnings).toEqual([
      "offline: home/d0; the manifest waits for them at the broker",
      "the broker has heard nothing of home/d3: is the base right?",
    ]);
    expect(events.at(-1)).toMatchObject({ unconfirmed: [{ base: "home/d0" }] });
  });

  it("names at the end those first that failed, and of many only some", async () => {
    const url = await embedded();
    await devices(url, [() => {}]);
    const device = await FakeDevice.start(url, "home/d24", goesBack, { key: publicKey() });
    cleanups.push(() => device.stop(true));
    const run = publish(url, 25);
    expect(await run.exited).toBe(1);
    expect(run.errors).toContain("(not home/d24, home/d0, home/d1, home/d2, home/d3 and 20 more)");
    const summary = run.lines.slice(-21).map((line) => line.replace(/^.*✗ */, ""));
    expect(summary[0]).toBe("home/d24: reverted: no reading was acknowledged");
    expect(summary[1]).toBe("home/d0: stopped before it said anything");
    expect(summary[2]).toBe("home/d1: not begun, for the rollout was stopped");
    expect(summary[20]).toBe("and 5 more");
  });

  it("says which minimum, expiry and rollback were asked for, and where the image is", async () => {
    const url = await embedded();
    const seen: Script = (device, manifest) => device.say(manifest, "confirmed");
    const [device] = await devices(url, [seen]);
    const elsewhere = `https://127.0.0.1:${await freePort()}/a.bin`;
    const more = ["--minimum", "0.1.0", "--expires", "2h", "--rollback", "--url", elsewhere];
    const run = publish(url, 1, ...more);
    expect(await run.exited).toBe(0);
    expect(run.output).toContain(`${elsewhere} cannot be reached from here (ECONNREFUSED): can devices?`);
    const [manifest] = device.manifests;
    expect(manifest).toMatchObject({ url: elsewhere, minimum: "0.1.0", rollback: true });
    expect(manifest.expires - manifest.issued).toBe(7_200_000);
  });

  it("warns of an image that devices elsewhere cannot reach, and serves it where it is told to", async () => {
    const url = await embedded();
    const seen: Script = (device, manifest) => device.say(manifest, "confirmed");
    const [device] = await devices(url, [seen]);
    const port = await freePort();
    const args = ["--dir", inside("esp32"), "--key", KEY, "--broker", url, "--devices", "home/d0"];
    const run = startOTA("publish", ...args, "--listen", String(port));
    expect(await run.exited).toBe(0);
    expect(run.output).toContain(
      "the image is at 127.0.0.1, which devices elsewhere cannot reach: give --listen",
    );
    expect(device.manifests[0].url).toContain(`http://127.0.0.1:${port}/`);
    await device.say(undefined, "idle", { version: "0.1.0" });
    const other = startOTA("publish", ...args, "--listen", `0.0.0.0:${port}`);
    expect(await other.exited).toBe(0);
    expect(device.manifests[1].url).toContain(`http://127.0.0.1:${port}/`);
  });

  it("goes on when the broker has been away", async () => {
    const port = await freePort();
    let broker = await startEmbeddedBroker(port);
    cleanups.push(() => broker.close());
    const url = `mqtt://127.0.0.1:${port}`;
    let confirm = () => {};
    const wait: Script = (device, manifest) => {
      confirm = () => void device.say(manifest, "confirmed");
    };
    const [device] = await devices(url, [wait]);
    const run = publish(url, 1);
    await until(() => device.manifests.length === 1);
    await broker.close();
    await run.until(/refuses connections|closed the connection/);
    broker = await startEmbeddedBroker(port);
    await run.until(/the broker is back/);
    confirm();
    expect(await run.exited).toBe(0);
  });

  it("says from whom the manifest could not be taken back where the broker is away at the end", async () => {
    const port = await freePort();
    const broker = await startEmbeddedBroker(port);
    cleanups.push(() => broker.close());
    const [device] = await devices(`mqtt://127.0.0.1:${port}`, [hangs]);
    const run = publish(`mqtt://127.0.0.1:${port}`, 1);
    await until(() => device.manifests.length === 1);
    await run.until(/waiting/);
    await broker.close();
    await run.until(/closed the connection/);
    expect(await run.stop("SIGINT")).toBe(1);
    expect(run.output).toContain(
      "the broker could not be told to take it back from home/d0: mosquitto_pub -r -n -t <base>/update",
    );
    expect(run.errors).toMatch(/^hearth: 0 of 1 devices run 0\.2\.0 .*\n$/);
  });

  it("publishes nothing where it is interrupted before it has begun", async () => {
    const { port } = new URL(await embedded());
    const [device] = await devices(`mqtt://127.0.0.1:${port}`, [good]);
    const silent = { plan: () => {}, stage: () => {}, progress: () => {}, warning: () => {}, note: () => {} };
    const endpoint = {
      host: "127.0.0.1",
      port: Number(port),
      secure: false,
      user: undefined,
      password: undefined,
    };
    const outcome = await startPublishing(
      {
        broker: { endpoint, secure: undefined },
        image: readImage(inside("image")),
        key: readSigningKey(KEY).key,
        devices: ["home/d0"],
        ...{ url: undefined, listen: { host: undefined, port: 0 }, minimum: undefined, rollback: false },
        ...{ expires: 60_000, timeout: 60_000, first: { count: 1 }, failures: { count: 0 }, events: silent },
      },
      Promise.resolve(),
    );
    expect(outcome).toEqual({
      confirmed: 0,
      unconfirmed: [{ base: "home/d0", reason: "not begun, for the rollout was stopped" }],
      stopped: "it was interrupted",
      left: [],
    });
    expect([device.manifests.length, device.withdrawn]).toEqual([0, 0]);
  });

  it("ends with one line and status 1 where there is no broker", async () => {
    const run = publish(`mqtt://127.0.0.1:${await freePort()}`, 1);
    expect(await run.exited).toBe(1);
    expect(run.errors).toMatch(
      /^hearth: the broker at 127\.0\.0\.1:\d+ refuses connections: is it running\?\n$/,
    );
    expect(run.output).toBe("");
  });

  itWith("mosquitto")(
    "ends with one line where the password is wrong, which is not shown (needs mosquitto)",
    async () => {
      const { port } = await startMosquitto({ ann: "right" });
      const run = publish(`mqtt://ann:hunter2@127.0.0.1:${port}`, 1);
      expect(await run.exited).toBe(1);
      expect(run.errors).toMatch(/^hearth: the broker at .*[Nn]ot authori[sz]ed.*\n$/);
      expect(run.output + run.errors).not.toContain("hunter2");
    },
  );

  it("ends with status 2 where the port is taken", async () => {
    const url = await embedded();
    const { port } = new URL(url);
    const run = publish(url, 1, "--listen", port);
    expect(await run.exited).toBe(2);
    expect(run.errors).toBe(
      `hearth: option --listen: the image cannot be served at port ${port} of this machine (EADDRINUSE)\n`,
    );
  });
});

describe("what each device runs", () => {
  it("is shown in a table, also of those that never said so", async () => {
    const url = await embedded();
    const all = await devices(url, [hangs, hangs]);
    await all[0].say({ id: "aabbccdd", version: "0.2.0" } as Parameters<FakeDevice["say"]>[0], "failed", {
      reason: "digest mismatch",
    });
    await all[1].say(
      { id: "aabbccdd", version: "0.2.0" } as Parameters<FakeDevice["say"]>[0],
      "downloading",
      {
        ...{ done: 50, size: 200 },
      },
    );
    await all[1].stop();
    const known = runOTAApart("status", "--broker", url);
    expect((await known).lines).toEqual([
      expect.stringMatching(/^ {2}device +version +state +update +reason$/),
      "  home/d0  online   0.1.0    failed            0.2.0   digest mismatch",
      "  home/d1  offline  0.1.0    downloading 25 %  0.2.0",
    ]);
    const asked = await runOTAApart(
      "status",
      "--broker",
      url,
      "--devices",
      "home/d1,home/x",
      "--log",
      "json",
    );
    expect(eventsOf(asked)).toMatchObject([
      { event: "device", base: "home/d1", online: false, state: "downloading", done: 50, size: 200 },
      { event: "device", base: "home/x", online: null },
    ]);
  });

  it("is nothing where the broker knows of no device, which is said", async () => {
    const url = await embedded();
    const run = await runOTAApart("status", "--broker", url, "--topics", "work/#");
    expect(run.output).toContain("the broker knows of no device at work/#");
  });

  it("cannot be told where there is no broker", async () => {
    const { status, errors } = runOTA("status", "--broker", `mqtt://127.0.0.1:${await freePort()}`);
    expect(status).toBe(1);
    expect(errors).toMatch(/^hearth: the broker at .* refuses connections: is it running\?\n$/);
  });
});

/** The broker is in this process, which must not wait. */
async function runOTAApart(...args: string[]) {
  const run = startOTA(...args);
  expect(await run.exited).toBe(0);
  expect(run.errors).toBe("");
  return run;
}
