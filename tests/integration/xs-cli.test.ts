import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import mqtt from "mqtt";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { hasProgram } from "../support/peers.js";
import { scratchDirectory, startNode, startTerminal, stopAll } from "../support/programs.js";
import { itOnXS } from "../support/xs.js";

afterEach(stopAll);

const itOnXSWithTerminal = hasProgram("socat") ? itOnXS : it.skip;

describe("npm start -- node --engine xs", () => {
  itOnXS("delivers readings from XS, and ends with a goodbye (needs the XS engine)", async () => {
    const node = startNode("--engine", "xs", "--interval", "500ms");
    await node.until(/#3/);
    expect(node.output).toMatch(/engine +XS, in a process of its own/);
    expect(node.output).toMatch(/temperature +2[2-6]\.\d\d °C +acknowledged +(late +)?#1/);
    expect(await node.stop("SIGINT")).toBe(0);
    expect(node.output).toContain("goodbye");
    expect(node.errors).toBe("");
  });

  itOnXS(
    "obeys a command, restarts on one, and goes on with the next number (needs the XS engine)",
    async () => {
      const broker = await startEmbeddedBroker(0);
      const url = `mqtt://127.0.0.1:${broker.port}`;
      const client = await mqtt.connectAsync(url);
      try {
        const node = startNode(
          "--engine",
          "xs",
          "--broker",
          url,
          "--interval",
          "1s",
          "--state",
          scratchDirectory(),
        );
        await node.until(/#1/);
        const command = (fields: object) =>
          client.publishAsync("home/livingroom/command", JSON.stringify(fields), { qos: 1 });
        await command({ id: "a1", command: "interval", value: "500ms" });
        await node.until(/interval": done/);
        await command({ id: "a2", command: "restart", time: Date.now(), ttl: 30 });
        await node.until(/the node starts anew/);
        const before = node.output.length;
        await node.until((output) => /acknowledged +(late +)?#[1-9]/.test(output.slice(before)));
        const numbers = [...node.output.matchAll(/#(\d+)/g)].map(([, number]) => Number(number));
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(await node.stop()).toBe(0);
        expect(node.errors).toBe("");
      } finally {
        await client.endAsync();
        await broker.close();
      }
    },
  );

  itOnXSWithTerminal("reads a serial port (needs the XS engine and socat)", async () => {
    const terminal = await startTerminal(scratchDirectory());
    const node = startNode("--engine", "xs", "--uart", terminal.a, "--interval", "0ms");
    await node.until(/online/);
    const end = fs.createWriteStream(terminal.b);
    const timer = setInterval(() => end.write("T=21.4\r\n"), 100);
    try {
      await node.until(/temperature +21\.40 °C +acknowledged/);
    } finally {
      clearInterval(timer);
      end.end();
    }
    expect(await node.stop()).toBe(0);
  });

  it("is refused for an engine that there is not, and for a device with slots: one line and status 2", async () => {
    const unknown = startNode("--engine", "v8");
    expect(await unknown.exited).toBe(2);
    expect(unknown.errors).toMatch(
      /^hearth: option '--engine <engine>' argument 'v8' is invalid\. .*node, xs/,
    );
    const directory = scratchDirectory();
    fs.writeFileSync(path.join(directory, "otadata.flash"), "");
    const chip = startNode("--engine", "xs", "--state", directory);
    expect(await chip.exited).toBe(2);
    expect(chip.errors).toBe("hearth: --engine xs: a device with slots runs on Node\n");
  });
});
