/**
 * The Moddable SDK's own drivers, examples and tests, unchanged, where an SDK is installed (MODDABLE in the environment);
 * skipped by name elsewhere.
 */

import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { runProgram, SDK, startProgram } from "../support/moddable-program.js";
import { scratchDirectory, stopAll } from "../support/programs.js";

afterEach(stopAll);

const itWithSDK = SDK === undefined ? it.skip : it;
const inSDK = (file: string) => path.join(SDK ?? "", file);
const sdk = { sdk: true };

describe("the Moddable SDK's drivers, unchanged (needs MODDABLE)", () => {
  itWithSDK("TMP117 measures the simulated room, by a single conversion each time", async () => {
    const program = startProgram(inSDK("examples/drivers/sensors/tmp117/main.js"), sdk);
    await program.until(/Temperature: 2[1-6]\.\d\d C, Alert: 2/);
  });

  itWithSDK("SHT3x measures the simulated room, and its checksums hold", async () => {
    const program = startProgram(inSDK("examples/drivers/sensors/sht3x/main.js"), sdk);
    await program.until(/Temperature: 2[1-6]\.\d\d C Humidity: \d\d\.\d\d %RH/);
  });

  itWithSDK("is found without a manifest, too", () => {
    const file = path.join(scratchDirectory(), "program.mjs");
    const imported = "import TMP117 from 'embedded:sensor/Temperature/TMP117';";
    fs.writeFileSync(file, `${imported} trace(Object.getOwnPropertyNames(TMP117.prototype).length, '\\n')`);
    expect(runProgram(file, sdk).lines).toEqual(["4"]);
  });
});

describe("the Moddable SDK's examples, unchanged (needs MODDABLE)", () => {
  itWithSDK.each([
    ["io/digital/blink", /^$/],
    ["io/pwm/led", /^$/],
    ["io/analog", /^(read: 0\.000\n)+$/],
  ])("%s runs, and goes on running", async (example, output) => {
    const program = startProgram(inSDK(`examples/${example}/main.js`), sdk);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(program.child.exitCode).toBeNull();
    expect([program.output, program.errors]).toEqual([expect.stringMatching(output), ""]);
  });

  itWithSDK("io/storage/webstorage keeps its items", () => {
    const { status, lines } = runProgram(inSDK("examples/io/storage/webstorage/main.js"), sdk);
    expect([status, lines[0], lines[2]]).toEqual([0, "length: 3", "getItem(3): three"]);
  });

  itWithSDK("io/listener/httpserver serves, and its WebSocket client speaks to it", async () => {
    const program = startProgram(inSDK("examples/io/listener/httpserver/main.js"), sdk);
    await program.until(/CLIENT GOODBYE/);
    expect(program.lines).toEqual(["CLIENT HELLO", "onmessage hello", "CLIENT GOODBYE"]);
  });

  itWithSDK("the HTTP client of io/tcp/httpclient fetches from a server", async () => {
    const server = http.createServer((request, response) => response.end(`you asked for ${request.url}`));
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const directory = scratchDirectory();
    const manifest = { include: ["$(MODDABLE)/examples/io/tcp/httpclient/manifest_httpclient.json"] };
    fs.writeFileSync(path.join(directory, "manifest.json"), JSON.stringify(manifest));
    fs.writeFileSync(
      path.join(directory, "main.js"),
      `import config from "mc/config";
      const client = new device.network.http.io({ ...device.network.http, host: "localhost", port: Number(config.port) });
      client.request({
        path: "/reading",
        onHeaders(status) { trace(status, "\\n"); },
        onReadable(count) { trace(String.fromArrayBuffer(this.read(count)), "\\n"); },
        onDone() { client.close(); },
      });`,
    );
    const { port } = server.address() as AddressInfo;
    const program = startProgram(path.join(directory, "main.js"), { ...sdk, args: [`port=${port}`] });
    await program.until(/you asked for \/reading/);
    expect([await program.exited, program.lines[0]]).toEqual([0, "200"]);
    server.close();
  });
});
