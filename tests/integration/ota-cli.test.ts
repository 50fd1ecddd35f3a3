import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { writeImage } from "../../services/ota/image.js";
import { makeKeys } from "../../services/ota/keys.js";
import { espImage } from "../support/esp-image.js";
import { makeKeys as clientKeys } from "../support/keys.js";
import { eventsOf, runOTA } from "../support/ota.js";
import { temporaryDirectory } from "../support/peers.js";

const directory = temporaryDirectory();
const inside = (name: string) => path.join(directory.path, name);
afterAll(() => directory.remove());

const keys = clientKeys();

beforeAll(() => {
  makeKeys(inside("keys"));
  writeImage(inside("image"), "host", "0.2.0", Buffer.from("image"));
  fs.writeFileSync(inside("rsa.key"), keys.rsaPkcs8);
  fs.writeFileSync(inside("client.key"), keys.pkcs8);
});

const PUBLISH = (more: readonly string[], without?: string) => {
  const all: [string, string][] = [
    ["--dir", inside("image")],
    ["--key", inside("keys/update.key")],
    ["--broker", "mqtt://127.0.0.1:1"],
    ["--devices", "home/a"],
  ];
  // Of an option that is there twice, the last one counts.
  return ["publish", ...all.filter(([name]) => name !== without).flat(), ...more];
};

function expectUsage(args: readonly string[], line: RegExp): void {
  const { status, output, errors } = runOTA(...args);
  expect(errors).toMatch(line);
  expect(errors).toMatch(/^hearth: [^\n]+\n$/);
  expect([status, output]).toEqual([2, ""]);
  expect(errors).not.toMatch(/hunter2|PRIVATE KEY/);
}

describe("npm run ota", () => {
  it.each<[string, string[], RegExp]>([
    ["no command", [], /a command is missing: allowed is keygen, build, publish, status/],
    ["an unknown one", ["constructor"], /there is no command "constructor": allowed is keygen/],
    ["an option before it", ["--out", "x"], /there is no command "--out"/],
    ["keygen without a directory", ["keygen"], /required option '--out <dir>' not specified/],
    ["keygen with an empty one", ["keygen", "--out", ""], /option --out is empty/],
    [
      "build without a version",
      ["build", "--out", "x"],
      /required option '--version <x\.y\.z>' not specified/,
    ],
    ["build without a directory", ["build", "--version", "0.2.0"], /required option '--out <dir>'/],
    [
      "a version that is none",
      ["build", "--version", "2", "--out", "x"],
      /option --version is "2": allowed is x\.y\.z/,
    ],
    ["an argument too many", ["build", "--version", "0.2.0", "--out", "x", "y"], /too many arguments/],
    [
      "an image that is not there",
      ["build", "--version", "0.2.0", "--out", "x", "--image", "/nowhere.bin"],
      /option --image: ENOENT/,
    ],
    ["publish without a broker", PUBLISH([], "--broker"), /required option '--broker/],
    ["publish without devices", PUBLISH([], "--devices"), /required option '--devices/],
    ["publish without an image", PUBLISH([], "--dir"), /required option '--dir/],
    [
      "publish without a key",
      PUBLISH([], "--key"),
      /publishing needs --key <update\.key>: npm run ota -- keygen --out <dir> makes one/,
    ],
    [
      "a key that is not there",
      PUBLISH(["--key", "/nowhere.key"]),
      /there is no \/nowhere\.key: npm run ota -- keygen/,
    ],
    ["a key of another kind", PUBLISH(["--key", inside("rsa.key")]), /rsa\.key is a key of another kind/],
    ["the public key", PUBLISH(["--key", inside("keys/update.pub")]), /update\.pub is a public key/],
    ["no image", PUBLISH(["--dir", inside("keys")]), /there is no .*image\.json: npm run ota -- build/],
    ["a broker that is none", PUBLISH(["--broker", "http://ann:hunter2@x"]), /option --broker/],
    ["a device that is none", PUBLISH(["--devices", "home/#"]), /option --devices: one of the devices/],
    ["an empty device", PUBLISH(["--devices", "home/a,,home/b"]), /one of the devices is empty/],
    ["a device twice", PUBLISH(["--devices", "home/a, home/a"]), /option --devices: home\/a is there twice/],
    [
      "a share that is none",
      PUBLISH(["--first", "0.1"]),
      /option --first is "0\.1": allowed is a share, such as 10%/,
    ],
    ["none at first", PUBLISH(["--first", "0"]), /option --first is "0"/],
    ["failures that are none", PUBLISH(["--failures", "few"]), /option --failures is "few"/],
    ["a time that is none", PUBLISH(["--timeout", "soon"]), /option --timeout is "soon"/],
    ["a time that is too short", PUBLISH(["--timeout", "500ms"]), /allowed is 1s to 24d/],
    [
      "an expiry that is too short",
      PUBLISH(["--expires", "59s"]),
      /option --expires is "59s": allowed is 1m to 3650d/,
    ],
    ["a least version that is none", PUBLISH(["--minimum", "1"]), /option --minimum is "1"/],
    ["a least version above", PUBLISH(["--minimum", "0.2.1"]), /option --minimum is 0\.2\.1, above 0\.2\.0/],
    ["an address that is none", PUBLISH(["--url", "x"]), /option --url: allowed is http/],
    [
      "an address with a password",
      PUBLISH(["--url", "http://a:hunter2@x/y"]),
      /option --url: it must have no user/,
    ],
    ["both --url and --listen", PUBLISH(["--url", "http://x/y", "--listen", "80"]), /exclude each other/],
    ["a place to listen that is none", PUBLISH(["--listen", "99999"]), /option --listen is "99999"/],
    ["an empty option", PUBLISH(["--first", ""]), /option --first is empty/],
    ["an empty option of two words", PUBLISH(["--client-key", ""]), /option --client-key is empty/],
    ["a form of output that is none", PUBLISH(["--log", "xml"]), /--log/],
    [
      "a client's key without its certificate",
      PUBLISH(["--broker", "mqtts://127.0.0.1:1", "--client-key", inside("client.key")]),
      /option --client-key|--client-cert/,
    ],
    [
      "a client's key where there is no TLS",
      PUBLISH(["--client-key", inside("client.key")]),
      /option --client-key is for a broker at mqtts:\/\//,
    ],
    ["status without a broker", ["status"], /required option '--broker/],
    [
      "status with both ways to find devices",
      ["status", "--broker", "mqtt://127.0.0.1:1", "--topics", "a/#", "--devices", "b"],
      /--devices and --topics exclude each other/,
    ],
    [
      "status with a filter that is none",
      ["status", "--broker", "mqtt://127.0.0.1:1", "--topics", "a/#/b"],
      /option --topics: "a\/#\/b" is no topic filter/,
    ],
  ])("is refused in one line with status 2, with %s", (_, args, line) => expectUsage(args, line));

  it.each([
    [["--help"]],
    [["keygen", "--help"]],
    [["build", "-h"]],
    [["publish", "--help"]],
    [["status", "--help"]],
  ])("says with %j what there is", (args) => {
    const { status, output, errors } = runOTA(...args);
    expect([status, errors]).toEqual([0, ""]);
    expect(output).toContain("Usage: npm run ota --");
  });

  it("makes keys once, and says what they are for", () => {
    const out = inside("mine");
    const { status, output } = runOTA("keygen", "--out", out);
    expect(status).toBe(0);
    expect(output).toContain("never commit it");
    expect(output).toContain(`--update-key ${out}/update.pub`);
    expect(output).toContain(`updatekey=@${out}/update.pub`);
    const before = fs.readFileSync(path.join(out, "update.key"));
    expect(output).not.toContain(before.toString().split("\n")[1]);
    expectUsage(["keygen", "--out", out], /update\.key is there already and stays as it is/);
    expect(fs.readFileSync(path.join(out, "update.key"))).toEqual(before);
  });

  it("keeps keys out of the repository", () => {
    const ignored = fs.readFileSync(new URL("../../../.gitignore", import.meta.url), "utf8").split("\n");
    expect(ignored).toContain("*.key");
  });

  it("builds the simulated device's image, of the version that it is given", () => {
    const out = inside("host");
    const { status, output } = runOTA("build", "--version", "7.8.9", "--out", out, "--log", "json");
    expect(status).toBe(0);
    const facts = JSON.parse(fs.readFileSync(path.join(out, "image.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(eventsOf({ output })).toMatchObject([{ event: "image", ...facts }]);
    expect(facts).toMatchObject({ kind: "host", version: "7.8.9", file: "hearth-host-7.8.9.bin" });
    const image = fs.readFileSync(path.join(out, "hearth-host-7.8.9.bin"));
    expect(image.length).toBe(facts["size"]);
    expect(image.subarray(0, 24).toString()).toBe("HEARTH-IMAGE host 7.8.9 ");
  });
});

describe("an ESP32's image", () => {
  const write = (file: string, content: string | Uint8Array) => {
    fs.mkdirSync(path.dirname(inside(file)), { recursive: true });
    fs.writeFileSync(inside(file), content);
    return inside(file);
  };
  const config = (settings: object) => `export default Object.freeze(${JSON.stringify(settings)}, true);\n`;
  const IMAGE = "\0Hearth/0.2.0\0";
  const out = inside("esp");
  const build = (image: string, version = "0.2.0") => [
    ...["build", "--version", version, "--out", out, "--image", image],
  ];

  it("is taken as mcconfig built it, with its kind from its chip", () => {
    write("a/tmp/esp32/release/hearth/mc.config.js", config({ sntp: "", interval: 10_000 }));
    const image = write("a/bin/esp32/release/hearth/xs_esp32.bin", espImage(IMAGE, 5));
    const { status, output, errors } = runOTA(...build(image));
    expect([status, errors]).toEqual([0, ""]);
    expect(output).not.toContain("!");
    expect(fs.readFileSync(path.join(out, "hearth-esp32c3-0.2.0.bin"))).toEqual(espImage(IMAGE, 5));
    expect(JSON.parse(fs.readFileSync(path.join(out, "image.json"), "utf8"))).toMatchObject({
      kind: "esp32c3",
    });
  });

  it("is refused where it is of another version", () => {
    const image = write("b/xs_esp32.bin", espImage(IMAGE));
    expectUsage(
      build(image, "0.3.0"),
      /says that it is 0\.2\.0, and --version says 0\.3\.0: set VERSION in firmware\/version\.ts and build again/,
    );
  });

  it("is refused where it was built with what is secret, and says how to build it", () => {
    write("c/tmp/esp32/release/hearth/mc.config.js", config({ ssid: "MyNetwork", password: "hunter2" }));
    const image = write("c/bin/esp32/release/hearth/xs_esp32.bin", espImage(IMAGE));
    expectUsage(build(image), /was built with ssid, password, .*npm run build:esp32 without settings/);
    const other = write("d/xs_esp32.bin", espImage(`${IMAGE}mqtt://ann:hunter2@x\0`));
    expectUsage(build(other), /has a broker's address with a password in it/);
  });

  it("is refused where mcconfig has run since with other settings, perhaps", () => {
    const image = write("e/bin/esp32/release/hearth/xs_esp32.bin", espImage(IMAGE));
    fs.utimesSync(image, new Date(), new Date(Date.now() - 60_000));
    write("e/tmp/esp32/release/hearth/mc.config.js", config({}));
    expectUsage(build(image), /mc\.config\.js is newer than .*: build again/);
  });

  it("comes with a warning where it is a debug build, where nothing is known of its settings, or where they are each device's own", () => {
    write(
      "f/tmp/esp32/debug/hearth/mc.config.js",
      config({ topic: "home/kitchen", updatekey: "MFk", interval: 5_000 }),
    );
    const image = write("f/bin/esp32/debug/hearth/xs_esp32.bin", espImage(IMAGE));
    const { status, output } = runOTA(...build(image), "--log", "json");
    expect(status).toBe(0);
    const warnings = eventsOf({ output }).filter(({ event }) => event === "warning");
    expect(warnings.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^every device that takes this image takes on its (topic, updatekey|updatekey, topic), too/,
      ),
      expect.stringMatching(/^this is a debug build/),
    ]);
    const lonely = runOTA(...build(write("g/xs_esp32.bin", espImage(IMAGE))));
    expect(lonely.output).toMatch(/there is no mc\.config\.js of mcconfig's near/);
  });
});
