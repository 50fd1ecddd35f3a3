import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { readSettings } from "../../firmware/settings.js";
import { CERTIFICATE, makeKeys, pem } from "../support/keys.js";
import { scratchDirectory, stopAll } from "../support/programs.js";

afterEach(stopAll);

const ROOT = new URL("../../../", import.meta.url).pathname;
const HOST = { linux: "lin", darwin: "mac" }[process.platform as string] ?? "win";

/** A folder that looks like the SDK, and one like ESP-IDF, whose programs print their arguments, one in a line. */
function fakeSDK(): string {
  const sdk = scratchDirectory();
  const tools = path.join(sdk, "build", "bin", HOST, "release");
  fs.mkdirSync(path.join(sdk, "xs"), { recursive: true });
  fs.mkdirSync(tools, { recursive: true });
  fs.writeFileSync(path.join(tools, "mcconfig"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  return sdk;
}

/** What mcconfig would be called with. */
function mcconfig(...args: string[]) {
  return script(fakeSDK(), "simulator", ...args);
}

function script(sdk: string, ...args: string[]) {
  const tools = path.join(sdk, "build", "bin", HOST, "release");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(ROOT, "scripts", "moddable.mjs"), ...args],
    {
      env: {
        ...process.env,
        MODDABLE: sdk,
        IDF_PATH: sdk,
        PATH: [tools, process.env["PATH"]].join(path.delimiter),
      },
      encoding: "utf8",
    },
  );
  return { status, args: stdout.split("\n").slice(0, -1), errors: stderr };
}

const onPosix = HOST === "win" ? describe.skip : describe;

onPosix("npm run simulator, and what flashes an ESP32", () => {
  it("hands over what it is given", () => {
    expect(mcconfig("sensor=uart", "broker=mqtt://a@b", "ca=MII=").args).toEqual([
      ...["-d", "-m", "-p", HOST],
      ...["sensor=uart", "broker=mqtt://a@b", "ca=MII="],
    ]);
  });

  it("builds for an ESP32, for debugging or with release for use, and says where the image is", () => {
    const sdk = fakeSDK();
    fs.mkdirSync(path.join(sdk, "tools"));
    fs.writeFileSync(path.join(sdk, "tools", "idf.py"), "");
    fs.writeFileSync(path.join(sdk, "build", "bin", HOST, "release", "idf.py"), "#!/bin/sh\n", {
      mode: 0o755,
    });
    const image = (...folders: string[]) => {
      const folder = path.join(sdk, "build", "bin", ...folders, "hearth");
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folder, "xs_esp32.bin"), "");
      return `image: ${path.join(folder, "xs_esp32.bin")}`;
    };
    const debug = script(sdk, "build", "esp32", "ssid=x");
    expect(debug).toEqual({
      status: 0,
      errors: "",
      args: ["-d", "-m", "-p", "esp32", "-t", "build", "ssid=x"],
    });
    const told = [image("esp32", "debug"), image("esp32", "release"), image("esp32", "esp32c3", "release")];
    expect(script(sdk, "build", "esp32", "ssid=x").args.at(-1)).toBe(told[0]);
    const { args } = script(sdk, "build", "esp32", "release", "ssid=x");
    expect(args).toEqual(["-m", "-p", "esp32", "-t", "build", "ssid=x", told[1]]);
    const c3 = script(sdk, "build", "esp32", "release", "-p", "esp32/esp32c3");
    expect(c3.args).toEqual(["-m", "-t", "build", "-p", "esp32/esp32c3", told[2]]);
    expect(script(sdk, "flash", "esp32", "release").args).toEqual(["-m", "-p", "esp32"]);
  });

  it("reads certificates and keys from files, as the base64 that their settings take", () => {
    const directory = scratchDirectory();
    const write = (name: string, contents: string | Buffer) => {
      const file = path.join(directory, name);
      fs.writeFileSync(file, contents);
      return file;
    };
    const keys = makeKeys();
    const der = Buffer.from(CERTIFICATE, "base64");
    const { args, status } = mcconfig(
      `ca=@${write("ca.pem", `subject=x\r\n${pem("CERTIFICATE", CERTIFICATE)}`)}`,
      `cert=@${write("two.pem", pem("CERTIFICATE", CERTIFICATE).repeat(2))}`,
      `key=@${write("key.pem", pem("EC PARAMETERS", "BggqhkjOPQMBBw==") + keys.sec1)}`,
    );
    expect(status).toBe(0);
    expect(args.slice(4)).toEqual([
      `ca=${CERTIFICATE}`,
      `cert=${Buffer.concat([der, der]).toString("base64")}`,
      `key=${keys.sec1.replace(/-----[^-]+-----|\n/g, "")}`,
    ]);
    expect(mcconfig(`ca=@${write("ca.der", der)}`).args.slice(4)).toEqual([`ca=${CERTIFICATE}`]);
    const problems: string[] = [];
    const given = Object.fromEntries(args.slice(4).map((arg) => arg.split(/=(.*)/s, 2)));
    readSettings(given, ["tmp117"], problems);
    expect(problems).toEqual([]);
  });

  it("reads the public key of updates, and puts no private one into an image", () => {
    const directory = scratchDirectory();
    const file = path.join(directory, "update");
    const given = (contents: string | Buffer) => {
      fs.writeFileSync(file, contents);
      const { args, errors } = mcconfig(`updatekey=@${file}`);
      return [...args.slice(4), ...errors.split("\n").slice(0, -1)];
    };
    const pair = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
    const { publicKey, privateKey } = pair("prime256v1");
    const der = publicKey.export({ type: "spki", format: "der" });
    const taken = [`updatekey=${der.toString("base64")}`];
    expect(given(publicKey.export({ type: "spki", format: "pem" }))).toEqual(taken);
    expect(given(der)).toEqual(taken);
    const refused = (why: string) => [expect.stringMatching(`^hearth: updatekey=@.*: not a ${why}`)];
    expect(given(privateKey.export({ type: "pkcs8", format: "pem" }))).toEqual(refused("public key"));
    expect(given(privateKey.export({ type: "sec1", format: "pem" }))).toEqual(refused("public key"));
    expect(given(privateKey.export({ type: "pkcs8", format: "der" }))).toEqual(refused("public key"));
    expect(given(pem("CERTIFICATE", CERTIFICATE))).toEqual(refused("public key"));
    expect(given(pair("secp384r1").publicKey.export({ type: "spki", format: "pem" }))).toEqual(
      refused("key on the curve P-256"),
    );
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    expect(given(rsa.export({ type: "spki", format: "pem" }))).toEqual(refused("key on the curve P-256"));
  });

  it("says in one line that a file is not there, or empty", () => {
    for (const [arg, reason] of [
      ["ca=@/nowhere.pem", /^hearth: ca=@\/nowhere\.pem: ENOENT/],
      ["key=@/dev/null", /^hearth: key=@\/dev\/null: the file is empty/],
    ] as const) {
      const { status, errors, args } = mcconfig(arg);
      expect([status, args]).toEqual([2, []]);
      expect(errors).toMatch(reason);
      expect(errors.trimEnd().split("\n")).toHaveLength(1);
    }
  });
});

onPosix("npm run test:simulator", () => {
  /** With an SDK, and nothing on PATH but what is given. */
  function testSimulator(sdk: string | undefined, searched = "") {
    const { DISPLAY: _display, MODDABLE: _sdk, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(ROOT, "scripts", "test-simulator.mjs")],
      { env: { ...env, PATH: searched, ...(sdk !== undefined && { MODDABLE: sdk }) }, encoding: "utf8" },
    );
    return { status, output: stdout, errors: stderr };
  }

  it("says without an SDK that it has tested nothing, and how to install one", () => {
    const { status, output, errors } = testSimulator(undefined);
    expect({ status, output }).toEqual({ status: 2, output: "" });
    expect(errors).toMatch(
      HOST === "lin"
        ? /^hearth: the simulator cannot be tested: MODDABLE is not set: /
        : /^hearth: .* on Linux/,
    );
    expect(errors).toContain("make -C $MODDABLE/build/makefiles/lin");
    expect(errors).not.toContain("    at ");
  });

  const onLinux = HOST === "lin" ? it : it.skip;

  onLinux(
    "says that the SDK's simulator is not built, and that there is nothing to draw on (needs Linux)",
    () => {
      const sdk = fakeSDK();
      expect(testSimulator(sdk)).toMatchObject({ status: 2, errors: expect.stringContaining("no mcsim in") });
      fs.writeFileSync(path.join(sdk, "build", "bin", HOST, "release", "mcsim"), "");
      expect(testSimulator(sdk)).toMatchObject({
        status: 2,
        errors: expect.stringContaining("no Xvfb on PATH"),
      });
    },
  );
});
