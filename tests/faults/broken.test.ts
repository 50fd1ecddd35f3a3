import { afterEach, describe, expect, it } from "@jest/globals";
import { run, USUAL } from "../../bench/faults/run.js";
import { BREAKS, type Break } from "../support/breaks.js";
import { Running, stopAll } from "../support/programs.js";

const ONE_LIFE = new URL("../support/one-life.js", import.meta.url).pathname;
const PROGRAM = new URL("../../bench/faults/main.js", import.meta.url).pathname;
const SABOTAGE = new URL("../support/sabotage.js", import.meta.url).href;

/** SABOTAGE=all breaks the firmware in every way that is listed, which takes minutes. */
const BREAKS_ALL = process.env["SABOTAGE"] === "all";

const broken = ({ file, from, to }: Break, ...args: (string | number)[]) =>
  new Running(process.execPath, ["--no-warnings", "--import", SABOTAGE, ...args.map(String)], {
    env: { ...process.env, SABOTAGE: JSON.stringify({ file, from, to }) },
  });

afterEach(stopAll);

describe("the fault bench finds it when", () => {
  const cases = BREAKS.filter(({ always }) => always || BREAKS_ALL);
  it.each(cases.map((one) => [one.what, one] as const))(
    "%s",
    async (_what, one) => {
      const { seed, days, finds } = one;
      const program = broken(one, ONE_LIFE, seed, days);
      expect([await program.exited, program.errors]).toEqual([0, ""]);
      expect(program.output).toMatch(finds);
    },
    120_000,
  );

  it("and says how to see it again, in a shorter run with fewer faults", async () => {
    const [one] = BREAKS;
    const first = broken(one, PROGRAM, "--seed", one.seed, "--days", one.days);
    expect([await first.exited, first.errors]).toEqual([1, ""]);
    expect(first.output).toMatch(one.finds);
    const replay = /^replay: npm run faults -- (.*)$/m.exec(first.output)?.[1] as string;
    const second = broken(one, PROGRAM, ...replay.split(" "));
    expect(await second.exited).toBe(1);
    expect(second.output).toMatch(one.finds);
  }, 120_000);

  it("and nothing in the same runs of firmware that is whole", () => {
    const runs = new Map(cases.map(({ seed, days }) => [`${seed} ${days}`, { seed, days }]));
    for (const { seed, days } of runs.values()) {
      const { failure } = run({ seed, days, faults: USUAL });
      expect([seed, failure?.text]).toEqual([seed, undefined]);
    }
  }, 120_000);
});
