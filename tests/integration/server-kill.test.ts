import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import mqtt from "mqtt";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { freePort, pause } from "../support/peers.js";
import { CLI, itWith, Running, scratchDirectory, startMosquitto, stopAll } from "../support/programs.js";
import { ask } from "../support/server.js";
import { Store } from "../support/store.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await stopAll();
});

const KILLS = 6;

/** Readings while the server is away: Mosquitto keeps a thousand. */
const MEANWHILE = 500;

/** Sends some 250 numbered readings a second, and no more than `MEANWHILE` since `resume`, until told to end. */
async function startSending(brokerPort: number) {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { reconnectPeriod: 0 });
  cleanups.push(() => client.endAsync(true));
  const acknowledged: number[] = [];
  let seq = 0;
  let left = MEANWHILE;
  const timer = setInterval(() => {
    for (let i = 0; i < 5 && left > 0; i++) {
      left--;
      const number = ++seq;
      const reading = { temperature: number / 100, time: Date.now(), seq: number, epoch: "5f3a09c1" };
      client.publish("home/attic/temperature", JSON.stringify(reading), { qos: 1, retain: true }, (error) => {
        if (!error) acknowledged.push(number);
      });
    }
  }, 20);
  cleanups.push(() => clearInterval(timer));
  return {
    acknowledged,
    resume: () => {
      left = MEANWHILE;
    },
    end: async () => {
      clearInterval(timer);
      while (acknowledged.length < seq) await pause(5);
    },
  };
}

/** Kills a server again and again while readings come; each that the broker has taken is stored then, once. */
async function killAgainAndAgain(brokerPort: number): Promise<void> {
  const file = path.join(scratchDirectory(), "store.db");
  const port = await freePort();
  const start = async () => {
    const broker = ["--broker", `mqtt://127.0.0.1:${brokerPort}`];
    const server = new Running(process.execPath, [
      ...[CLI, "server", ...broker, "--listen", String(port), "--store", file],
    ]);
    await server.until(/connected to the broker/);
    return server;
  };
  const stored = async () => {
    const { json } = await ask(port, "/api/history?device=home/attic&quantity=temperature&bucket=0");
    return (json as { rows?: [] }).rows?.length ?? 0;
  };
  let server = await start();
  const sending = await startSending(brokerPort);
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(200 + kill * 37);
    await server.stop("SIGKILL");
    await pause(200);
    server = await start();
    const taken = sending.acknowledged.length;
    while ((await stored()) < taken) await pause(20);
    sending.resume();
  }
  await sending.end();
  while ((await stored()) < sending.acknowledged.length) await pause(20);
  expect(await server.stop("SIGTERM")).toBe(0);

  const store = new Store(file);
  cleanups.push(() => store.close());
  const numbers = store.database.prepare("SELECT seq FROM reading ORDER BY seq").raw().all().flat();
  expect(numbers).toEqual([...sending.acknowledged].sort((a, b) => a - b));
  expect(numbers.length).toBeGreaterThan(200);
  const sum = (width: number) =>
    store.database.prepare(`SELECT sum(count) FROM bucket WHERE width = ${width}`).raw().get();
  expect([sum(60_000), sum(3_600_000)]).toEqual([[numbers.length], [numbers.length]]);
}

describe("a server that is killed again and again", () => {
  itWith("mosquitto")(
    "has every reading that the broker took, once (needs mosquitto)",
    async () => {
      const broker = await startMosquitto();
      await killAgainAndAgain(broker.port);
    },
    120_000,
  );

  it("has every reading that the embedded broker took, once", async () => {
    const broker = await startEmbeddedBroker(0);
    cleanups.push(() => broker.close());
    await killAgainAndAgain(broker.port);
  }, 120_000);
});
