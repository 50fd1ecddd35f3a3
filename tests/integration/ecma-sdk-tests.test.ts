/**
 * The tests that the Moddable SDK has of its own IO classes (tests/modules/io), unchanged, on ours, each in a process of
 * its own; skipped by name where no SDK is installed (MODDABLE in the environment). Those of sockets want the ports that
 * they name (80, 123, 1234, 8080, 51515) on loopback, and are skipped where those cannot be had.
 */

import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { runProgram, SDK } from "../support/moddable-program.js";
import { scratchDirectory, stopAll } from "../support/programs.js";

afterEach(stopAll);

const HARNESS = "./build/tests/support/sdk-harness.js";
const TESTS = SDK === undefined ? undefined : path.join(SDK, "tests", "modules", "io");

const GROUPS = [
  "digital",
  "digitalBank",
  "files",
  "flash",
  "i2c",
  "pwm",
  "socket/listener",
  "socket/tcp",
  "socket/udp",
  "spi",
  "storage",
  "update",
  "wifi",
];

/** It imports a file by a name in other letters than the file has, which Linux does not find. */
const BROKEN = ["flash/invalid-receiver.js"];

/** A table that has the partition in which the tests of flash write. */
const PARTITIONS = `xs_test, data, 0x40, , 64K
otadata, data, ota, , 8K
ota_0, app, ota_0, , 1536K
ota_1, app, ota_1, , 1536K
`;

const canListen = await new Promise<boolean>((resolve) => {
  const server = net.createServer();
  server.on("error", () => resolve(false)).listen(80, "127.0.0.1", () => server.close(() => resolve(true)));
});

function filesOf(group: string): string[] {
  if (TESTS === undefined) return [];
  return fs
    .readdirSync(path.join(TESTS, group))
    .filter((name) => name.endsWith(".js") && !/fixture/i.test(name))
    .filter((name) => !BROKEN.includes(`${group}/${name}`));
}

describe("the Moddable SDK's own tests (needs MODDABLE)", () => {
  for (const group of GROUPS) {
    const files = filesOf(group);
    const run = group.startsWith("socket/") && !canListen ? it.skip : it;
    if (files.length === 0) it.skip(`of ${group}`, () => {});
    for (const name of files) {
      run(`${group}/${name}`, () => {
        const table = path.join(scratchDirectory(), "partitions.csv");
        fs.writeFileSync(table, PARTITIONS);
        const file = path.join(TESTS as string, group, name);
        const isAsync = /\$DONE|\$DO\b|flags:.*async/.test(fs.readFileSync(file, "utf8"));
        const { status, errors } = runProgram(file, {
          sdk: true,
          imports: [HARNESS],
          args: [isAsync ? "async" : "sync"],
          env: { HEARTH_PARTITIONS: table },
        });
        expect([status, errors]).toEqual([0, ""]);
      });
    }
  }
});
