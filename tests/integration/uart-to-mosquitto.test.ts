import fs from "node:fs";
import { afterEach, describe, expect } from "@jest/globals";
import {
  itWith,
  scratchDirectory,
  startMosquitto,
  startNode,
  startTerminal,
  stopAll,
  subscribe,
} from "../support/programs.js";

afterEach(stopAll);

const run = itWith("mosquitto", "mosquitto_sub", "socat");

describe("from a serial port to a real broker", () => {
  run(
    "lines written to the port come out of mosquitto_sub in order, none missing (needs mosquitto, socat)",
    async () => {
      const broker = await startMosquitto();
      const subscriber = await subscribe(broker, "home/livingroom/temperature");
      const terminal = await startTerminal(scratchDirectory());
      const url = `mqtt://127.0.0.1:${broker.port}`;
      const node = startNode(
        "--broker",
        url,
        "--uart",
        terminal.a,
        "--interval",
        "0ms",
        "--payload",
        "plain",
      );
      await node.until(/online/);
      await new Promise((resolve) => setTimeout(resolve, 200)); // past the moment in which a line could have been joined

      const values = Array.from({ length: 300 }, (_, index) => (index / 10).toFixed(1));
      const forms = [
        (value: string) => `${value}\n`,
        (value: string) => `T=${value}\r\n`,
        (value: string) => `temperature: ${value} C\r`,
        (value: string) => `{"temperature":${value}}\n`,
      ];
      for (let i = 0; i < values.length; i++) {
        fs.appendFileSync(terminal.b, forms[i % forms.length](values[i]));
        if (i % 50 === 0) fs.appendFileSync(terminal.b, "\x00\xff noise \n");
        // A sensor does not send without a pause; the node holds 128 readings.
        if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const expected = values.map((value) => String(Number(value)));
      const payloads = (output: string) => output.split("\n").filter((line) => /^-?[\d.]+$/.test(line));
      await subscriber.until((output) => payloads(output).length >= expected.length);
      expect(payloads(subscriber.output)).toEqual(expected);
    },
    60_000,
  );

  run(
    "a port that disappears is told once, and read again when it returns (needs mosquitto, socat)",
    async () => {
      const broker = await startMosquitto();
      const directory = scratchDirectory();
      const terminal = await startTerminal(directory);
      const node = startNode(
        "--broker",
        `mqtt://127.0.0.1:${broker.port}`,
        "--uart",
        terminal.a,
        "--interval",
        "0ms",
      );
      await node.until(/online/);
      await new Promise((resolve) => setTimeout(resolve, 200));
      fs.appendFileSync(terminal.b, "21.5\n");
      await node.until(/21\.50 °C/);
      await terminal.unplug();
      await node.until(/serial port: .*tried again every second/);
      const again = await startTerminal(directory);
      // The sensor goes on sending; when the node opens the port again is its own affair.
      const sending = setInterval(() => fs.appendFileSync(again.b, "22.5\n"), 100);
      await node.until(/22\.50 °C/).finally(() => clearInterval(sending));
      expect(node.output.match(/serial port: open again/g)).toHaveLength(1);
      expect(node.output.match(/tried again every second/g)).toHaveLength(1);
    },
    60_000,
  );
});
