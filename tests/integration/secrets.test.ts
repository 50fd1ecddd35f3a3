import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Authority } from "../support/certificates.js";
import { makeKeys, pem } from "../support/keys.js";
import { freePort } from "../support/peers.js";
import {
  itWith,
  type Running,
  scratchDirectory,
  startMosquitto,
  startNode,
  startSecureMosquitto,
  stopAll,
  subscribe,
} from "../support/programs.js";

afterEach(stopAll);

const PASSWORD = "hunter2/Zq8w";
const ENCODED = encodeURIComponent(PASSWORD);
const keys = makeKeys();

/** The lines of base64 of a key, each of which would give away some of it. */
const linesOf = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("-"));

function expectNoSecret(text: string, key = keys.pkcs8): void {
  for (const secret of [PASSWORD, ENCODED, "hunter2", ...linesOf(key)]) expect(text).not.toContain(secret);
  expect(text).not.toContain("PRIVATE KEY");
}

async function outputAfter(
  node: Running,
  condition: RegExp | ((output: string) => boolean),
): Promise<string> {
  await node.until(condition);
  await node.stop();
  return node.output + node.errors;
}

const fails = (times: number) => (output: string) => output.split("next attempt in").length > times;

describe("no secret is shown", () => {
  it.each(["text", "json"])("by a node whose broker is away, as %s", async (form) => {
    const directory = scratchDirectory();
    const urls = [
      `mqtt://ann:${ENCODED}@127.0.0.1:${await freePort()}`,
      `mqtts://ann:${ENCODED}@127.0.0.1:${await freePort()}`,
      `mqtt://ann:${ENCODED}@no-such-host.invalid`,
    ];
    for (const url of urls) {
      const node = startNode("--broker", url, "--state", directory, "--log", form);
      const failure = form === "json" ? /"event":"lost"/ : fails(1);
      expectNoSecret(await outputAfter(node, failure));
    }
    // It is kept where the node keeps what is its own, for nobody else to read.
    const state = path.join(directory, "hearth.json");
    expect(fs.readFileSync(state, "utf8")).toContain(ENCODED);
    expect(fs.statSync(state).mode & 0o077).toBe(0);
  });

  it("by a wrong setting, whichever it is", async () => {
    const directory = scratchDirectory();
    const file = (name: string, text: string) => {
      fs.writeFileSync(path.join(directory, name), text);
      return path.join(directory, name);
    };
    const key = file("key.pem", keys.pkcs8);
    const wrong = [
      ["--broker", `mqtt://ann:${PASSWORD}@host:99999`],
      ["--broker", `http://ann:${PASSWORD}@host`],
      ["--server", `ann:${PASSWORD}@host:1`],
      ["--topic", `${"x".repeat(120)}ann:${PASSWORD}@host`],
      ["--ca", key],
      ["--cert", key],
      ["--key", file("encrypted.pem", keys.encrypted)],
      ["--key", file("cut.pem", keys.pkcs8.slice(0, 120))],
      ["--key", file("long.pem", keys.pkcs8 + " ".repeat(4_000))],
      ["--key", file("two.pem", keys.pkcs8 + keys.pkcs8)],
    ];
    for (const args of wrong) {
      const node = startNode(...args);
      expect([args[0], await node.exited]).toEqual([args[0], 2]);
      expect(node.errors.trimEnd().split("\n")).toHaveLength(1);
      expectNoSecret(node.output + node.errors);
      expectNoSecret(node.output + node.errors, keys.encrypted);
    }
  });

  it("by credentials that do not go together", async () => {
    const directory = scratchDirectory();
    const write = (name: string, text: string) => {
      fs.writeFileSync(path.join(directory, name), text);
      return path.join(directory, name);
    };
    const key = write("key.pem", keys.rsaPkcs8);
    const cert = write("cert.pem", pem("CERTIFICATE", "MAMCAQA="));
    for (const args of [
      ["--key", key],
      ["--key", key, "--cert", cert],
    ]) {
      const node = startNode("--broker", "mqtts://localhost", ...args, "--for", "500ms");
      await node.exited;
      expectNoSecret(node.output + node.errors, keys.rsaPkcs8);
    }
  });
});

const run = itWith("mosquitto", "mosquitto_sub", "openssl");

describe("no secret is shown with a real broker", () => {
  run("that refuses the password, or the client's certificate (needs mosquitto, openssl)", async () => {
    const directory = scratchDirectory();
    const home = new Authority(directory, "home");
    const stranger = new Authority(directory, "stranger");
    const own = stranger.issue("own");
    const key = fs.readFileSync(own.key, "utf8");
    const server = home.issue("server");
    const users = { ann: "another" };
    const broker = await startSecureMosquitto({ ...server, users, clientAuthority: home.cert });
    const client = ["--cert", own.cert, "--key", own.key];
    const open = await startSecureMosquitto({ ...server, users });
    for (const [port, args] of [
      [broker.securePort, ["--ca", home.cert, ...client]],
      [open.securePort, ["--ca", home.cert]],
      [open.securePort, ["--ca", stranger.cert, ...client]],
    ] as const) {
      const node = startNode("--broker", `mqtts://ann:${ENCODED}@localhost:${port}`, ...args);
      expectNoSecret(await outputAfter(node, fails(2)), key);
    }
  });

  run(
    "that takes it: neither in what the node says nor in what it publishes (needs mosquitto, openssl)",
    async () => {
      const directory = scratchDirectory();
      const home = new Authority(directory, "home");
      const own = home.issue("own");
      const broker = await startSecureMosquitto({
        ...home.issue("server"),
        users: { ann: PASSWORD },
        clientAuthority: home.cert,
      });
      const ear = await subscribe(broker, "#");
      const node = startNode(
        ...["--broker", `mqtts://ann:${ENCODED}@localhost:${broker.securePort}`, "--ca", home.cert],
        ...["--cert", own.cert, "--key", own.key, "--interval", "200ms"],
      );
      const output = await outputAfter(node, /acknowledged +(late +)?#3/);
      await ear.until(/"uptime".*"boot"/);
      expectNoSecret(output + ear.output, fs.readFileSync(own.key, "utf8"));
    },
  );

  run("without TLS, which is said (needs mosquitto)", async () => {
    const broker = await startMosquitto({ ann: PASSWORD });
    const node = startNode("--broker", `mqtt://ann:${ENCODED}@127.0.0.1:${broker.port}`);
    expectNoSecret(await outputAfter(node, /acknowledged +(late +)?#1/));
  });
});
