import fs from "node:fs";
import { afterEach, describe, expect } from "@jest/globals";
import { freePort } from "../support/peers.js";
import {
  itWith,
  Running as Program,
  type Running,
  scratchDirectory,
  startMosquitto,
  startNode,
  startTerminal,
  stopAll,
} from "../support/programs.js";

afterEach(stopAll);

const run = itWith("mosquitto", "mosquitto_sub", "socat");
const pause = (duration: number) => new Promise((resolve) => setTimeout(resolve, duration));

/** Epoch and number of each reading that came, duplicates and all. */
function arrivals(subscriber: Running): { epoch: string; seq: number }[] {
  return subscriber.output
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line));
}

describe("a node of ten readings a second", () => {
  run(
    "loses none when the broker is killed and restarted, nor when it is killed itself, again and again (needs mosquitto, socat)",
    async () => {
      const port = await freePort();
      const store = scratchDirectory();
      const state = scratchDirectory();
      let broker = await startMosquitto(undefined, port, store);
      const subscriber = new Program("mosquitto_sub", [
        ...["-h", "127.0.0.1", "-p", String(port), "-t", "home/livingroom/temperature"],
        ...["-q", "1", "-c", "-i", "subscriber"],
      ]);
      await broker.running.until(/SUBACK/);
      const terminal = await startTerminal(scratchDirectory());
      const start = () =>
        startNode(
          ...["--broker", `mqtt://127.0.0.1:${port}`, "--uart", terminal.a],
          ...["--interval", "0ms", "--state", state],
        );
      let value = 0;
      const sensor = setInterval(() => fs.appendFileSync(terminal.b, `${(++value / 100).toFixed(2)}\n`), 100);
      try {
        let node = start();
        await node.until(/acknowledged/);
        for (let round = 0; round < 3; round++) {
          await pause(1_500);
          await broker.running.stop("SIGKILL");
          await pause(1_500);
          // While the broker is away the node dies with what it has.
          await node.stop("SIGKILL");
          node = start();
          await pause(1_000);
          broker = await startMosquitto(undefined, port, store);
          await node.until(/late/);
          await pause(500);
          // And while all is well, in the middle of its work.
          await node.stop("SIGKILL");
          node = start();
          await node.until(/acknowledged/);
        }
        clearInterval(sensor);
        await pause(300);
        expect(await node.stop("SIGTERM")).toBe(0);
        const last = Math.max(...[...node.output.matchAll(/#(\d+)/g)].map(([, seq]) => Number(seq)));
        await subscriber.until(() => arrivals(subscriber).some(({ seq }) => seq === last));
        const came = arrivals(subscriber);
        const missing = Array.from({ length: last }, (_, i) => i + 1).filter(
          (seq) => !came.some((reading) => reading.seq === seq),
        );
        expect(missing).toEqual([]);
        expect(last).toBeGreaterThan(100);
        expect(new Set(came.map(({ epoch }) => epoch)).size).toBe(1);
      } finally {
        clearInterval(sensor);
      }
    },
    120_000,
  );
});
