import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Aedes } from "aedes";
import mqtt from "mqtt";
import type { Summary } from "../../bench/fleet/summary.js";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { freePort, pause } from "../support/peers.js";
import { itWith, Running, scratchDirectory, stopAll } from "../support/programs.js";

const PROGRAM = new URL("../../bench/fleet/main.js", import.meta.url).pathname;
const SABOTAGE = new URL("../support/sabotage.js", import.meta.url).href;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await stopAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Finished {
  run: Running;
  status: unknown;
  summary: Summary;
}

const fleet = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  new Running(process.execPath, ["--no-warnings", PROGRAM, ...args], { env: { ...process.env, ...env } });

async function finished(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const run = fleet([...args, "--log", "json"], env);
  const status = await run.exited;
  return { run, status, summary: summaryOf(run) };
}

function summaryOf(run: Running): Summary {
  const events = run.lines.map((line) => JSON.parse(line) as { event: string });
  return events.find(({ event }) => event === "summary") as unknown as Summary;
}

/** The firmware with one thing broken in it, in every process of the fleet. */
const broken = (file: string, from: string, to: string): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import ${SABOTAGE}`,
  SABOTAGE: JSON.stringify({ file, from, to }),
});

/** A reading that is done with, and was never sent. */
const SWALLOWED = broken(
  "firmware/outbox/recorder.js",
  "this.#monitor.recorded?.(reading);",
  "this.#monitor.recorded?.(reading); if (reading.seq === 2) { outbox.acknowledge(2); this.#monitor.delivered?.(reading, false); }",
);

/** A value that nobody has measured. */
const INVENTED = broken(
  "firmware/codec/reading-text.js",
  "reading.value",
  "(reading.value + (reading.seq === 2 ? 1 : 0))",
);

const QUICK = ["--interval", "500ms", "--for", "2s", "--spread", "2s"];
const SMALL = ["--devices", "20", ...QUICK];

/** Nothing was lost, and all of it is accounted for. */
function expectGood({ run, status, summary }: Finished): void {
  expect(run.errors).toBe("");
  expect(summary).toMatchObject({ lost: 0, dropped: 0, unacknowledged: 0, problems: [] });
  expect(summary.arrived).toBe(summary.taken);
  expect(summary.connected).toBe(summary.devices);
  expect(status).toBe(0);
}

function expectKicked({ devices, kick }: Summary): void {
  expect(kick?.connects).toBeGreaterThanOrEqual(devices);
  expect(kick?.attempts).toBeGreaterThanOrEqual(devices);
  expect(kick?.until).toBeGreaterThan(0);
  expect(kick?.bins.reduce((sum, { connects }) => sum + connects, 0)).toBe(kick?.connects);
}

describe("npm run fleet", () => {
  itWith("mosquitto")(
    "loses nothing through a restart of a Mosquitto, and tells how all came back (needs mosquitto)",
    async () => {
      const done = await finished(["--devices", "120", "--kick", "200ms", ...QUICK]);
      expectGood(done);
      const { summary } = done;
      expectKicked(summary);
      expect(summary.kick?.away).toBeGreaterThanOrEqual(200);
      // Some four of each in the two seconds, and some more before and after.
      expect(summary.taken).toBeGreaterThan(480);
      expect(summary.readingsPerSecond).toBeGreaterThan(100);
      expect(summary.late).toBeGreaterThan(0);
      expect(summary.latency?.p50).toBeGreaterThan(0);
      expect(summary.latency?.max).toBeGreaterThanOrEqual(summary.latency?.p99 as number);
      expect(summary.memory?.rss).toBeGreaterThan(0);
      expect(done.run.output).toContain("Mosquitto, started for this");
    },
    60_000,
  );

  it("does so with the embedded broker where there is no Mosquitto", async () => {
    const directory = scratchDirectory();
    fs.symlinkSync(process.execPath, path.join(directory, "node"));
    const done = await finished([...SMALL, "--kick", "200ms"], { PATH: directory });
    expectGood(done);
    expectKicked(done.summary);
    expect(done.run.output).toContain("embedded, a process of its own");
  }, 60_000);

  it("cuts all connections at a broker that was there before, and leaves no message behind", async () => {
    const broker = await startEmbeddedBroker(0);
    cleanups.push(() => broker.close());
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const watcher = await mqtt.connectAsync(url);
    cleanups.push(() => watcher.endAsync(true));
    const seen = new Set<string>();
    watcher.on("message", (topic) => seen.add(topic));
    await watcher.subscribeAsync("#");
    const done = await finished([...SMALL, "--broker", url, "--topic", "a/b", "--kick"]);
    expectGood(done);
    expectKicked(done.summary);
    expect(done.summary.kick?.away).toBe(0);
    expect(seen).toContain("a/b/a-b-00001/temperature");
    expect(seen).toContain("a/b/a-b-00020/temperature");
    await watcher.unsubscribeAsync("#");
    const retained: string[] = [];
    watcher.on("message", (topic) => retained.push(topic));
    await watcher.subscribeAsync("#");
    await pause(200);
    expect(retained.filter((topic) => !topic.startsWith("$"))).toEqual([]);
  }, 60_000);

  it("finds a reading that the broker has acknowledged and nobody got: status 1, and which it was", async () => {
    const aedes = await Aedes.createBroker();
    aedes.authorizePublish = (_client, packet, done) => {
      const isUnlucky = packet.topic === "fleet/fleet-00007/temperature";
      if (isUnlucky && packet.payload.toString().includes('"seq":2,')) packet.topic = "elsewhere";
      done(null);
    };
    const server = net.createServer(aedes.handle);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(
      () => new Promise<void>((resolve) => aedes.close(resolve)),
      () => server.close(),
    );
    const { port } = server.address() as net.AddressInfo;
    const run = fleet([...SMALL, "--broker", `mqtt://127.0.0.1:${port}`]);
    expect(await run.exited).toBe(1);
    expect(run.output).toMatch(/^ {2}lost +1$/m);
    expect(run.output).toMatch(/^ {2}fleet-00007: 1 of \d+ readings never came: #2$/m);
    expect(run.output).not.toContain("nothing was lost");
  }, 60_000);

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ["never sends a reading that it says was delivered", SWALLOWED, /^fleet-00001: .* never came: #2$/],
    ["publishes another value than it measured", INVENTED, /not the values that it measured$/],
  ])(
    "finds firmware that %s",
    async (_what, env, problem) => {
      const { status, summary } = await finished(["--devices", "4", ...QUICK], env);
      expect(status).toBe(1);
      expect(summary.problems).toHaveLength(4);
      expect(summary.problems[0]).toMatch(problem);
    },
    60_000,
  );

  it("ends in order at Ctrl-C, and says what was until then", async () => {
    const run = fleet(["--devices", "10", "--interval", "500ms", "--for", "10m", "--log", "json"]);
    await run.until(/"phase":"running"/);
    run.child.kill("SIGINT");
    expect(await run.exited).toBe(0);
    const { taken, arrived, lost } = summaryOf(run);
    expect(taken).toBeGreaterThan(0);
    expect([arrived, lost]).toEqual([taken, 0]);
  }, 60_000);

  it("ends with a line and status 1 where no broker is, and with status 2 for a wrong option", async () => {
    const nowhere = fleet([...SMALL, "--broker", `mqtt://127.0.0.1:${await freePort()}`]);
    expect(await nowhere.exited).toBe(1);
    expect(nowhere.errors).toMatch(/^hearth: the broker at 127\.0\.0\.1:\d+ refuses connections[^\n]*\n$/);
    const wrong = fleet(["--devices", "none"]);
    expect(await wrong.exited).toBe(2);
    expect(wrong.errors).toMatch(/^hearth: [^\n]*--devices[^\n]*\n$/);
  }, 60_000);
});

describe("npm run fleet -- --virtual", () => {
  const VIRTUAL = ["--virtual", "--devices", "300", "--for", "20s", "--kick"];

  it("is the same run for the same seed, loses nothing, and no second sees more than a tenth return", async () => {
    const [one, same] = [await finished(VIRTUAL), await finished(VIRTUAL)];
    expectGood(one);
    expectKicked(one.summary);
    expect(one.summary.kick?.share).toBeLessThanOrEqual(0.1);
    expect(one.summary.taken).toBeGreaterThan(300 * 4);
    const { at, ...rest } = one.summary as Summary & { at: number };
    expect(at).toBeGreaterThan(0);
    expect(same.summary).toMatchObject(rest);
    const other = await finished([...VIRTUAL, "--seed", "2"]);
    expect(other.summary.kick?.bins).not.toEqual(one.summary.kick?.bins);
  }, 60_000);

  it("finds firmware that returns within a second, that swallows a reading, and that invents one", async () => {
    const storm = await finished(
      VIRTUAL,
      broken("firmware/links/backoff.js", "Math.max(Backoff.FIRST, spread)", "Backoff.FIRST"),
    );
    expect(storm.summary.kick?.share).toBeGreaterThan(0.2);
    for (const env of [SWALLOWED, INVENTED]) {
      const { status, summary } = await finished(["--virtual", "--devices", "20", "--for", "30s"], env);
      expect(status).toBe(1);
      expect(summary.problems).toHaveLength(20);
    }
  }, 60_000);

  it("draws the histogram, attempts and connections of each second", async () => {
    const run = fleet(VIRTUAL);
    expect(await run.exited).toBe(0);
    expect(run.output).toMatch(/^ {2}second {2}attempts {2}connected$/m);
    expect(run.output).toMatch(/^ {7}1 +\d+ +\d+ {2}█+░*$/m);
    expect(run.output).toMatch(/^ {2}connects +\d+, at most \d+ in any second: \d\.\d % of the fleet$/m);
    expect(run.output).toMatch(/^ {2}nothing was lost$/m);
  }, 60_000);
});
