import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { type Contest, inTurn } from "../../bench/compare/contest.js";
import { columns, figure } from "../../bench/compare/format.js";
import { parseArguments } from "../../bench/compare/options.js";
import { changesSince, readRecord, recordOf, writeRecord } from "../../bench/compare/record.js";
import { type Row, type RowName, rowOf, shareOfAim } from "../../bench/compare/row.js";
import { compareRounds, spreadOf } from "../../bench/compare/statistics.js";
import { changeTable, table } from "../../bench/compare/table.js";
import { scratchDirectory, stopAll } from "../support/programs.js";

const NAME: RowName = {
  contest: "codec",
  name: "parse PUBACK",
  peer: "mqtt-packet",
  unit: "packets/s",
  better: "more",
};

const row = (ratios: readonly number[], more: Partial<RowName> = {}): Row =>
  rowOf(
    { ...NAME, ...more },
    ratios.map((ratio) => ({ ours: ratio * 100, theirs: 100 })),
  );

describe("the statistics of rounds", () => {
  it.each([
    [[3], { median: 3, low: 3, high: 3 }],
    [[9, 1, 5], { median: 5, low: 3, high: 7 }],
    [[4, 1, 3, 2], { median: 2.5, low: 1.75, high: 3.25 }],
  ])("of %j are the middle and the bounds of the middle half", (values, spread) => {
    expect(spreadOf(values)).toEqual(spread);
  });

  it("leave the numbers in their order, and refuse none at all", () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
    expect(() => spreadOf([])).toThrow("nothing was measured");
  });

  it("take the ratio of each round by itself, so that a machine that slows down for all changes nothing", () => {
    const { ours, theirs, ratio } = compareRounds([
      { ours: 200, theirs: 100 },
      { ours: 20, theirs: 10 },
      { ours: 2_000, theirs: 1_000 },
    ]);
    expect([ours, theirs]).toEqual([200, 100]);
    expect(ratio).toEqual({ median: 2, low: 2, high: 2 });
  });

  it("let each side begin in turn", async () => {
    const order: string[] = [];
    const side = (name: string) => async (round: number) => {
      order.push(`${name}${round}`);
      return round;
    };
    expect(await inTurn(3, side("a"), side("b"))).toEqual([
      { ours: 0, theirs: 0 },
      { ours: 1, theirs: 1 },
      { ours: 2, theirs: 2 },
    ]);
    expect(order).toEqual(["a0", "b0", "b1", "a1", "a2", "b2"]);
  });
});

describe("an aim", () => {
  it.each<[string, Partial<RowName>, number, number]>([
    ["of a ratio that should be high", { aim: { of: "ratio", value: 10 } }, 8, 0.8],
    ["of a ratio that should be low", { better: "less", aim: { of: "ratio", value: 0.25 } }, 0.5, 0.5],
    ["of our figure", { aim: { of: "ours", value: 1_000 } }, 20, 2],
  ])("%s tells our share of it", (_what, name, ratio, share) => {
    expect(shareOfAim(row([ratio], name))).toBeCloseTo(share);
  });

  it("is not there for every row", () => {
    expect(shareOfAim(row([1]))).toBeUndefined();
  });
});

describe("the table", () => {
  it.each([
    [1_234_567.8, "1,234,568"],
    [100, "100"],
    [12.345, "12.3"],
    [1.2345, "1.23"],
    [0.12345, "0.123"],
  ])("shows %d as %s", (value, text) => {
    expect(figure(value)).toBe(text);
  });

  it("puts text to the left and numbers to the right", () => {
    expect(
      columns([
        ["a", "1"],
        ["long", "22"],
      ]),
    ).toEqual(["a      1", "long  22"]);
  });

  it("has a line for each row below its contest, and says of each aim whether it is reached", () => {
    const lines = table([
      row([12], { name: "reached", aim: { of: "ratio", value: 10 } }),
      row([5], { name: "missed", aim: { of: "ratio", value: 10 } }),
      row([1], { contest: "memory", name: "too much", better: "less", aim: { of: "ratio", value: 0.25 } }),
      row([1], { contest: "memory", name: "no aim" }),
    ]).split("\n");
    expect(lines.map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
      "Hearth",
      "codec",
      "reached",
      "missed",
      "memory",
      "too much",
      "no aim",
    ]);
    expect(lines[2]).toMatch(/12\.0 +12\.0 to 12\.0 +≥ 10\.0 +reached$/);
    expect(lines[3]).toMatch(/≥ 10\.0 +missed: 50 % of it$/);
    expect(lines[5]).toMatch(/≤ 0\.250 +missed: 4\.00 times it$/);
    expect(lines[6]).toMatch(/1\.00 to 1\.00$/);
  });

  it("has notes below", () => {
    const noted = rowOf(NAME, [{ ours: 1, theirs: 1 }], "that is all");
    expect(table([noted])).toMatch(/\n\ncodec, parse PUBACK, mqtt-packet: that is all$/);
  });
});

const FACTS = { date: "2026-11-29T20:00:00.000Z", isQuick: false, machine: { node: "v20" } };

describe("the file of a run", () => {
  it("is read as it was written", () => {
    const record = recordOf(FACTS, [row([1, 2, 3], { aim: { of: "ratio", value: 10 } })]);
    expect(readRecord(writeRecord(record))).toEqual(record);
  });

  it("keeps the rows of contests that were not run again, and no others", () => {
    const former = recordOf(FACTS, [row([1], { name: "gone" }), row([2], { contest: "memory" })]);
    const { rows } = recordOf(FACTS, [row([3])], former);
    expect(rows.map(({ contest, name, ratio }) => [contest, name, ratio.median])).toEqual([
      ["memory", "parse PUBACK", 2],
      ["codec", "parse PUBACK", 3],
    ]);
  });

  it.each([
    ["{", "it is not JSON"],
    ["null", "it is no file of npm run bench"],
    ["[]", "it is no file of npm run bench"],
    ['{"format":2}', "it has format 2, this program writes 1"],
    ['{"format":1,"isQuick":false}', "what is in it is not what this program writes"],
    ['{"format":1,"isQuick":false,"rows":[{}]}', "what is in it is not what this program writes"],
    ['{"format":1,"isQuick":false,"rows":[null]}', "what is in it is not what this program writes"],
  ])("%s is refused: %s", (text, reason) => {
    expect(() => readRecord(text)).toThrow(reason);
  });
});

describe("what has changed since", () => {
  const change = (before: readonly number[], after: readonly number[], more: Partial<RowName> = {}) =>
    changesSince([row(before, more)], [row(after, more)])[0];

  it("is better or worse where the rounds have nothing in common, whichever way is good", () => {
    expect(change([1, 1, 1], [2, 2, 2])).toMatchObject({
      before: 1,
      after: 2,
      isBeyondNoise: true,
      isBetter: true,
    });
    expect(change([2, 2, 2], [1, 1, 1])).toMatchObject({ isBeyondNoise: true, isBetter: false });
    expect(change([2, 2, 2], [1, 1, 1], { better: "less" })).toMatchObject({
      isBeyondNoise: true,
      isBetter: true,
    });
  });

  it("is noise where the rounds differ as much among themselves, or little has changed", () => {
    // Their middle halves are 1 wide each.
    expect(change([1, 2, 3], [3, 4, 5])).toMatchObject({ isBeyondNoise: false });
    expect(change([1, 2, 3], [3.1, 4.1, 5.1])).toMatchObject({ isBeyondNoise: true });
    expect(change([1, 1, 1], [1.04, 1.04, 1.04])).toMatchObject({ isBeyondNoise: false });
    expect(change([1, 1, 1], [1.06, 1.06, 1.06])).toMatchObject({ isBeyondNoise: true });
  });

  it("is told of rows that both runs have, against the same peer", () => {
    expect(
      changesSince([row([1], { peer: "another" }), row([1], { contest: "memory" })], [row([1])]),
    ).toEqual([]);
  });

  it("is a line for each, with a word where it is no noise", () => {
    const changes = changesSince(
      [row([1]), row([4], { name: "parse" })],
      [row([1.01]), row([2], { name: "parse" })],
    );
    const lines = changeTable(changes).split("\n");
    expect(lines[1]).toMatch(/^codec, parse PUBACK \(mqtt-packet\) +1\.00 +1\.01 +\+1 %$/);
    expect(lines[2]).toMatch(/^codec, parse \(mqtt-packet\) +4\.00 +2\.00 +-50 % +WORSE$/);
  });
});

describe("the options of npm run bench", () => {
  afterEach(stopAll);

  const contest = (name: string): Contest => ({ name, about: `what ${name} is`, run: async () => [] });
  const CONTESTS = ["codec", "memory"].map(contest);
  const parse = (...argv: string[]) => parseArguments(argv, CONTESTS);

  it("are all contests and no former run by default", () => {
    const out = path.join(scratchDirectory(), "deep", "bench.json");
    expect(parse("--out", out)).toEqual({
      contests: CONTESTS,
      rounds: undefined,
      isQuick: false,
      out,
      former: undefined,
      compared: out,
    });
    // It can be written, and is not before there is something to write.
    expect(fs.readdirSync(path.dirname(out))).toEqual([]);
  });

  it("name contests, rounds, and a file to compare with", () => {
    const directory = scratchDirectory();
    const compared = path.join(directory, "then.json");
    const record = recordOf(FACTS, [row([1])]);
    fs.writeFileSync(compared, writeRecord(record));
    const out = path.join(directory, "now.json");
    const options = parse(
      "--only",
      "memory",
      "--rounds",
      "3",
      "--quick",
      "--compare",
      compared,
      "--out",
      out,
    );
    expect(options).toMatchObject({
      contests: [CONTESTS[1]],
      rounds: 3,
      isQuick: true,
      former: record,
      compared,
    });
  });

  it("compare with the last run where it is there", () => {
    const out = path.join(scratchDirectory(), "bench.json");
    fs.writeFileSync(out, writeRecord(recordOf(FACTS, [row([1])])));
    expect(parse("--out", out)?.former?.rows).toHaveLength(1);
    expect(fs.readFileSync(out, "utf8")).toContain("parse PUBACK");
  });

  it.each([
    [["--only", "speed"], 'There is no contest "speed"; there are codec, memory.'],
    [["--rounds", "0"], "Allowed is a whole number from 1 to 10000."],
    [["--rounds", "1e3"], "Allowed is a whole number from 1 to 10000."],
    [["--compare", "/nowhere/then.json"], "option --compare: /nowhere/then.json cannot be compared with"],
    [["--out", "/dev/null/now.json"], "option --out: "],
    [["more"], "too many arguments"],
  ])("%j are refused in one line", (argv, message) => {
    const out = path.join(scratchDirectory(), "bench.json");
    const run = () => parse("--out", out, ...argv);
    expect(run).toThrow(message);
    expect(run).toThrow(/^[^\n]+$/);
  });

  it("refuse to write over a file that is no run's", () => {
    const out = path.join(scratchDirectory(), "notes.json");
    fs.writeFileSync(out, '{"mine":1}');
    expect(() => parse("--out", out)).toThrow("it is no file of npm run bench");
    expect(fs.readFileSync(out, "utf8")).toBe('{"mine":1}');
  });
});
