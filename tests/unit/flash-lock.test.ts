import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Flash } from "../../host-sim/storage/flash.js";
import { processMark } from "../../host-sim/storage/process-mark.js";
import { Running, scratchDirectory, stopAll } from "../support/programs.js";

const MODULE = new URL("../../host-sim/storage/flash.js", import.meta.url).href;

let directory: string;
let file: string;

beforeEach(() => {
  directory = scratchDirectory();
  file = path.join(directory, "journal.flash");
});

afterEach(stopAll);

const open = () => Flash.open({ directory, path: "journal", blocks: 4 });
const entries = () => fs.readdirSync(directory).filter((name) => name.endsWith(".lock"));

/** A process of its own that opens the flash, says so or why not, and runs `then`; it ends when it is told to. */
function start(then = "", before = ""): Running {
  return new Running(process.execPath, [
    "--input-type=module",
    "-e",
    `import { Flash } from ${JSON.stringify(MODULE)};
     ${before}
     let flash;
     try {
       flash = Flash.open({ directory: ${JSON.stringify(directory)}, path: "journal", blocks: 4 });
       console.log("open");
     } catch (error) { console.log(error.message); process.exit(3); }
     ${then}
     setInterval(() => {}, 1000);`,
  ]);
}

describe("a flash that a process has open", () => {
  it("is refused to another process in one line, until it is closed", async () => {
    const first = start('process.on("SIGTERM", () => { flash.close(); process.exit(0); });');
    await first.until(/^open$/m);
    const second = start();
    expect(await second.exited).toBe(3);
    expect(second.lines).toEqual([
      `${file} is in use by process ${first.child.pid}: end that one first, or give this one another directory`,
    ]);
    expect(await first.stop()).toBe(0);
    expect(entries()).toEqual([]);
    open().close();
  });

  it("is refused to the same process too", () => {
    const flash = open();
    expect(open).toThrow(`${file} is open in this process already: close it first`);
    flash.close();
    open().close();
    expect(entries()).toEqual([]);
  });

  it("leaves other partitions of the directory free", () => {
    const flash = open();
    Flash.open({ directory, path: "journal.2", blocks: 1 }).close();
    Flash.open({ directory, path: "other", blocks: 1 }).close();
    flash.close();
  });

  it("is had by one of many that start at once, also over what a killed one left", async () => {
    const killed = start();
    await killed.until(/^open$/m);
    await killed.stop("SIGKILL");
    const at = Date.now() + 1_500;
    const many = [1, 2, 3, 4, 5].map(() =>
      start("", `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${at} - Date.now());`),
    );
    await Promise.all(many.map((one) => one.until(/\n/)));
    expect(many.filter(({ lines }) => lines[0] === "open")).toHaveLength(1);
    expect(entries()).toHaveLength(1);
  });
});

describe("a process that is killed", () => {
  it("loses nothing that it had written, and keeps nobody out", async () => {
    const writer = start(
      `for (let i = 0; i < 4; i++) flash.write(new Uint8Array(1000).fill(i), i * 4096);
       console.log("written");`,
    );
    await writer.until(/written/);
    expect(entries()).toHaveLength(1);
    await writer.stop("SIGKILL");
    const flash = open();
    for (let i = 0; i < 4; i++)
      expect(new Set(new Uint8Array(flash.read(1_000, i * 4_096)))).toEqual(new Set([i]));
    flash.close();
    expect(entries()).toEqual([]);
  });

  it("keeps nobody out either when its number is another process's now", async () => {
    const other = new Running("sleep", ["60"]);
    await new Promise((resolve) => other.child.once("spawn", resolve));
    const { pid } = other.child;
    const mark = processMark(pid as number);
    if (mark !== "") {
      fs.writeFileSync(`${file}.${pid}-${mark}1-abc.lock`, "x");
      fs.writeFileSync(`${file}.${process.pid}-${mark}-abc.lock`, "x");
      open().close();
      expect(entries()).toEqual([]);
    }
    // With the moment of its start, or where that is not known, it is taken to be the one.
    fs.writeFileSync(`${file}.${pid}-${mark}-abc.lock`, "x");
    expect(open).toThrow(`in use by process ${pid}`);
    fs.rmSync(`${file}.${pid}-${mark}-abc.lock`);
    fs.writeFileSync(`${file}.${pid}--abc.lock`, "x");
    expect(open).toThrow(
      `in use by process ${pid}: end that one first, or give this one another directory (if that is some other ` +
        `program, delete ${file}.${pid}--abc.lock)`,
    );
  });

  it("keeps nobody out while its parent has not collected it", async () => {
    // It ends when the shell, which would collect it, has become another program.
    const parent = new Running("sh", ["-c", "sleep 1 & echo $!; exec sleep 60"]);
    await parent.until(/\d+\n/);
    const zombie = Number(parent.lines[0]);
    const isLinux = fs.existsSync("/proc/self/stat");
    if (isLinux) {
      while (!/\) Z /.test(fs.readFileSync(`/proc/${zombie}/stat`, "latin1")))
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    fs.writeFileSync(`${file}.${zombie}--abc.lock`, "x");
    if (isLinux) open().close();
  });

  it("while it was opening keeps nobody out", () => {
    const gone = new Running("true", []);
    return gone.exited.then(() => {
      fs.writeFileSync(`${file}.${gone.child.pid}--abc.lock`, "");
      open().close();
      expect(entries()).toEqual([]);
    });
  });
});

describe("the mark of a process", () => {
  it("is the same at each look, and another for another process", async () => {
    const other = new Running("sleep", ["60"]);
    await new Promise((resolve) => other.child.once("spawn", resolve));
    const mark = processMark(process.pid);
    expect(mark).toMatch(/^\w*$/);
    expect(processMark(process.pid)).toBe(mark);
    if (mark !== "") expect(processMark(other.child.pid as number)).not.toBe(mark);
    await other.stop("SIGKILL");
    expect(processMark(other.child.pid as number)).toBeUndefined();
  });
});
