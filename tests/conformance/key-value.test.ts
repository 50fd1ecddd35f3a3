import { describe, expect, it } from "@jest/globals";
import { NVS } from "../../host-sim/chips/nvs.js";
import { type DomainOptions, domainName, KeyValue } from "../../host-sim/storage/key-value.js";
import { thrown } from "../support/thrown.js";

let kept: string | undefined;

function open(options: Partial<DomainOptions> = {}, text?: string): KeyValue {
  return new KeyValue(
    new NVS("memory", text, (changed) => {
      kept = changed;
    }),
    { path: "test", ...options },
  );
}

describe("key-value storage", () => {
  it.each([
    ["no path", {}, "Error"],
    ["an empty path", { path: "" }, "Error"],
    ["a path out of its folder", { path: "../x" }, "Error"],
    ["a path of 16 characters", { path: "x".repeat(16) }, "RangeError"],
    ["a Symbol as path", { path: Symbol("x") }, "TypeError"],
  ])("of %s throws what Moddable's does", (_name, options, error) => {
    expect(thrown(() => domainName(options))).toBe(error);
  });

  it("has the modes r and r+, and formats of its own: Error, RangeError", () => {
    expect(thrown(() => open({ mode: "rw" as never }))).toBe("Error");
    expect(thrown(() => open({ format: "xyzzy" as never }))).toBe("RangeError");
    expect(thrown(() => open({ format: "toString" as never }))).toBe("RangeError");
    expect(open().format).toBe("buffer");
  });

  it.each([
    ["string", "", ""],
    ["string", "Môddable\n", "Môddable\n"],
    ["string", 5, "5"],
    ["uint8", -1, 255],
    ["uint8", 257, 1],
    ["int8", 128, -128],
    ["uint16", 65_536, 0],
    ["int16", -32_769, 32_767],
    ["uint32", -1, 4_294_967_295],
    ["int32", 4_294_967_295, -1],
    ["uint64", -1n, 18_446_744_073_709_551_615n],
    ["int64", -2_147_483_648_000n, -2_147_483_648_000n],
  ] as const)("with format %s gives %p back as %p, also after it was closed", (format, value, read) => {
    const storage = open({ format });
    storage.write("key", value);
    expect(storage.read("key")).toBe(read);
    expect(open({ format }, kept).read("key")).toBe(read);
  });

  it("with format buffer takes any byte buffer, and gives a new one, or fills one", () => {
    const storage = open();
    for (const buffer of [
      Uint8Array.of(7, 8),
      Uint8Array.of(7, 8).buffer,
      new DataView(Uint8Array.of(6, 7, 8).buffer, 1),
    ]) {
      storage.write("key", buffer);
      expect([...new Uint8Array(storage.read("key") as ArrayBuffer)]).toEqual([7, 8]);
    }
    const into = new Uint8Array(3);
    expect([storage.read("key", into), ...into]).toEqual([2, 7, 8, 0]);
    expect(thrown(() => storage.read("key", new Uint8Array(1)))).toBe("RangeError");
    for (const value of ["text", 12, new Uint16Array(1), undefined])
      expect(thrown(() => storage.write("key", value as never))).toBe("TypeError");
  });

  it("has undefined under a key that is missing, or an integer of another type; else TypeError", () => {
    const storage = open({ format: "uint8" });
    storage.write("number", 5);
    expect(storage.read("missing")).toBeUndefined();
    storage.format = "int32";
    expect(storage.read("number")).toBeUndefined();
    for (const format of ["string", "buffer"] as const) {
      storage.format = format;
      expect(thrown(() => storage.read("number"))).toBe("TypeError");
    }
  });

  it("wants its arguments: SyntaxError, and TypeError for a Symbol as key", () => {
    const storage = open() as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const [name, args] of [
      ["read", []],
      ["write", []],
      ["write", ["key"]],
      ["delete", []],
    ] as const)
      expect(thrown(() => storage[name](...args))).toBe("SyntaxError");
    for (const name of ["read", "delete"]) expect(thrown(() => storage[name](Symbol("k")))).toBe("TypeError");
    expect(thrown(() => storage["write"](Symbol("k"), new ArrayBuffer(1)))).toBe("TypeError");
  });

  it("refuses to change what was opened to be read: Error", () => {
    open().write("key", Uint8Array.of(1));
    const storage = open({ mode: "r" }, kept);
    expect(thrown(() => storage.write("key", Uint8Array.of(2)))).toBe("Error");
    expect(thrown(() => storage.delete("key"))).toBe("Error");
    expect([...new Uint8Array(storage.read("key") as ArrayBuffer)]).toEqual([1]);
  });

  it("goes through its keys", () => {
    const storage = open();
    for (const key of ["a", "b", "b", "c"]) storage.write(key, Uint8Array.of(1));
    storage.delete("c");
    storage.delete("c");
    expect([...storage].sort()).toEqual(["a", "b"]);
    for (const key of storage) expect(typeof key).toBe("string");
  });

  it("refuses all but close with SyntaxError once it is closed, and on what is none", () => {
    const storage = open() as unknown as Record<string | symbol, (...args: unknown[]) => unknown>;
    const calls: readonly (readonly [string | symbol, readonly unknown[]])[] = [
      ["read", ["k"]],
      ["write", ["k", new ArrayBuffer(1)]],
      ["delete", ["k"]],
      [Symbol.iterator, []],
    ];
    for (const receiver of [{}, [], "a string", undefined])
      for (const [name, args] of [...calls, ["close", []] as const])
        expect(thrown(() => storage[name].apply(receiver, [...args]))).toBe("SyntaxError");
    storage["close"]();
    storage["close"]();
    for (const [name, args] of calls) expect(thrown(() => storage[name](...args))).toBe("SyntaxError");
    expect(thrown(() => storage["format"])).toBe("SyntaxError");
  });
});
