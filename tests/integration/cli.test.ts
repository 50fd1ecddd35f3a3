import { generateKeyPairSync } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "@jest/globals";
import { CERTIFICATE, pem } from "../support/keys.js";
import { freePort, temporaryDirectory } from "../support/peers.js";
import { CLI, Running, scratchDirectory, startNode, stopAll } from "../support/programs.js";

afterEach(stopAll);

const credentials = temporaryDirectory();
const credential = (name: string, text: string) => {
  const file = path.join(credentials.path, name);
  fs.writeFileSync(file, text);
  return file;
};
const CERTIFICATE_FILE = credential("certificate.pem", pem("CERTIFICATE", CERTIFICATE));
const OTHER_FILE = credential(
  "other.pem",
  pem("CERTIFICATE", Buffer.from(CERTIFICATE, "base64").fill(0, 40, 80).toString("base64")),
);
const KEY_FILE = credential(
  "key.pem",
  generateKeyPairSync("ec", { namedCurve: "P-256" })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString(),
);
afterAll(() => credentials.remove());

describe("npm start", () => {
  it("shows what it connected to, how to watch it, and each reading as it is acknowledged", async () => {
    const node = startNode("--interval", "500ms");
    await node.until(/#2/);
    expect(node.output).toMatch(/broker +mqtt:\/\/127\.0\.0\.1:\d+ \(embedded/);
    expect(node.output).toMatch(/mosquitto_sub -h 127\.0\.0\.1 -p \d+ -t 'home\/livingroom\/#' -v/);
    expect(node.output).toMatch(/temperature +2[2-6]\.\d\d °C +acknowledged +(late +)?#1/);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends on %s with a goodbye and exit status 0", async (signal) => {
    const node = startNode();
    await node.until(/online/);
    expect(await node.stop(signal)).toBe(0);
    expect(node.output).toContain("goodbye");
    expect(node.errors).toBe("");
  });

  it("ends by itself after --for, with exit status 0, and prints JSON with --log json", async () => {
    const node = startNode("--for", "2500ms", "--interval", "500ms", "--log", "json");
    expect(await node.exited).toBe(0);
    const events = node.lines.map((line) => JSON.parse(line) as { event: string; state?: string });
    expect(events[0].event).toBe("start");
    expect(events.filter(({ event }) => event === "delivered").length).toBeGreaterThanOrEqual(1);
    expect(events.at(-1)?.event).toBe("end");
  });

  it("takes another port for its broker when 1883 is taken, and says so", async () => {
    const blocker = net.createServer();
    await new Promise<void>((resolve) => {
      blocker.once("error", () => resolve()); // taken by someone else: as good
      blocker.listen(1883, "127.0.0.1", resolve);
    });
    const node = startNode("--for", "3s");
    await node.until(/port 1883 is taken/);
    await node.until(/acknowledged/);
    blocker.close();
  });

  it.each<[string, string[], RegExp]>([
    ["an option that does not exist", ["--brokr", "x"], /unknown option '--brokr'/],
    ["a broker that is no URL", ["--broker", "localhost"], /--broker .* mqtt:\/\/host/],
    [
      "a sensor that does not exist",
      ["--sensor", "bme"],
      /--sensor is "bme": allowed is simulated, tmp117, sht3x, uart/,
    ],
    ["a wrong duration", ["--interval", "soon"], /--interval is "soon": allowed is a duration/],
    ["a wrong type", ["--baud", "fast"], /--baud is "fast": allowed is a whole number from 1200/],
    ["a value out of range", ["--deadband", "-1"], /--deadband is "-1": allowed is a number from 0 to 100/],
    ["a payload of another kind", ["--payload", "xml"], /--payload is "xml": allowed is json, plain/],
    ["a topic with a wildcard", ["--topic", "home/#"], /--topic is "home\/#": allowed is a topic/],
    ["a server without port", ["--server", "localhost"], /--server is "localhost": allowed is host:port/],
    ["--for that is no duration", ["--for", "ever"], /--for is "ever"/],
    ["--log of another kind", ["--log", "xml"], /--log.*xml/],
    ["--ca that is not there", ["--ca", "/nowhere.pem"], /--ca: .*nowhere\.pem/],
    ["--state that is empty", ["--state", ""], /--state is empty/],
    ["a setting of a device's only", ["--ntp", "off"], /--ntp: this setting is a device's only/],
    [
      "--cert without --key",
      ["--broker", "mqtts://h", "--cert", CERTIFICATE_FILE],
      /--cert is there without "key"/,
    ],
    ["--ca that is none", ["--broker", "mqtts://h", "--ca", OTHER_FILE], /--ca holds no certificate/],
    [
      "--key of another's",
      ["--broker", "mqtts://h", "--cert", CERTIFICATE_FILE, "--key", KEY_FILE],
      /--key is not the key of/,
    ],
    [
      "--ca without encryption",
      ["--broker", "mqtt://h", "--ca", CERTIFICATE_FILE],
      /--ca is for a broker at mqtts:/,
    ],
    ["--ca that is empty", ["--ca", "/dev/null"], /--ca: \/dev\/null is empty/],
    ["uart without a device", ["--sensor", "uart"], /--uart <device>/],
    ["an option without its value", ["--topic"], /--topic.*argument missing/],
    ["one argument too many", ["more"], /too many arguments/],
  ])("says in one line what is wrong with %s, with exit status 2", async (_what, args, message) => {
    const node = startNode(...args);
    expect(await node.exited).toBe(2);
    expect(node.errors).toMatch(message);
    expect(node.errors.trimEnd().split("\n")).toHaveLength(1);
    expect(node.output).toBe("");
  });

  it("names the parts where it is asked for one that does not exist, with exit status 2", async () => {
    const program = new Running(process.execPath, [CLI, "toaster"]);
    expect(await program.exited).toBe(2);
    expect(program.errors).toMatch(/^hearth: there is no part "toaster" to run: allowed is node\b.*\n$/);
  });

  it("does not show a password, also not where the URL is wrong", async () => {
    const node = startNode("--broker", "mqtt://user:hunter2@host:99999");
    expect(await node.exited).toBe(2);
    expect(node.errors).not.toContain("hunter2");
    const right = startNode(
      "--broker",
      `mqtt://user:hunter2@127.0.0.1:${await freePort()}`,
      "--for",
      "1500ms",
    );
    expect(await right.exited).toBe(0);
    expect(right.output + right.errors).not.toContain("hunter2");
  });

  it("keeps identity and restarts in --state, and says where it cannot", async () => {
    const directory = path.join(scratchDirectory(), "state");
    const run = (...args: string[]) => startNode("--for", "200ms", "--state", directory, ...args).exited;
    expect(await run("--topic", "home/kitchen")).toBe(0);
    expect(await run()).toBe(0);
    const stored = JSON.parse(fs.readFileSync(path.join(directory, "hearth.json"), "utf8")) as Record<
      string,
      string
    >;
    expect(stored).toMatchObject({ boot: expect.stringMatching(/^2 /), topic: "home/kitchen" });

    fs.writeFileSync(path.join(directory, "hearth.json"), "not JSON");
    const damaged = startNode("--for", "200ms", "--state", directory);
    expect(await damaged.exited).toBe(0);
    expect(damaged.output).toMatch(/--state: .*hearth\.json cannot be read as JSON: move it away;/);
    expect(fs.readFileSync(path.join(directory, "hearth.json"), "utf8")).toBe("not JSON");
  });

  it("says in a line that --state cannot be made, also where the system never would", async () => {
    const node = startNode("--for", "200ms", "--state", "/proc/nowhere/x");
    expect(await node.exited).toBe(0);
    expect(node.output).toMatch(/--state: .*settings and restarts are not kept/);
  });

  it("lists every option with its reason under --help", async () => {
    const node = startNode("--help");
    expect(await node.exited).toBe(0);
    expect(node.output).toMatch(/--interval <duration>/);
    expect(node.output).toMatch(/--state <dir>/);
  });
});
