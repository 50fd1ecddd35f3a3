import net from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import mqtt, { type MqttClient } from "mqtt";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import type { ServerOptions } from "../../services/server/server.js";
import { freePort, pause, until } from "../support/peers.js";
import { scratchDirectory, stopAll } from "../support/programs.js";
import { ask, EventReader, post, startTestServer, type TestServer } from "../support/server.js";

const cleanups: (() => unknown)[] = [];
let broker: EmbeddedBroker;
let device: MqttClient;
beforeEach(async () => {
  broker = await startEmbeddedBroker(0);
  cleanups.push(() => broker.close());
  device = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
  cleanups.push(() => device.endAsync(true));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await stopAll();
});

async function start(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const server = await startTestServer(broker.port, options);
  cleanups.push(() => server.close());
  await until(() => server.notes.length > 0);
  return server;
}

function events({ port }: TestServer): EventReader {
  const reader = new EventReader(port);
  cleanups.push(() => reader.close());
  return reader;
}

const BASE = "home/livingroom";
const say = (topic: string, payload: string, retain = false) =>
  device.publishAsync(topic, payload, { qos: 1, retain });
const reading = (seq: number, value: number, time: number, more = {}) =>
  JSON.stringify({ temperature: value, time, seq, epoch: "5f3a09c1", ...more });
const stored = async ({ port }: TestServer) =>
  ((await ask(port, "/api/status")).json as { counts: { stored: number } }).counts.stored;
const untilStored = async (server: TestServer, count: number) => {
  while ((await stored(server)) < count) await pause(10);
};

describe("the server", () => {
  it("answers with each device and its history, readings once, late ones where they belong", async () => {
    const server = await start();
    const now = Date.now();
    await say(`${BASE}/temperature`, reading(2, 22, now - 1_000), true);
    await say(`${BASE}/temperature`, reading(2, 22, now - 1_000, { late: true }));
    await say(`${BASE}/temperature`, reading(1, 21, now - 2_000, { late: true }));
    await say(`${BASE}/status`, "online", true);
    await say("home/attic/humidity", "45.5");
    await untilStored(server, 3);
    const devices = (await ask(server.port, "/api/devices")).json;
    expect(devices).toEqual([
      expect.objectContaining({
        base: "home/attic",
        status: null,
        readings: { humidity: { value: 45.5, time: expect.any(Number), received: expect.any(Number) } },
      }),
      expect.objectContaining({
        base: BASE,
        status: "online",
        readings: { temperature: { value: 22, time: now - 1_000, received: expect.any(Number) } },
      }),
    ]);
    const history = await ask(server.port, `/api/history?device=${BASE}&quantity=temperature`);
    expect(history.json).toEqual({
      bucket: 0,
      rows: [
        [now - 2_000, 21],
        [now - 1_000, 22],
      ],
    });
    const csv = await ask(server.port, `/api/export.csv?device=${encodeURIComponent(BASE)}`);
    expect(csv.headers["content-type"]).toMatch(/^text\/csv/);
    expect(
      csv.body
        .split("\r\n")
        .slice(1, 3)
        .map((line) => line.split(",").slice(1).join()),
    ).toEqual([`${BASE},temperature,21,5f3a09c1,1,true`, `${BASE},temperature,22,5f3a09c1,2,false`]);
  });

  it("tells every page what happens now", async () => {
    const server = await start();
    const [one, two] = [events(server), events(server)];
    await until(() => one.of("broker").length > 0 && two.of("broker").length > 0);
    expect(one.of("broker")).toEqual([{ connected: true, reason: null }]);
    const now = Date.now();
    await say(`${BASE}/temperature`, reading(1, 21.5, now));
    await say(`${BASE}/temperature`, reading(1, 21.5, now));
    await say(`${BASE}/status`, "online", true);
    await say(`${BASE}/diagnostics`, '{"uptime":5000}');
    await say(`${BASE}/climate/mode`, "cool", true);
    for (const reader of [one, two]) {
      await until(() => reader.of("device").some(({ base }) => base === `${BASE}/climate`));
      expect(reader.of("reading")).toEqual([
        { base: BASE, quantity: "temperature", time: now, value: 21.5, late: false },
      ]);
      expect(
        reader
          .of("device")
          .filter(({ base }) => base === BASE)
          .at(-1),
      ).toMatchObject({
        status: "online",
        diagnostics: { uptime: 5_000 },
      });
      expect(reader.of("device").at(-1)).toMatchObject({
        climate: { mode: "cool", target: null, action: null },
      });
    }
  });

  it("takes a command to a device and brings its answer back", async () => {
    const server = await start();
    await say(`${BASE}/climate/mode`, "off", true);
    await device.subscribeAsync(`${BASE}/climate/command`, { qos: 1 });
    device.on("message", (_topic, payload, { retain, qos }) => {
      const command = JSON.parse(payload.toString()) as { id: string; value: number };
      expect([retain, qos]).toEqual([false, 1]);
      const answer =
        command.value === 19
          ? { id: command.id, outcome: "done" }
          : { id: command.id, outcome: "refused", reason: "from 10 to 35" };
      void say(`${BASE}/climate/command/reply`, JSON.stringify(answer));
    });
    const base = `${BASE}/climate`;
    while (((await ask(server.port, "/api/devices")).json as []).length === 0) await pause(5);
    const done = await post(server.port, "/api/command", { base, command: "target", value: 19 });
    expect([done.status, done.json]).toEqual([200, { id: expect.any(String), outcome: "done" }]);
    const refused = await post(server.port, "/api/command", { base, command: "target", value: 99 });
    expect(refused.json).toMatchObject({ outcome: "refused", reason: "from 10 to 35" });
    const unknown = await post(server.port, "/api/command", { base: "home/nobody", command: "identify" });
    expect([unknown.status, unknown.json]).toEqual([404, { error: "there is no such device" }]);
  });

  it("answers whoever waits for a command when it ends", async () => {
    const server = await start();
    await say(`${BASE}/temperature`, "21");
    await untilStored(server, 1);
    const sent = new Promise<void>((resolve) => device.on("message", () => resolve()));
    await device.subscribeAsync(`${BASE}/command`, { qos: 1 });
    const waiting = post(server.port, "/api/command", { base: BASE, command: "identify" });
    await sent;
    await server.close();
    expect((await waiting).json).toMatchObject({
      outcome: "unanswered",
      reason: expect.stringMatching(/^the server ends/),
    });
  });

  it("goes on with what is stored while the broker is away, says so, and is back by itself", async () => {
    const server = await start();
    const reader = events(server);
    await say(`${BASE}/temperature`, reading(1, 21, Date.now()));
    await untilStored(server, 1);
    const { port } = broker;
    await device.endAsync();
    await broker.close();
    await until(() => reader.of("broker").at(-1)?.["connected"] === false);
    expect((await ask(server.port, "/api/status")).json).toMatchObject({ broker: { connected: false } });
    const history = await ask(server.port, `/api/history?device=${BASE}&quantity=temperature`);
    expect((history.json as { rows: [] }).rows).toHaveLength(1);
    const command = await post(server.port, "/api/command", { base: BASE, command: "identify" });
    expect([command.status, command.json]).toEqual([
      504,
      expect.objectContaining({ outcome: "unanswered", reason: expect.stringContaining("no connection") }),
    ]);
    await until(() => server.warnings.some((text) => text.includes("refuses connections")));
    broker = await startEmbeddedBroker(port);
    await until(() => reader.of("broker").at(-1)?.["connected"] === true);
    expect(server.notes).toHaveLength(2);
  });

  it("serves its page's files and nothing beside them", async () => {
    const { port } = await start();
    const script = await ask(port, "/vendor/uplot.js");
    expect(script.status).toBe(200);
    expect(script.headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
      "content-security-policy": expect.stringMatching(/^default-src 'self';/),
    });
    const head = await ask(port, "/vendor/uplot.js", { method: "HEAD" });
    expect([head.status, head.body, head.headers["content-length"]]).toEqual([
      200,
      "",
      script.headers["content-length"],
    ]);
    for (const path of [
      ...["/package.json", "/../package.json", "/vendor/../package.json", "/%2e%2e/package.json"],
      ...["//etc/passwd", "/vendor/", "/api", "/api/", "/API/devices", "/constructor"],
    ])
      expect([path, (await ask(port, path)).status]).toEqual([path, 404]);
  });

  it("refuses what is not asked as it should be, and says why in a line", async () => {
    const server = await start();
    const { port } = server;
    await say(`${BASE}/temperature`, "21");
    await untilStored(server, 1);
    const history = (query: string) => ask(port, `/api/history?${query}`);
    for (const [query, status, error] of [
      ["quantity=temperature", 400, "device is missing"],
      ["device=home/nobody&quantity=temperature", 404, "there is no such device"],
      [`device=${BASE}`, 400, "quantity is missing"],
      [`device=${BASE}&quantity=taste`, 400, "quantity must be one of temperature, humidity, pressure"],
      [`device=${BASE}&quantity=temperature&from=2&to=1`, 400, "from is later than to"],
      [`device=${BASE}&quantity=temperature&from=-1`, 400, expect.stringMatching(/^from must be/)],
      [`device=${BASE}&quantity=temperature&to=1e3`, 400, expect.stringMatching(/^to must be/)],
      [`device=${BASE}&quantity=temperature&points=0`, 400, expect.stringMatching(/^points must be/)],
      [`device=${BASE}&quantity=temperature&points=5001`, 400, expect.stringMatching(/^points must be/)],
      [`device=${BASE}&quantity=temperature&bucket=1500`, 400, "bucket must be a multiple of 1000"],
    ] as const) {
      const { status: got, json } = await history(query);
      expect([query, got, json]).toEqual([query, status, { error }]);
    }
    const wrong = await ask(port, "/api/devices", { method: "DELETE" });
    expect([wrong.status, wrong.headers.allow]).toEqual([405, "GET, HEAD"]);
    expect((await ask(port, "/api/command")).headers.allow).toBe("POST");
    expect((await ask(port, "/api/devices", { headers: { Host: "evil.example" } })).status).toBe(421);
    const command = { base: BASE, command: "identify" };
    expect((await post(port, "/api/command", command, { Origin: "http://evil.example" })).status).toBe(403);
    expect((await post(port, "/api/command", command, { "Content-Type": "text/plain" })).status).toBe(415);
    expect((await post(port, "/api/command", { ...command, value: "x".repeat(5_000) })).status).toBe(413);
    expect(
      (
        await ask(port, "/api/command", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: "{",
        })
      ).status,
    ).toBe(400);
    expect(server.warnings).toEqual([]);
  });

  it("asks everybody for user and password where it has them", async () => {
    const { port } = await start({ credentials: { user: "ann", password: "secret" } });
    for (const path of ["/", "/api/devices", "/api/events", "/vendor/uplot.js"]) {
      const { status, headers } = await ask(port, path);
      expect([path, status, headers["www-authenticate"]]).toEqual([
        path,
        401,
        expect.stringMatching(/^Basic/),
      ]);
    }
    const headers = { Authorization: `Basic ${Buffer.from("ann:secret").toString("base64")}` };
    expect((await ask(port, "/api/devices", { headers })).status).toBe(200);
  });

  it("keeps hostile names as text, and bad messages out", async () => {
    const server = await start();
    const base = 'home/<script>alert(1)</script>"';
    await say(`${base}/temperature`, "21");
    for (const bad of [
      "NaN",
      "1e400",
      "{",
      '{"temperature":21,"seq":-1,"epoch":"5f3a09c1"}',
      "x".repeat(100_000),
    ])
      await say(`${BASE}/temperature`, bad);
    await say(`${BASE}/temperature`, "22");
    await untilStored(server, 2);
    const devices = (await ask(server.port, "/api/devices")).json as { base: string }[];
    expect(devices.map((one) => one.base)).toEqual([base, BASE]);
    expect((await ask(server.port, "/api/status")).json).toMatchObject({
      counts: { stored: 2, malformed: 5 },
    });
    const query = `device=${encodeURIComponent(base)}&quantity=temperature`;
    expect((await ask(server.port, `/api/history?${query}`)).status).toBe(200);
    expect((await ask(server.port, "/api/export.csv")).body).toContain(
      ',"home/<script>alert(1)</script>""",',
    );
  });

  it("has room for so many pages and no more", async () => {
    const server = await start();
    const readers = Array.from({ length: 64 }, () => events(server));
    await until(() => readers.every(({ status }) => status === 200));
    const { status, json } = await ask(server.port, "/api/events");
    expect([status, json]).toEqual([503, { error: "too many pages are open" }]);
    // And for another when one has gone.
    readers[0].close();
    let again = events(server);
    while (again.status !== 200) {
      if (again.status !== 0) again = events(server);
      await pause(5);
    }
  });

  it("takes back the subscriptions that the run before had and this one has not", async () => {
    const store = path.join(scratchDirectory(), "store.db");
    const first = await start({ store, topics: ["home/#", "garden/#"] });
    await say("garden/pond/temperature", "8");
    await untilStored(first, 1);
    await first.close();
    await say("garden/pond/temperature", "9");
    const second = await start({ store, topics: ["home/#"] });
    // What the broker had kept of it comes; what is sent from now on does not.
    await untilStored(second, 1);
    await say("garden/pond/temperature", "10");
    await say("home/attic/temperature", "21");
    await untilStored(second, 2);
    expect(await stored(second)).toBe(2);
    expect((await ask(second.port, "/api/export.csv?device=garden/pond")).body).not.toContain(",10,");
  });

  it("says where it cannot listen", async () => {
    const port = await freePort();
    const blocker = net.createServer().listen(port, "127.0.0.1");
    cleanups.push(() => blocker.close());
    await new Promise((resolve) => blocker.once("listening", resolve));
    const where = { host: "127.0.0.1", port };
    await expect(
      startTestServer(broker.port, { listen: { ...where, isFallback: false } }),
    ).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
    const server = await start({ listen: { ...where, isFallback: true } });
    expect(server.port).not.toBe(port);
  });
});
