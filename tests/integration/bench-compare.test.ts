import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { type Record, readRecord, writeRecord } from "../../bench/compare/record.js";
import { hasProgram, until } from "../support/peers.js";
import { Running, scratchDirectory, stopAll } from "../support/programs.js";

const ROOT = new URL("../../../", import.meta.url).pathname;

afterEach(stopAll);

function bench(out: string, args: readonly string[], env?: NodeJS.ProcessEnv): Running {
  return new Running(
    process.execPath,
    ["--no-warnings", "build/bench/compare/main.js", "--out", out, ...args],
    { cwd: ROOT, ...(env && { env }) },
  );
}

const quick = (out: string, args: readonly string[], env?: NodeJS.ProcessEnv) =>
  bench(out, ["--quick", ...args], env);

/** Runs it to its end. What it measures depends on the machine, and is not looked at. */
async function measured(args: readonly string[], env?: NodeJS.ProcessEnv) {
  const out = path.join(scratchDirectory(), "bench.json");
  const run = quick(out, args, env);
  expect(await run.exited).toBe(0);
  expect(run.errors).toBe("");
  return { out, run, record: readRecord(fs.readFileSync(out, "utf8")) };
}

const names = ({ rows }: Record) => rows.map(({ name, peer }) => `${name} / ${peer}`);

function expectFigures({ rows }: Record, contest: string, rounds: number): void {
  for (const row of rows) {
    expect(row).toMatchObject({ contest, rounds });
    for (const number of [row.ours, row.theirs, row.ratio.median, row.ratio.low, row.ratio.high])
      expect(Number.isFinite(number)).toBe(true);
  }
}

/** A machine without Mosquitto. */
const BARE = { PATH: "/nonexistent" };

describe("npm run bench", () => {
  it("measures the codec, writes a table and a file, and compares the next run with it", async () => {
    const { out, run, record } = await measured(["--only", "codec"]);
    expect(record.isQuick).toBe(true);
    expect(record.rows).toHaveLength(22);
    expectFigures(record, "codec", 2);
    for (const { aim, unit, peer } of record.rows)
      expect([aim, unit, peer]).toEqual([{ of: "ratio", value: 10 }, "packets/s", "mqtt-packet"]);
    expect(run.output).toMatch(
      /^ {2}parse PUBACK +[\d,.]+ +[\d,.]+ +packets\/s +mqtt-packet +[\d,.]+ +[\d,.]+ to [\d,.]+ +≥ 10\.0 +(reached|missed: [\d.]+ % of it)$/m,
    );
    expect(run.output).not.toContain("compared with");
    // Of a contest that is not run again.
    const kept = { ...record.rows[0], contest: "memory" };
    fs.writeFileSync(out, writeRecord({ ...record, rows: [...record.rows, kept] }));
    const again = quick(out, ["--only", "codec", "--rounds", "1"]);
    expect(await again.exited).toBe(0);
    expect(again.output).toContain(`Ratios, compared with ${out} (${record.date}):`);
    expect(again.output).toMatch(/^codec, parse PUBACK \(mqtt-packet\) +[\d,.]+ +[\d,.]+ +[+-]\d+ %/m);
    const { rows } = readRecord(fs.readFileSync(out, "utf8"));
    expect(rows).toHaveLength(23);
    expect(rows.filter(({ contest }) => contest === "memory")).toEqual([kept]);
    expect(rows.filter(({ rounds }) => rounds === 1)).toHaveLength(22);
  });

  it("has every message acknowledged that it publishes, by all three clients", async () => {
    const { record } = await measured(["--only", "publishing"], BARE);
    expect(record.machine["broker"]).toBe("aedes");
    expectFigures(record, "publishing", 1);
    expect(names(record)).toEqual(
      [0, 1].flatMap((QoS) =>
        ["a raw socket", "MQTT.js"].flatMap((peer) => [
          `QoS ${QoS} / ${peer}`,
          `QoS ${QoS}, processor time / ${peer}`,
        ]),
      ),
    );
  });

  it("connects as many whole nodes as clients to Mosquitto where it is installed, and says what one takes", async () => {
    const { record } = await measured(["--only", "memory"]);
    expect(record.machine["broker"]).toBe(hasProgram("mosquitto") ? "mosquitto" : "aedes");
    expectFigures(record, "memory", 1);
    expect(names(record)).toEqual(["heap and buffers / MQTT.js", "resident set / MQTT.js"]);
  });

  it("lets links fall silent, which both ends of a pair notice or are said not to have", async () => {
    const { run, record } = await measured(["--only", "half-open", "--rounds", "1"], BARE);
    expectFigures(record, "half-open", 1);
    expect(names(record)).toEqual(
      ["idle", "publishing at QoS 0", "publishing at QoS 1"].map(
        (mode) => `${mode}, keep-alive 1 s / MQTT.js`,
      ),
    );
    // One keep-alive is what the firmware promises; four are all that is waited for.
    for (const { ours, theirs } of record.rows) {
      expect(ours).toBeLessThan(4);
      expect(theirs).toBeLessThanOrEqual(4);
    }
    expect(run.output).not.toContain("Hearth had not noticed");
  });

  it("simulates whole nodes, all of whose readings arrive", async () => {
    const { record } = await measured(["--only", "simulation", "--rounds", "1"]);
    expectFigures(record, "simulation", 1);
    expect(names(record)).toEqual(
      [
        "one reading a second",
        "a reading every 5 s",
        "every 5 s, with a journal in flash",
        "a reading every 60 s",
      ].map((name) => `${name} / mqtt-packet alone`),
    );
    expect(record.machine["broker"]).toBeUndefined();
  });

  it("ends at SIGINT with status 130 and one line, writes nothing, and leaves no process behind", async () => {
    const out = path.join(scratchDirectory(), "bench.json");
    const run = bench(out, ["--only", "half-open"]);
    await until(() => childrenOf(run.child.pid as number).length > 0);
    const children = childrenOf(run.child.pid as number);
    expect(await run.stop("SIGINT")).toBe(130);
    expect(run.errors).toBe("bench: ended before its end: nothing is written\n");
    expect(fs.existsSync(out)).toBe(false);
    for (const child of children) expect(() => process.kill(child, 0)).toThrow("ESRCH");
  });

  it("says in one line what is wrong with its options, with exit status 2", async () => {
    const out = path.join(scratchDirectory(), "bench.json");
    const run = quick(out, ["--only", "speed"]);
    expect(await run.exited).toBe(2);
    expect(run.output).toBe("");
    expect(run.errors).toMatch(/^bench: [^\n]*There is no contest "speed"; there are codec, [^\n]*\n$/);
  });
});

/** Processes that a process has started, and those that these have. */
function childrenOf(parent: number): number[] {
  const file = `/proc/${parent}/task/${parent}/children`;
  if (!fs.existsSync(file)) return [];
  const children = fs.readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...childrenOf(child)]);
}
