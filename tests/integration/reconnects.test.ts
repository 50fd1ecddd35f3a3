import { afterEach, describe, expect, it } from "@jest/globals";
import { Running, stopAll } from "../support/programs.js";
import type { Report } from "../support/reconnects.js";

const PROGRAM = new URL("../support/reconnects.js", import.meta.url).pathname;

/** RECONNECTS=100000 takes a minute or two. */
const RECONNECTS = Number(process.env["RECONNECTS"] ?? 3_000);
const REPORTS = 10;

/** Compiled code comes and goes by hundreds of kilobytes; interpreted, what is left is steady to a few. */
const FLAGS = ["--expose-gc", "--no-opt", "--no-flush-bytecode"];

afterEach(stopAll);

describe("a node that reconnects thousands of times, failing at every stage", () => {
  it(
    "has the same sockets, timers and memory as before",
    async () => {
      const program = new Running(process.execPath, [...FLAGS, PROGRAM, String(RECONNECTS), String(REPORTS)]);
      expect(await program.exited).toBe(0);
      const reports = program.lines.map((line) => JSON.parse(line) as Report);
      expect(reports).toHaveLength(REPORTS);
      expect(reports.at(-1)?.reasons.length).toBeGreaterThanOrEqual(11);
      // The one to the raw TCP server may be open then.
      expect(Math.max(...reports.map(({ connections }) => connections))).toBe(1);
      // The sensor, the watchdog, what looks at the ticks once a day, and the back-off of either link.
      // One look in many falls into a moment at which one more is set.
      const timers = reports.map((report) => report.timers);
      expect(Math.min(...timers.slice(5))).toBeLessThanOrEqual(5);
      expect(Math.max(...timers)).toBeLessThanOrEqual(6);
      // From the second report on, when all code has run. A number kept would be 4 bytes or more.
      const least = (part: Report[]) => Math.min(...part.map(({ bytes }) => bytes));
      const growth = least(reports.slice(6)) - least(reports.slice(1, 6));
      expect(growth / (RECONNECTS / 2)).toBeLessThan(3);
    },
    RECONNECTS * 10 + 30_000,
  );
});
