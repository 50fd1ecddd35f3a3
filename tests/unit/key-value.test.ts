import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { KeyValue } from "../../host-sim/storage/key-value.js";

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-key-value-"));
});

afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

const open = (name = "hearth") => KeyValue.open({ directory, path: name, format: "string" });
const fileOf = (name = "hearth") => path.join(directory, `${name}.json`);

describe("KeyValue", () => {
  it("has nothing under a key that was never written", () => {
    expect(open().read("ssid")).toBeUndefined();
    expect(open().read("constructor")).toBeUndefined();
    expect(open().read("__proto__")).toBeUndefined();
  });

  it("keeps what was written last, across openings", () => {
    const storage = open();
    storage.write("ssid", "Casa");
    storage.write("ssid", "Villa");
    storage.write("topic", "");
    expect(storage.read("ssid")).toBe("Villa");
    const again = open();
    expect([again.read("ssid"), again.read("topic")]).toEqual(["Villa", ""]);
  });

  it("forgets what was deleted, across openings, and takes deleting nothing as harmless", () => {
    const storage = open();
    storage.write("ssid", "Casa");
    storage.delete("ssid");
    storage.delete("ssid");
    expect([storage.read("ssid"), open().read("ssid")]).toEqual([undefined, undefined]);
  });

  it("gives any key and any text back", () => {
    const key = fc.oneof(fc.string({ maxLength: 15 }), fc.constantFrom("__proto__", "toString"));
    fc.assert(
      fc.property(key, fc.string({ unit: "grapheme" }), (name, value) => {
        open().write(name, value);
        expect(open().read(name)).toBe(value);
      }),
      { numRuns: 50 },
    );
  });

  it("keeps domains apart, and makes a directory that is missing", () => {
    const deep = path.join(directory, "a", "b");
    const one = KeyValue.open({ directory: deep, path: "one", format: "string" });
    one.write("key", "1");
    expect(KeyValue.open({ directory: deep, path: "two", format: "string" }).read("key")).toBeUndefined();
    expect(fs.existsSync(path.join(deep, "one.json"))).toBe(true);
  });

  it("has the limits of the ESP32's NVS: 15 characters of a name, 3,999 bytes of a value", () => {
    const storage = open("x".repeat(15));
    expect(() => open("x".repeat(16))).toThrow(RangeError);
    storage.write("k".repeat(15), "v".repeat(3_999));
    expect(() => storage.write("k".repeat(16), "v")).toThrow(RangeError);
    expect(() => storage.write("key", "v".repeat(4_000))).toThrow(RangeError);
    expect(() => storage.write("key", "é".repeat(2_000))).toThrow(RangeError);
    expect(storage.read("key")).toBeUndefined();
  });

  it("can be read by its owner only: it holds passwords", () => {
    open().write("password", "correct horse");
    if (process.platform !== "win32") expect(fs.statSync(fileOf()).mode & 0o077).toBe(0);
  });
});

describe("a power cut while writing", () => {
  it("leaves the old values, whatever of the new file was written", () => {
    open().write("ssid", "Casa");
    fs.writeFileSync(`${fileOf()}.new`, '{"ssid":"Vi');
    const storage = open();
    expect(storage.read("ssid")).toBe("Casa");
    storage.write("ssid", "Villa");
    expect(open().read("ssid")).toBe("Villa");
  });

  it("never has an incomplete file under the final name: it is replaced, not rewritten", () => {
    const storage = open();
    storage.write("ssid", "Casa");
    const before = fs.openSync(fileOf(), "r");
    storage.write("ssid", "Villa");
    expect(JSON.parse(fs.readFileSync(before, "utf8"))).toEqual({ ssid: "Casa" });
    fs.closeSync(before);
  });
});

describe("what cannot be stored", () => {
  it("throws, and the value of before stays", () => {
    const storage = open();
    storage.write("ssid", "Casa");
    fs.rmSync(directory, { recursive: true });
    expect(() => storage.write("ssid", "Villa")).toThrow();
    expect(() => storage.delete("ssid")).toThrow();
    expect(storage.read("ssid")).toBe("Casa");
  });
});

describe("a file that cannot be written", () => {
  it("leaves nothing beside it, and says in a line what it is", () => {
    const storage = open();
    storage.write("ssid", "Casa");
    fs.rmSync(fileOf());
    fs.mkdirSync(path.join(fileOf(), "in the way"), { recursive: true });
    expect(() => storage.write("ssid", "Villa")).toThrow(`${fileOf()} cannot be written: `);
    expect(fs.existsSync(`${fileOf()}.new`)).toBe(false);
  });
});

describe("a file that is not ours", () => {
  it.each([
    ["no JSON", "hello"],
    ["nothing", ""],
    ["half of an object", '{"ssid":"Ca'],
    ["a number", "5"],
    ["null", "null"],
    ["a list", '["a"]'],
    ["an object with other values than text", '{"name":"x","version":3}'],
  ])("such as one that holds %s, is refused by its name and left as it is", (_name, contents) => {
    fs.writeFileSync(fileOf(), contents);
    expect(() => open()).toThrow(fileOf());
    expect(fs.readFileSync(fileOf(), "utf8")).toBe(contents);
  });
});
