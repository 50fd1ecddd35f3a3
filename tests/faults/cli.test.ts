import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { temporaryDirectory } from "../support/peers.js";
import { Running, stopAll } from "../support/programs.js";

const PROGRAM = new URL("../../bench/faults/main.js", import.meta.url).pathname;

const bench = (...args: string[]) => new Running(process.execPath, ["--no-warnings", PROGRAM, ...args]);

afterEach(stopAll);

describe("npm run faults", () => {
  it.each([
    [["--days", "0"], /--days/],
    [["--seeds", "-1"], /--seeds/],
    [["--seed", "x"], /--seed/],
    [["--faults", "reset,rest"], /There is no fault "rest"; there are delay, /],
    [["--trace", "/tmp/x", "--seeds", "2"], /--trace goes with one seed/],
    [["--trace", "/nowhere/x", "--seed", "1"], /--trace: .*\/nowhere\/x/],
    [["--speed", "2"], /unknown option '--speed'/],
  ])("refuses %j in one line with exit status 2", async (args, message) => {
    const program = bench(...args);
    expect(await program.exited).toBe(2);
    expect(program.output).toBe("");
    expect(program.errors).toMatch(message);
    expect(program.errors.trimEnd().split("\n")).toHaveLength(1);
  });

  it("runs its seeds on several workers, tells what struck and what became of the readings", async () => {
    const program = bench("--seeds", "3", "--days", "0.05", "--jobs", "2");
    expect([await program.exited, program.errors]).toEqual([0, ""]);
    expect(program.output).toMatch(/^ +black-hole +\d+ /m);
    expect(program.output).toMatch(/^ +runs +3 +of which 1 twice/m);
    expect(program.output).toMatch(/^ +readings taken +[1-9]/m);
    expect(program.output).toMatch(/nothing broke/);
  });

  it("writes everything that happens to a file", async () => {
    const directory = temporaryDirectory();
    const file = path.join(directory.path, "trace");
    const program = bench("--seed", "5", "--days", "0.02", "--trace", file, "--faults", "none");
    expect(await program.exited).toBe(0);
    const trace = fs.readFileSync(file, "utf8");
    directory.remove();
    expect(trace).toMatch(/^\d+ n1 took #0$/m);
    expect(trace).toMatch(/^\d+ n1 broker has #0/m);
  });
});
