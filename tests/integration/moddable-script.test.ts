import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { readSettings } from "../../firmware/settings.js";
import { CERTIFICATE, makeKeys, pem } from "../support/keys.js";
import { scratchDirectory, stopAll } from "../support/programs.js";

afterEach(stopAll);

const ROOT = new URL("../../../", import.meta.url).pathname;
const HOST = { linux: "lin", darwin: "mac" }[process.platform as string] ?? "win";

/** A folder that looks like the SDK, whose mcconfig prints its arguments, one in a line. */
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
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(ROOT, "scripts", "moddable.mjs"), "simulator", ...args],
    { env: { ...process.env, MODDABLE: fakeSDK() }, encoding: "utf8" },
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
