import { describe, expect, it } from "@jest/globals";
import { measure } from "../../bench/budgets/figures.js";
import { isExceeded } from "../../bench/budgets/judge.js";
import { RECORDED } from "../../bench/budgets/recorded.js";
import { Running } from "../support/programs.js";
import { itOnXS } from "../support/xs.js";

const PROGRAM = new URL("../../bench/budgets/main.js", import.meta.url).pathname;

describe("what the firmware takes on XS", () => {
  itOnXS("is within a tenth of what is recorded, and within its limits (needs the XS engine)", async () => {
    const figures = await measure(2_000, () => {});
    expect(figures.filter((figure) => isExceeded(figure, RECORDED))).toEqual([]);
    expect(figures.map(({ name }) => name)).toEqual(Object.keys(RECORDED));
  });

  itOnXS("is the same each time (needs the XS engine)", async () => {
    expect(await measure(1_000, () => {})).toEqual(await measure(1_000, () => {}));
  });

  itOnXS("is shown by function (needs the XS engine)", async () => {
    const program = new Running(process.execPath, [PROGRAM, "--profile"]);
    expect(await program.exited).toBe(0);
    expect(program.output).toMatch(/mqtt\/output: Output\.\w+ +1 +\d+/);
    expect(program.output).toMatch(/sensors\/polled: PolledSource\.sample +1 +\d+/);
  });

  it.each([
    [["--readings", "5"], /readings/],
    [["--nonsense"], /nonsense/],
  ])("cannot be asked for with %j: one line and status 2", async (args, what) => {
    const program = new Running(process.execPath, [PROGRAM, ...args]);
    expect(await program.exited).toBe(2);
    expect(program.errors.trimEnd().split("\n")).toHaveLength(1);
    expect(program.errors).toMatch(what);
  });
});
