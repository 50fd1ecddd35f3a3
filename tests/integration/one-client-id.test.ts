import { afterEach, describe, expect } from "@jest/globals";
import { itWith, startMosquitto, startNode, stopAll } from "../support/programs.js";

afterEach(stopAll);

const REPORT = /the broker ended 3 connections in a row .* another device use the client id "same"\?/;

describe("two nodes with one client id", () => {
  itWith("mosquitto")(
    "on one Mosquitto: each says so, and readings of both arrive (needs mosquitto)",
    async () => {
      const broker = await startMosquitto();
      const start = (topic: string) =>
        startNode(
          ...["--broker", `mqtt://127.0.0.1:${broker.port}`, "--id", "same", "--topic", topic],
          ...["--spread", "0ms", "--interval", "500ms"],
        );
      const nodes = [start("home/one"), start("home/two")];
      for (const node of nodes) await node.until(REPORT, 60_000);
      for (const node of nodes) {
        expect(node.output).toMatch(/acknowledged/);
        expect(await node.stop("SIGINT")).toBe(0);
      }
    },
    90_000,
  );
});
