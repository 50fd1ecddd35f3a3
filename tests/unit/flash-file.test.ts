import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { Flash, type FlashOptions } from "../../host-sim/storage/flash.js";
import { hasProgram, temporaryDirectory } from "../support/peers.js";

let scratch: ReturnType<typeof temporaryDirectory>;
let directory: string;
let file: string;
const opened: Flash[] = [];

beforeEach(() => {
  scratch = temporaryDirectory();
  directory = path.join(scratch.path, "state");
  file = path.join(directory, "journal.flash");
});

afterEach(() => {
  jest.restoreAllMocks();
  for (const flash of opened.splice(0)) flash.close();
  scratch.remove();
});

function open(options: Partial<FlashOptions> = {}): Flash {
  const flash = Flash.open({ directory, path: "journal", blocks: 4, ...options });
  opened.push(flash);
  return flash;
}

function place(contents: string | Uint8Array): void {
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(file, contents);
}

/** The message of what `action` throws, which is one line and begins with the file's name. */
function failure(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    expect(message.startsWith(`${file} `)).toBe(true);
    return message.slice(file.length + 1);
  }
  throw new Error("nothing was thrown");
}

const namesIn = () => fs.readdirSync(directory);

describe("the file of a flash", () => {
  it("is made in full, with its directory, and has nothing beside it once it is closed", () => {
    open().close();
    expect(namesIn()).toEqual(["journal.flash"]);
    expect(fs.readFileSync(file)).toEqual(Buffer.alloc(4 * 4_096, 0xff));
  });

  it("keeps what was written across openings, each byte at its place", () => {
    const flash = open();
    flash.write(Uint8Array.of(1, 2), 4_095);
    flash.close();
    expect([...new Uint8Array(open().read(3, 4_095))]).toEqual([1, 2, 0xff]);
    expect([...fs.readFileSync(file).subarray(4_094, 4_098)]).toEqual([0xff, 1, 2, 0xff]);
  });

  it("has the size that it has, also where another is asked for", () => {
    place(new Uint8Array(2 * 4_096));
    expect(open().status().blocks).toBe(2);
    expect(fs.statSync(file).size).toBe(2 * 4_096);
  });

  it("that ends within a block is used up to there, and the rest is kept", () => {
    const contents = Buffer.alloc(2 * 4_096 + 100, 7);
    place(contents);
    const flash = open();
    expect(flash.status()).toEqual({ size: 8_192, blockLength: 4_096, blocks: 2 });
    expect(() => flash.read(1, 8_192)).toThrow(RangeError);
    flash.eraseBlock(0, 2);
    flash.close();
    expect(fs.readFileSync(file).subarray(8_192)).toEqual(contents.subarray(8_192));
  });

  it("that is empty is filled: a disk that was full may have left it", () => {
    place("");
    expect(open().status().blocks).toBe(4);
    expect(fs.readFileSync(file)).toEqual(Buffer.alloc(4 * 4_096, 0xff));
  });

  it("that holds less than a block is refused and left as it is", () => {
    place("my notes");
    expect(failure(() => open())).toBe("is shorter than a block of 4096 bytes: move it away");
    expect(fs.readFileSync(file, "utf8")).toBe("my notes");
    expect(namesIn()).toEqual(["journal.flash"]);
  });

  it("that was being made when the process was killed is made anew", () => {
    fs.mkdirSync(directory);
    fs.writeFileSync(`${file}.new`, "half");
    expect(open().status().blocks).toBe(4);
    expect(fs.existsSync(`${file}.new`)).toBe(false);
  });

  it("that became shorter behind our back is reported, not read as zeros", () => {
    const flash = open();
    fs.truncateSync(file, 5_000);
    expect(failure(() => flash.read(4_096, 4_096))).toBe("cannot be read: it has become shorter");
  });
});

describe("mode", () => {
  it('"r" reads beside a writer, and neither writes nor erases', () => {
    const writer = open({ mode: "r+" });
    writer.write(Uint8Array.of(1), 0);
    const reader = open({ mode: "r" });
    expect([...new Uint8Array(reader.read(2, 0))]).toEqual([1, 0xff]);
    expect(failure(() => reader.write(Uint8Array.of(0), 0))).toBe("was opened to be read only");
    expect(failure(() => reader.eraseBlock(0))).toBe("was opened to be read only");
    writer.write(Uint8Array.of(0), 1);
    expect([...new Uint8Array(reader.read(2, 0))]).toEqual([1, 0]);
  });

  it('"r" makes nothing', () => {
    expect(failure(() => open({ mode: "r" }))).toBe("cannot be opened: no such file or directory (ENOENT)");
    expect(fs.existsSync(directory)).toBe(false);
  });
});

describe("arguments", () => {
  it.each<[string, object, new () => Error]>([
    ["no path", { path: undefined }, Error],
    ["a path that is a symbol", { path: Symbol("x") }, TypeError],
    ["a mode that there is not", { mode: "rw" }, Error],
    ["a mode that is a symbol", { mode: Symbol("r") }, TypeError],
    ["a format that there is not", { format: "number" }, RangeError],
    ["no blocks", { blocks: 0 }, RangeError],
    ["blocks that are no number", { blocks: 1n }, TypeError],
    ["more blocks than 32-bit positions reach", { blocks: 524_288 }, RangeError],
  ])("are refused with Moddable's error where they have %s", (_name, options, error) => {
    let thrown: unknown;
    try {
      open(options as Partial<FlashOptions>);
    } catch (reason) {
      thrown = reason;
    }
    expect((thrown as Error).constructor).toBe(error);
    expect(fs.existsSync(directory)).toBe(false);
  });

  it("are converted as XS does, or refused with its errors", () => {
    const flash = open();
    const loose = flash as unknown as Record<string, (...values: unknown[]) => unknown>;
    flash.write(new Uint8Array(2 * 4_096), 0);
    loose["eraseBlock"]("0", 1.9);
    expect([...new Uint8Array(flash.read(2, 4_095))]).toEqual([0xff, 0]);
    expect(() => loose["eraseBlock"]()).toThrow(SyntaxError);
    expect(() => loose["eraseBlock"](1n)).toThrow(TypeError);
    expect(() => loose["write"]("text", 0)).toThrow(TypeError);
    expect(() => loose["write"](new Uint16Array(2), 0)).toThrow(TypeError);
    flash.write(new DataView(new ArrayBuffer(1)), 3 * 4_096);
    flash.write(Uint8Array.of(7).buffer, 3 * 4_096 + 1);
    expect([...new Uint8Array(flash.read(3, 3 * 4_096))]).toEqual([0, 7, 0xff]);
  });

  it("of another receiver are not taken", () => {
    const flash = open();
    for (const receiver of [{}, [], "text", null, undefined]) {
      for (const name of ["read", "write", "eraseBlock", "status", "close"] as const)
        expect(() => (flash[name] as () => void).call(receiver)).toThrow(SyntaxError);
    }
  });

  it("have one format", () => {
    const flash = open({ format: "buffer" });
    expect(flash.format).toBe("buffer");
    expect(() => Object.assign(flash, { format: "number" })).toThrow(RangeError);
  });
});

describe("a place where nothing can be made", () => {
  it("such as one below a file is one line", () => {
    fs.writeFileSync(directory, "");
    expect(failure(() => open())).toBe("cannot be locked: not a directory (ENOTDIR)");
    directory = path.join(directory, "deeper");
    file = path.join(directory, "journal.flash");
    expect(failure(() => open())).toBe("cannot be made: not a directory (ENOTDIR)");
  });

  (process.platform === "linux" ? it : it.skip)("such as /proc is one line (needs Linux)", () => {
    directory = "/proc/hearth";
    file = path.join(directory, "journal.flash");
    expect(failure(() => open())).toMatch(/^cannot be made: .*\(E[A-Z]+\)$/);
  });

  it("such as a directory of that name is one line, and the directory stays", () => {
    fs.mkdirSync(file, { recursive: true });
    expect(failure(() => open())).toBe("cannot be opened: illegal operation on a directory (EISDIR)");
    expect(namesIn()).toEqual(["journal.flash"]);
  });

  it("such as a device is one line", () => {
    fs.mkdirSync(directory);
    fs.symlinkSync("/dev/full", file);
    expect(failure(() => open())).toBe("is no file");
  });

  it("such as another user's directory is one line, and can still be read", () => {
    open().close();
    fs.chmodSync(scratch.path, 0o755);
    fs.chmodSync(directory, 0o555);
    asNobody(() => {
      expect(failure(() => open())).toBe("cannot be locked: permission denied (EACCES)");
      expect(open({ mode: "r" }).status().blocks).toBe(4);
    });
    fs.chmodSync(file, 0o000);
    asNobody(() => {
      expect(failure(() => open({ mode: "r" }))).toBe("cannot be opened: permission denied (EACCES)");
    });
    fs.chmodSync(directory, 0o755);
  });
});

/** Root may do everything: then somebody else does it. */
function asNobody(action: () => void): void {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    action();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe("a disk", () => {
  const MODULE = new URL("../../host-sim/storage/flash.js", import.meta.url).href;
  const canMount =
    hasProgram("unshare") &&
    spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
  const onDisk = canMount ? it : it.skip;

  /** Runs a script on a disk of its own, mounted with these options, and gives what it printed. */
  function run(options: string, script: string): string[] {
    fs.mkdirSync(directory);
    const program = `
      import fs from "node:fs";
      import { spawnSync } from "node:child_process";
      import { Flash } from ${JSON.stringify(MODULE)};
      const directory = ${JSON.stringify(directory)};
      const open = (blocks) => Flash.open({ directory, path: "journal", blocks });
      const attempt = (action) => { try { action(); console.log("ok"); } catch (e) { console.log(e.message); } };
      ${script}`;
    const { stdout, stderr } = spawnSync(
      "unshare",
      [
        "-rm",
        "sh",
        "-c",
        'mount -t tmpfs -o "$1" none "$2" && exec "$3" --input-type=module -e "$4"',
        "sh",
        options,
        directory,
        process.execPath,
        program,
      ],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    return stdout.trimEnd().split("\n");
  }

  onDisk(
    "without the space for a partition is one line, and gets back what was begun (needs unshare)",
    () => {
      const lines = run(
        "size=32k",
        `attempt(() => open(32)); console.log(fs.readdirSync(directory).length);`,
      );
      expect(lines).toEqual([`${file} cannot be made: no space left on device (ENOSPC)`, "0"]);
    },
  );

  onDisk("that fills up later takes nothing from a partition that there is (needs unshare)", () => {
    const lines = run(
      "size=128k",
      `const flash = open(8);
       attempt(() => fs.writeFileSync(directory + "/junk", new Uint8Array(1 << 20)));
       attempt(() => { flash.write(new Uint8Array(8 * 4096), 0); flash.eraseBlock(3); flash.close(); });
       attempt(() => console.log(new Uint8Array(open(8).read(2, 3 * 4096 - 1)).join()));`,
    );
    expect(lines).toEqual(["ENOSPC: no space left on device, write", "ok", "0,255", "ok"]);
  });

  onDisk("that is read only is one line (needs unshare)", () => {
    expect(run("ro", "attempt(() => open(8));")).toEqual([
      `${file} cannot be locked: read-only file system (EROFS)`,
    ]);
  });

  it("that fails is one line for each call, and the next call may succeed", () => {
    const flash = open();
    const fail = () => {
      throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
    };
    jest.spyOn(fs, "readSync").mockImplementationOnce(fail);
    expect(failure(() => flash.read(1, 0))).toBe("cannot be read: i/o error (EIO)");
    jest.spyOn(fs, "writeSync").mockImplementationOnce(fail);
    expect(failure(() => flash.write(Uint8Array.of(1), 0))).toBe("cannot be written: i/o error (EIO)");
    flash.write(Uint8Array.of(2), 0);
    expect([...new Uint8Array(flash.read(1, 0))]).toEqual([2]);
    jest.spyOn(fs, "fsyncSync").mockImplementationOnce(fail);
    flash.close();
    expect(namesIn()).toEqual(["journal.flash"]);
  });

  it("that takes a write in pieces gets all of it", () => {
    const flash = open();
    const writeSync = fs.writeSync as (...values: unknown[]) => number;
    const readSync = fs.readSync as (...values: unknown[]) => number;
    const some = (whole: (...values: unknown[]) => number) =>
      ((descriptor: number, bytes: Uint8Array, at: number, length: number, position: number) =>
        whole(descriptor, bytes, at, Math.min(length, 1_000), position)) as never;
    jest.spyOn(fs, "writeSync").mockImplementation(some(writeSync));
    jest.spyOn(fs, "readSync").mockImplementation(some(readSync));
    const data = Uint8Array.from({ length: 5_000 }, (_, i) => i);
    flash.write(data, 3);
    expect(Buffer.compare(new Uint8Array(flash.read(5_000, 3)), data)).toBe(0);
  });
});
