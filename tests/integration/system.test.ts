import net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { Authority } from "../support/certificates.js";
import { hasProgram, temporaryDirectory } from "../support/peers.js";
import {
  CLI,
  itWith,
  Running,
  scratchDirectory,
  startMosquitto,
  startSecureMosquitto,
  stopAll,
} from "../support/programs.js";

const directory = temporaryDirectory();
let home: Authority;

beforeAll(() => {
  if (hasProgram("openssl")) home = new Authority(directory.path, "home");
});
afterEach(stopAll);
afterAll(() => directory.remove());

/** What `npm start` runs, with a reading a second; the page's address once it says so. */
async function startAll(...args: string[]): Promise<{ program: Running; page: string }> {
  const options = ["--spread", "0ms", "--interval", "1s", "--listen", "0", "--log", "json", ...args];
  const program = new Running(process.execPath, [CLI, ...options]);
  await program.until(/"event":"start"/);
  const start = program.lines.find((line) => line.includes('"event":"start"')) ?? "";
  return { program, page: (JSON.parse(start) as { page: string }).page };
}

interface Device {
  base: string;
  status: string | null;
  readings: Record<string, { value: number } | undefined>;
  climate: { mode: string; target: number; action: string } | null;
}

const get = async <T>(page: string, path: string, headers: Record<string, string> = {}): Promise<T> =>
  (await (await fetch(new URL(path, page), { headers })).json()) as T;

/** Asks until the answer is as wanted; a test that asks in vain fails by its time-out. */
async function eventually<T>(question: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await question();
    if (isWanted(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const device = async (page: string, base: string, headers?: Record<string, string>) =>
  (await get<Device[]>(page, "/api/devices", headers)).find((one) => one.base === base);

async function order(page: string, base: string, command: string, value: unknown, headers = {}) {
  const response = await fetch(new URL("/api/command", page), {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: new URL(page).origin, ...headers },
    body: JSON.stringify({ base, command, value }),
  });
  return (await response.json()) as { outcome: string; reason?: string };
}

const ROOM = "home/livingroom";
const CLIMATE = `${ROOM}/climate`;

/** What is answered to a line, the connection closed behind it. */
function sayTo(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(line));
    socket.on("error", reject);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
}

/** Sensor, server, command, air conditioner, room, sensor: once around. */
async function goesAround(page: string, headers: Record<string, string> = {}): Promise<void> {
  const temperature = async () => (await device(page, ROOM, headers))?.readings["temperature"]?.value;
  await eventually(temperature, (value) => value !== undefined);
  await eventually(
    () => device(page, CLIMATE, headers),
    (climate) => climate?.climate?.mode === "cool" && climate.status === "online",
  );
  const before = (await temperature()) as number;
  expect(await order(page, CLIMATE, "target", 19, headers)).toMatchObject({ outcome: "done" });
  expect(await order(page, CLIMATE, "target", 5, headers)).toMatchObject({
    outcome: "refused",
    reason: expect.stringMatching(/^allowed is a number from 10 to 35/),
  });
  await eventually(
    () => device(page, CLIMATE, headers),
    (climate) => climate?.climate?.action === "cooling" && climate.climate.target === 19,
  );
  await eventually(temperature, (value) => value !== undefined && value < before - 1.5);
  const now = Date.now();
  const query = `/api/history?device=${encodeURIComponent(ROOM)}&quantity=temperature&from=${now - 60_000}&to=${now}&points=500&bucket=0`;
  const { rows } = await get<{ rows: [number, number][] }>(page, query, headers);
  expect(rows[0][1]).toBeGreaterThan((rows.at(-1) as [number, number])[1] + 1);
}

describe("npm start", () => {
  it("brings up the whole picture, in which a target that is set is what the room comes to", async () => {
    const { program, page } = await startAll();
    expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    await goesAround(page);
    const gateway = /"gateway":"127\.0\.0\.1:(\d+)/.exec(program.output)?.[1];
    expect(await sayTo(Number(gateway), '{"device":"attic","temperature":17.5}\n')).toBe("ok 1\n");
    await eventually(
      () => device(page, "home/attic"),
      (attic) => attic?.readings["temperature"]?.value === 17.5 && attic.status === "online",
    );
    expect(await program.stop("SIGINT")).toBe(0);
    expect(program.errors).toBe("");
    expect(program.output).not.toMatch(/"event":"warning"/);
  }, 60_000);

  it("keeps readings, target and interval over a restart with --state", async () => {
    const state = scratchDirectory();
    const first = await startAll("--state", state);
    await eventually(
      () => device(first.page, CLIMATE),
      (climate) => climate?.status === "online",
    );
    expect(await order(first.page, CLIMATE, "target", 21.5)).toMatchObject({ outcome: "done" });
    expect(await order(first.page, ROOM, "interval", "300ms")).toMatchObject({ outcome: "done" });
    await eventually(
      () => device(first.page, ROOM),
      (room) => room?.readings["temperature"] !== undefined,
    );
    await first.program.stop("SIGINT");
    const second = await startAll("--state", state);
    await eventually(
      () => device(second.page, CLIMATE),
      (climate) => climate?.climate?.target === 21.5,
    );
    // The simulated part measures once a second.
    await eventually(
      () => device(second.page, ROOM),
      (room) => room?.readings["temperature"] !== undefined,
    );
    expect(second.program.output).not.toMatch(/"event":"warning"/);
  }, 60_000);

  it("starts a node anew on command, which comes back and counts its restart", async () => {
    const { program, page } = await startAll("--diagnostics", "1s", "--target", "20.5");
    const boot = async () => {
      const room = (await device(page, ROOM)) as
        | (Device & { diagnostics?: { boot?: number; reset?: string } })
        | undefined;
      return room?.diagnostics;
    };
    await eventually(boot, (diagnostics) => diagnostics?.boot === 1);
    expect(await order(page, ROOM, "restart", undefined)).toMatchObject({ outcome: "done" });
    await eventually(boot, (diagnostics) => diagnostics?.boot === 2 && diagnostics.reset === "software");
    await eventually(
      () => device(page, ROOM),
      (room) => room?.status === "online" && room.readings["temperature"] !== undefined,
    );
    expect(program.output).toMatch(/the node starts anew/);
    // What concerns the air conditioner is its.
    await eventually(
      () => device(page, CLIMATE),
      (climate) => climate?.climate?.target === 20.5,
    );
  }, 60_000);

  itWith("mosquitto")(
    "does the same with a Mosquitto that wants a password (needs mosquitto)",
    async () => {
      const broker = await startMosquitto({ ann: "se:cret@1" });
      const { page } = await startAll("--broker", `mqtt://ann:se%3Acret%401@127.0.0.1:${broker.port}`);
      await goesAround(page);
    },
    60_000,
  );

  itWith("mosquitto", "openssl")(
    "does the same with a Mosquitto behind TLS, and a page with a password (needs mosquitto, openssl)",
    async () => {
      const pair = home.issue("server", {});
      const broker = await startSecureMosquitto({ cert: pair.cert, key: pair.key, users: { ann: "secret" } });
      const url = `mqtts://ann:secret@localhost:${broker.securePort}`;
      const { page, program } = await startAll(
        ...["--broker", url, "--ca", home.cert, "--user", "bob", "--password", "hunter2"],
      );
      expect((await fetch(page)).status).toBe(401);
      await goesAround(page, { Authorization: `Basic ${Buffer.from("bob:hunter2").toString("base64")}` });
      await program.stop();
      expect(program.output).not.toMatch(/secret|hunter2/);
    },
    60_000,
  );

  it.each([
    [["--listen", "0.0.0.0:8080"], /--listen is 0\.0\.0\.0:8080, which others can reach: it needs --user/],
    [["--device", "climate"], /npm start -- node --device climate/],
    [["--store", ""], /--store is empty/],
    [["--listen", "somewhere"], /--listen is "somewhere"/],
  ])("says in one line what is wrong with %p", async (args, message) => {
    const program = new Running(process.execPath, [CLI, ...args]);
    expect(await program.exited).toBe(2);
    expect(program.errors).toMatch(message);
    expect(program.errors.trimEnd().split("\n")).toHaveLength(1);
  });
});
