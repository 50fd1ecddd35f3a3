import fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Directory } from "../../host-sim/storage/directory.js";
import { temporaryDirectory } from "../support/peers.js";
import { thrown } from "../support/thrown.js";

type Untyped = Record<string | symbol, (...args: unknown[]) => unknown>;

let scratch: ReturnType<typeof temporaryDirectory>;
let files: Directory;

beforeEach(() => {
  scratch = temporaryDirectory();
  files = new Directory(scratch.path);
});

afterEach(() => scratch.remove());

const write = (name: string, text = "") => {
  const file = files.openFile({ path: name, mode: "w" });
  file.write(Buffer.from(text), 0);
  file.close();
};

describe("Directory", () => {
  it.each(["/foo", "../foo", "./foo", "foo/..", "foo/.", "foo/../bar", "foo//bar", "..", ".", "a\0b"])(
    "refuses the path %p with Error, and does nothing",
    (name) => {
      for (const action of [
        () => files.delete(name),
        () => files.createDirectory(name),
        () => files.openFile({ path: name, mode: "w" }),
        () => files.openDirectory({ path: name }),
        () => files.status(name),
        () => files.move(name, "x"),
        () => files.move("x", name),
        () => files.createLink("link", name),
        () => files.scan(name),
      ])
        expect(thrown(action)).toBe("Error");
      expect(fs.readdirSync(scratch.path)).toEqual([]);
    },
  );

  it("makes a directory, and says that it was there already; over a file it is Error", () => {
    expect([files.createDirectory("a"), files.createDirectory("a")]).toEqual([true, false]);
    write("file");
    expect(thrown(() => files.createDirectory("file"))).toBe("Error");
  });

  it("deletes files and empty directories, and says that there was none", () => {
    files.createDirectory("a");
    write("a/b");
    expect(thrown(() => files.delete("a"))).toBe("Error");
    expect(["a/b", "a", "a"].map((name) => files.delete(name))).toEqual([true, true, false]);
  });

  it("tells what is there, and of nothing that it is neither", () => {
    files.createDirectory("a");
    write("file", "12345");
    const kinds = (name: string) => {
      const status = files.status(name);
      return [status.isFile(), status.isDirectory(), status.isSymbolicLink()];
    };
    expect(kinds("a")).toEqual([false, true, false]);
    expect(kinds("file")).toEqual([true, false, false]);
    expect(kinds("nothing")).toEqual([false, false, false]);
    expect(files.status("file").size).toBe(5);
    expect(thrown(() => files.status(undefined as never))).toBe("Error");
  });

  it("moves within itself and into another; what is missing is Error", () => {
    files.createDirectory("a");
    write("one", "1");
    const other = files.openDirectory({ path: "a" });
    files.move("one", "two");
    files.move("two", "three", other);
    expect([[...files], [...other]]).toEqual([["a"], ["three"]]);
    expect(thrown(() => files.move("one", "two"))).toBe("Error");
  });

  it("makes links, which lead to what is in it, and reads them", () => {
    write("file", "123");
    files.createLink("link", "file");
    expect([files.readLink("link"), files.status("link").size]).toEqual(["file", 3]);
    const link = files.status("link", { resolveTarget: false });
    expect([link.isSymbolicLink(), link.isFile()]).toEqual([true, false]);
    expect(thrown(() => files.readLink("file"))).toBe("Error");
  });

  it("goes through its names, and stops when it is told", () => {
    files.createDirectory("a");
    write("a/x");
    write("a/y");
    expect([...files.scan("a")].sort()).toEqual(["x", "y"]);
    const scan = files.scan("a");
    scan.next();
    expect(scan.return?.().done).toBe(true);
    expect(scan.next().done).toBe(true);
    expect(thrown(() => (scan as unknown as Untyped)["next"].call({}))).toBe("SyntaxError");
  });

  it("wants its arguments: SyntaxError", () => {
    const untyped = files as unknown as Untyped;
    for (const [name, args] of [
      ["delete", []],
      ["move", []],
      ["move", ["a"]],
      ["createDirectory", []],
      ["createLink", ["a"]],
      ["readLink", []],
    ] as const)
      expect(thrown(() => untyped[name](...args))).toBe("SyntaxError");
  });

  it("refuses all but close with SyntaxError once it is closed, and on what is none", () => {
    const untyped = files as unknown as Untyped;
    const calls: readonly (readonly [string | symbol, readonly unknown[]])[] = [
      ["openFile", [{ path: "a" }]],
      ["openDirectory", [{ path: "a" }]],
      ["delete", ["a"]],
      ["move", ["a", "b"]],
      ["status", ["a"]],
      ["createDirectory", ["a"]],
      ["createLink", ["a", "b"]],
      ["readLink", ["a"]],
      ["scan", []],
    ];
    for (const receiver of [{}, [], "a string"])
      for (const [name, args] of calls)
        expect(thrown(() => untyped[name].apply(receiver, [...args]))).toBe("SyntaxError");
    files.close();
    files.close();
    for (const [name, args] of calls) expect(thrown(() => untyped[name](...args))).toBe("SyntaxError");
    expect(thrown(() => untyped["close"].call({}))).toBe("SyntaxError");
  });
});

describe("File", () => {
  it.each([
    [undefined, false],
    ["r", false],
    ["r+", false],
    ["w", true],
    ["w+", true],
  ] as const)("with mode %p makes one that is missing: %p", (mode, makes) => {
    const options = { path: "new", ...(mode && { mode }) };
    expect(thrown(() => files.openFile(options).close())).toBe(makes ? "nothing" : "Error");
    expect(files.status("new").isFile()).toBe(makes);
  });

  it("has no other modes, and is no directory: Error", () => {
    write("file");
    files.createDirectory("a");
    expect(thrown(() => files.openFile({ path: "file", mode: "rw" as never }))).toBe("Error");
    expect(thrown(() => files.openFile({ path: "a" }))).toBe("Error");
    expect(thrown(() => files.openDirectory({ path: "file" }))).toBe("Error");
  });

  it("is emptied by w and w+, written only with w, and read only with r: Error", () => {
    write("file", "12345");
    const reader = files.openFile({ path: "file" });
    expect(thrown(() => reader.write(new ArrayBuffer(1), 0))).toBe("Error");
    expect(thrown(() => reader.setSize(1))).toBe("Error");
    reader.close();
    const writer = files.openFile({ path: "file", mode: "w" });
    expect(writer.status().size).toBe(0);
    expect(thrown(() => writer.read(1, 0))).toBe("Error");
    writer.close();
  });

  it("reads and writes at any place; what is between is 0, and beyond the end is less", () => {
    const file = files.openFile({ path: "file", mode: "w+" });
    file.write(Uint8Array.of(9, 1, 2, 9).subarray(1, 3), 2);
    expect([...new Uint8Array(file.read(10, 0))]).toEqual([0, 0, 1, 2]);
    const into = new Uint8Array(3);
    expect([file.read(into, 2), ...into]).toEqual([2, 1, 2, 0]);
    expect(file.read(5, 100).byteLength).toBe(0);
    file.close();
  });

  it("is cut, or filled up with 0", () => {
    const file = files.openFile({ path: "file", mode: "w+" });
    for (const size of [99, 5_001, 1, 0]) {
      file.setSize(size);
      expect(file.status().size).toBe(size);
    }
    file.flush();
    file.close();
  });

  it("wants its arguments, and is used up by close: SyntaxError", () => {
    const file = files.openFile({ path: "file", mode: "w+" });
    const untyped = file as unknown as Untyped;
    for (const [name, args] of [
      ["read", []],
      ["read", [10]],
      ["write", []],
      ["write", [new ArrayBuffer(1)]],
      ["setSize", []],
    ] as const)
      expect(thrown(() => untyped[name](...args))).toBe("SyntaxError");
    const calls: readonly (readonly [string, readonly unknown[]])[] = [
      ["read", [1, 0]],
      ["write", [new ArrayBuffer(1), 0]],
      ["status", []],
      ["setSize", [1]],
      ["flush", []],
    ];
    for (const [name, args] of calls)
      expect(thrown(() => untyped[name].apply({}, [...args]))).toBe("SyntaxError");
    file.close();
    file.close();
    for (const [name, args] of calls) expect(thrown(() => untyped[name](...args))).toBe("SyntaxError");
  });
});
