/** Updates with real processes: a node on this machine, npm run ota, and a broker. */

import fs from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import mqtt, { type MqttClient } from "mqtt";
import { VERSION } from "../../firmware/version.js";
import { makeImage } from "../../host-sim/boot/image.js";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { writeImage } from "../../services/ota/image.js";
import { OTA, runOTA } from "../support/ota.js";
import { hasProgram, temporaryDirectory, until } from "../support/peers.js";
import { Running, scratchDirectory, startMosquitto, startNode, stopAll } from "../support/programs.js";

const directory = temporaryDirectory();
const inside = (name: string) => path.join(directory.path, name);
const KEYS = inside("keys");
const OTHER_KEYS = inside("other");
const BASE = "home/livingroom";

/** The versions after the present one. */
const [MAJOR, MINOR] = VERSION.split(".").map(Number);
const NEXT = `${MAJOR}.${MINOR + 1}.0`;
const AFTER = `${MAJOR}.${MINOR + 2}.0`;

beforeAll(() => {
  for (const keys of [KEYS, OTHER_KEYS]) expect(runOTA("keygen", "--out", keys).status).toBe(0);
  for (const version of [NEXT, AFTER])
    expect(runOTA("build", "--version", version, "--out", inside(version))).toMatchObject({
      status: 0,
      errors: "",
    });
});
afterAll(() => directory.remove());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await stopAll();
});

async function embedded(): Promise<string> {
  const broker = await startEmbeddedBroker(0);
  cleanups.push(() => broker.close());
  return `mqtt://127.0.0.1:${broker.port}`;
}

/** What a device says, as everybody at the broker hears it. */
class Listener {
  readonly numbers: number[] = [];
  readonly versions: string[] = [];
  readonly states: string[] = [];
  #client: MqttClient;

  static async at(url: string): Promise<Listener> {
    const client = await mqtt.connectAsync(url);
    cleanups.push(() => client.endAsync(true));
    const listener = new Listener(client);
    await client.subscribeAsync(`${BASE}/#`, { qos: 1 });
    return listener;
  }

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => {
      const said = topic.startsWith(BASE) ? topic.slice(BASE.length + 1) : "";
      const read = () => JSON.parse(payload.toString()) as Record<string, unknown>;
      if (said === "temperature") this.numbers.push(read()["seq"] as number);
      if (said === "diagnostics") this.versions.push(read()["version"] as string);
      if (said === "update/state") this.states.push(read()["state"] as string);
    });
  }

  /** Waits for so many more readings, and says whether any number is missing up to there. */
  async isComplete(more: number): Promise<boolean> {
    const wanted = Math.max(...this.numbers) + more;
    await until(() => Math.max(...this.numbers) >= wanted);
    return new Set(this.numbers).size === Math.max(...this.numbers);
  }

  get isConnected(): boolean {
    return this.#client.connected;
  }
}

/** A node with a key, which has delivered a reading. */
async function startDevice(url: string, state: string): Promise<Running> {
  const node = startNode(
    ...["--state", state, "--update-key", path.join(KEYS, "update.pub"), "--broker", url],
    ...["--interval", "200ms", "--diagnostics", "1s"],
  );
  await node.until(/acknowledged/);
  return node;
}

async function publish(
  url: string,
  image: string,
  keys = KEYS,
): Promise<{ status: unknown; output: string }> {
  const program = new Running(process.execPath, [
    ...[OTA, "publish", "--dir", image, "--key", path.join(keys, "update.key")],
    ...["--broker", url, "--devices", BASE],
  ]);
  const status = await program.exited;
  return { status, output: program.output + program.errors };
}

const brokers: readonly [string, () => Promise<string>][] = [
  ["the embedded broker", embedded],
  ["Mosquitto (needs mosquitto)", async () => `mqtt://127.0.0.1:${(await startMosquitto()).port}`],
];

for (const [name, start] of brokers) {
  const test = name.startsWith("Mosquitto") && !hasProgram("mosquitto") ? it.skip : it;

  describe(`a running node at ${name}`, () => {
    test("becomes the next version and the one after, no reading missing, and stays so", async () => {
      const url = await start();
      const state = scratchDirectory();
      const listener = await Listener.at(url);
      const node = await startDevice(url, state);
      await until(() => listener.versions.includes(VERSION));

      expect(await publish(url, inside(NEXT))).toMatchObject({ status: 0 });
      await until(() => listener.versions.at(-1) === NEXT);
      expect(await listener.isComplete(2)).toBe(true);

      expect(await publish(url, inside(AFTER))).toMatchObject({ status: 0 });
      await until(() => listener.versions.at(-1) === AFTER);
      expect(await listener.isComplete(2)).toBe(true);
      expect(listener.states.filter((said) => said === "trial").length).toBeGreaterThanOrEqual(2);

      expect(await node.stop("SIGKILL")).toBe("SIGKILL");
      const again = await startDevice(url, state);
      expect(again.output).toContain(`Hearth ${AFTER}`);
      expect(await listener.isComplete(2)).toBe(true);
      expect(await again.stop()).toBe(0);
    }, 120_000);

    test("refuses what another key has signed, and reports on as before", async () => {
      const url = await start();
      const listener = await Listener.at(url);
      const node = await startDevice(url, scratchDirectory());
      const { status, output } = await publish(url, inside(NEXT), OTHER_KEYS);
      expect(status).toBe(1);
      expect(output).toContain("its signature is not that of the update key");
      expect(listener.states).toContain("refused");
      expect(await listener.isComplete(2)).toBe(true);
      expect(new Set(listener.versions)).toEqual(new Set([VERSION]));
      expect(await node.stop()).toBe(0);
    }, 60_000);
  });
}

describe("a running node that gets a bad image", () => {
  it.each([
    ["throws", 'throw new Error("bad image");'],
    ["throws once it runs", 'var firmware = { version: "0", boot() { throw new Error("bad image"); } };'],
  ])(
    "that %s is back on the old version by itself, and says so",
    async (_what, code) => {
      const url = await embedded();
      const listener = await Listener.at(url);
      const image = path.join(scratchDirectory(), "image");
      writeImage(image, "host", NEXT, makeImage(NEXT, code));
      const node = await startDevice(url, scratchDirectory());
      const { status, output } = await publish(url, image);
      expect(status).toBe(1);
      expect(output).toMatch(/reverted: it ended before it was confirmed/);
      expect(await listener.isComplete(2)).toBe(true);
      expect(new Set(listener.versions)).toEqual(new Set([VERSION]));
      expect(fs.existsSync(path.join(image, "image.json"))).toBe(true);
      expect(await node.stop()).toBe(0);
    },
    60_000,
  );
});
