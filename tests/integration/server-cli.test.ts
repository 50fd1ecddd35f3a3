import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import mqtt from "mqtt";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { freePort, pause } from "../support/peers.js";
import { CLI, itWith, Running, scratchDirectory, startMosquitto, stopAll } from "../support/programs.js";
import { ask } from "../support/server.js";
import { Store } from "../support/store.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await stopAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startBroker(): Promise<EmbeddedBroker> {
  const broker = await startEmbeddedBroker(0);
  cleanups.push(() => broker.close());
  return broker;
}

function startServer(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return new Running(process.execPath, [CLI, "server", ...args], { env: { ...process.env, ...env } });
}

const NOWHERE = ["--broker", "mqtt://127.0.0.1:1"];
const portOf = ({ output }: Running) => Number(/page +http:\/\/[^/]*:(\d+)\//.exec(output)?.[1]);

describe("npm start -- server", () => {
  it.each<[string, string[], RegExp]>([
    ["no broker", [], /required option '--broker .*' not specified/],
    ["a port that is none", [...NOWHERE, "--listen", "99999"], /option --listen is "99999": allowed is/],
    [
      "others may reach it",
      [...NOWHERE, "--listen", "0.0.0.0:0"],
      /0\.0\.0\.0:0, which others can reach: it needs --user/,
    ],
    ["others may reach it by name", [...NOWHERE, "--listen", "example.org:0"], /which others can reach/],
    ["a user without password", [...NOWHERE, "--user", "ann"], /option --user needs --password/],
    ["a password without user", [...NOWHERE, "--password", "secret"], /option --password needs --user/],
    ["a user with a colon", [...NOWHERE, "--user", "a:b", "--password", "secret"], /has a colon/],
    ["an empty password", [...NOWHERE, "--user", "ann", "--password", ""], /option --password is empty/],
    [
      "no topic filter",
      [...NOWHERE, "--topics", "home/#/x"],
      /option --topics: "home\/#\/x" is no topic filter/,
    ],
    ["no duration", [...NOWHERE, "--retention", "long"], /option --retention is "long"/],
    ["a short retention", [...NOWHERE, "--retention", "59s"], /allowed is a duration from 1m, or off/],
    [
      "no place for the store",
      [...NOWHERE, "--store", "/nowhere/at/all.db"],
      /option --store: \/nowhere\/at\/all\.db/,
    ],
    ["a directory for a store", [...NOWHERE, "--store", "/tmp"], /option --store: \/tmp is no file/],
    ["an unknown option", [...NOWHERE, "--colour", "red"], /unknown option '--colour'/],
  ])("is refused in one line with status 2, with %s", async (_, args, line) => {
    const server = startServer(args);
    expect(await server.exited).toBe(2);
    expect(server.output).toBe("");
    expect(server.errors).toMatch(line);
    expect(server.errors.trimEnd().split("\n")).toHaveLength(1);
    expect(server.errors).not.toContain("secret");
  });

  it("says where its page is, where it keeps what, and goodbye", async () => {
    const broker = await startBroker();
    const file = path.join(scratchDirectory(), "store.db");
    const url = `mqtt://user:hunter2@127.0.0.1:${broker.port}`;
    const server = startServer(["--broker", url, "--store", file]);
    await server.until(/connected to the broker at 127/);
    expect(server.output).toMatch(/page +http:\/\/127\.0\.0\.1:\d+\//);
    expect(server.output).toContain(file);
    expect((await ask(portOf(server), "/api/devices")).json).toEqual([]);
    expect(await server.stop("SIGTERM")).toBe(0);
    expect(server.output).toContain("goodbye");
    expect(server.output + server.errors).not.toContain("hunter2");
    expect(server.errors).toBe("");
    // Nothing but the store is left.
    expect(fs.readdirSync(path.dirname(file)).filter((name) => name.endsWith(".lock"))).toEqual([]);
  });

  it("works where the broker is not there yet, and says so once", async () => {
    const server = startServer([...NOWHERE, "--listen", "0", "--for", "3s"]);
    await server.until(/refuses connections/);
    expect((await ask(portOf(server), "/api/status")).json).toMatchObject({
      broker: { connected: false, reason: expect.stringContaining("refuses connections") },
      store: { temporary: true },
    });
    expect(await server.exited).toBe(0);
    expect(server.output.match(/refuses connections/g)).toHaveLength(1);
  });

  it("takes its password from the environment, and shows it nowhere", async () => {
    const args = [...NOWHERE, "--listen", "0.0.0.0:0", "--user", "ann"];
    const server = startServer(args, { HEARTH_PASSWORD: "secret" });
    await server.until(/page/);
    const port = portOf(server);
    expect((await ask(port, "/api/devices")).status).toBe(401);
    const headers = { Authorization: `Basic ${Buffer.from("ann:secret").toString("base64")}` };
    expect((await ask(port, "/api/devices", { headers })).status).toBe(200);
    expect(server.output).not.toContain("secret");
  });

  it("ends with status 2 where the port it was given is taken, and takes another where it was given none", async () => {
    const blocker = net.createServer();
    cleanups.push(() => blocker.close());
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as net.AddressInfo;
    const server = startServer([...NOWHERE, "--listen", String(port)]);
    expect(await server.exited).toBe(2);
    expect(server.errors).toBe(`hearth: option --listen: 127.0.0.1:${port} is taken: give another port\n`);
  });

  it("is the only one at its store", async () => {
    const file = path.join(scratchDirectory(), "store.db");
    const first = startServer([...NOWHERE, "--listen", "0", "--store", file]);
    await first.until(/page/);
    const second = startServer([...NOWHERE, "--listen", "0", "--store", file]);
    expect(await second.exited).toBe(2);
    expect(second.errors).toMatch(/store\.db is in use by process \d+/);
    expect((await ask(portOf(first), "/api/devices")).status).toBe(200);
  });

  itWith("bash")(
    "ends with one line and status 1 where it cannot write any more, and what is stored is whole",
    async () => {
      const broker = await startBroker();
      const file = path.join(scratchDirectory(), "store.db");
      const port = await freePort();
      // No file may grow beyond 2 MB.
      const server = new Running("bash", [
        ...["-c", 'ulimit -f 2000; exec "$@"', "bash", process.execPath, CLI, "server"],
        ...["--broker", `mqtt://127.0.0.1:${broker.port}`, "--listen", String(port), "--store", file],
      ]);
      await server.until(/connected to the broker/);
      const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
      cleanups.push(() => client.endAsync(true));
      let seq = 0;
      let ended = false;
      void server.exited.then(() => {
        ended = true;
      });
      while (!ended) {
        const reading = { temperature: 21, time: 1_795_175_000_000 + ++seq * 60_000, seq, epoch: "5f3a09c1" };
        await client.publishAsync("home/attic/temperature", JSON.stringify(reading), { qos: 1 });
      }
      expect(await server.exited).toBe(1);
      expect(server.errors).toMatch(
        /^hearth: .*store\.db.* (cannot be read or written|the disk is full).*\n$/,
      );

      const whole = new Store(file);
      const count = (from: string) => (whole.database.prepare(`SELECT ${from}`).raw().get() as unknown[])[0];
      expect(count("count(*) FROM reading")).toBeGreaterThan(50);
      expect(count("sum(count) FROM bucket WHERE width = 60000")).toBe(count("count(*) FROM reading"));
      expect(whole.database.prepare("PRAGMA integrity_check").raw().all()).toEqual([["ok"]]);
      whole.close();
      // With room again, what it had not stored comes from the broker.
      const again = startServer([
        "--broker",
        `mqtt://127.0.0.1:${broker.port}`,
        "--listen",
        String(port),
        "--store",
        file,
      ]);
      await again.until(/connected to the broker/);
      const history = "/api/history?device=home/attic&quantity=temperature&bucket=0&from=0&to=2000000000000";
      while (((await ask(port, history)).json as { rows: [] }).rows.length < seq) await pause(20);
    },
    60_000,
  );

  itWith("mosquitto")(
    "asks the broker to keep what comes meanwhile only where its own store is kept (needs mosquitto)",
    async () => {
      const broker = await startMosquitto();
      const args = ["--broker", `mqtt://127.0.0.1:${broker.port}`, "--listen", "0"];
      startServer(args);
      // Mosquitto's log has CleanSession as c0 or c1.
      await broker.running.until(/as hearth-server-[0-9a-f]{8} \(p\d, c1,/);
      startServer([...args, "--store", path.join(scratchDirectory(), "store.db")]);
      await broker.running.until(/as hearth-server \(p\d, c0,/);
      startServer([...args, "--store", path.join(scratchDirectory(), "store.db"), "--id", "other"]);
      await broker.running.until(/as other \(p\d, c0,/);
    },
  );

  itWith("mosquitto")(
    "says what is wrong with its password, and is there when that is put right (needs mosquitto)",
    async () => {
      const broker = await startMosquitto({ ann: "right" });
      const args = (password: string) => [
        "--broker",
        `mqtt://ann:${password}@127.0.0.1:${broker.port}`,
        "--listen",
        "0",
      ];
      const wrong = startServer(args("wrong"));
      await wrong.until(/not authori[sz]ed|bad user ?name or password|refused/i);
      expect(wrong.output).not.toContain("wrong");
      const right = startServer(args("right"));
      await right.until(/connected to the broker/);
    },
  );
});
