import { availableParallelism } from "node:os";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { Dice } from "../../bench/decoder/dice.js";
import { Disagreement, Theirs } from "../../bench/decoder/differential.js";
import type { Job, Result } from "../../bench/decoder/jobs.js";
import { expectation, judge } from "../../bench/decoder/judge.js";
import { describeVerdict, LIMIT, verdict } from "../../bench/decoder/parser.js";
import { doAll } from "../../bench/decoder/pool.js";
import { Refusal } from "../../bench/decoder/refusals.js";
import { Outcome, Type } from "../../bench/decoder/specification.js";
import { Stage } from "../../bench/decoder/stage.js";
import { add, newTally, type Tally } from "../../bench/decoder/tally.js";
import { Trial } from "../../bench/decoder/trial.js";
import { PLAIN, type Way } from "../../bench/decoder/way.js";

/** Bytes that mean something somewhere in a fixed header, a length or an identifier. */
const TELLING = [0, 1, 2, 3, 4, 5, 6, 0x7f, 0x80, 0x81, 0x82, 0xff];

/** Outside of Jest, which makes each use of a global slow. */
async function results(...jobs: Job[]): Promise<Result[]> {
  const all: Result[] = [];
  await doAll(jobs, availableParallelism(), (result) => all.push(result));
  return all;
}

/** A small share of `npm run fuzz`, which is the same with more seeds and with every input. */
describe("the decoder, fed what a broker may and may not send", () => {
  const tally: Tally = newTally();
  let failures: string[];
  beforeAll(async () => {
    const jobs = Array.from({ length: 6 }, (_, i): Job => ({ kind: "seeds", first: 1 + i * 50, count: 50 }));
    const all = await results(...jobs);
    failures = all.flatMap(({ failure }) =>
      failure ? [`${failure.message}\nnpm run fuzz -- ${failure.replay}`] : [],
    );
    for (const result of all) if (result.tally) add(tally, result.tally);
  }, 120_000);

  it("does as the specification says in every stage of a connection, however the stream is split", () => {
    expect(failures).toEqual([]);
    expect(tally.streams).toBe(300);
    expect(tally.trials).toBeGreaterThan(80_000);
  });

  it("has been given what each clause forbids", () => {
    expect(tally.endings).toHaveLength(Refusal.TOO_MANY_QOS_2 + 1);
    for (const [refusal, count] of tally.endings.entries())
      expect([refusal, count]).not.toEqual([refusal, 0]);
  });

  it("and mqtt-packet disagree where a clause is named, and have been seen to disagree", () => {
    const counts = tally.disagreements;
    for (const which of [Refusal.TYPE, Refusal.TOPIC_TEXT, Refusal.CONNACK_CODE, Disagreement.REPEATED]) {
      expect(counts[`${which} ${Theirs.TAKES}`]).toBeGreaterThan(0);
    }
    expect(counts[`${Refusal.TOPIC_LONG} ${Theirs.WAITS}`]).toBeGreaterThan(0);
  });
});

describe("inputs of four bytes", () => {
  it("are parsed as the specification says: each first byte with telling ones", () => {
    const bytes = new Uint8Array(4);
    for (let first = 0; first < 256; first++) {
      for (const second of TELLING) {
        for (const third of TELLING) {
          for (const fourth of TELLING) {
            bytes.set([first, second, third, fourth]);
            for (let to = 0; to <= 4; to++) {
              if (verdict(bytes, 0, to, LIMIT) === undefined)
                throw new Error(describeVerdict(bytes, 0, to, LIMIT));
            }
          }
        }
      }
    }
  });

  it("that begin as a CONNACK are seven that are whole, and everything else by the rules of arithmetic", async () => {
    const [{ counts = [], failure }] = await results({ kind: "parse", first: 0x20 });
    expect(failure).toBeUndefined();
    const refused = (refusal: Refusal) => counts[32 + refusal];
    expect(counts[16 + Type.CONNACK]).toBe(7); // codes 0 to 5, and 0 with session present
    expect(refused(Refusal.CONNACK_FLAGS)).toBe(254 * 256);
    expect(refused(Refusal.CONNACK_CODE)).toBe(2 * 250);
    expect(refused(Refusal.CONNACK_SESSION)).toBe(5);
    // Three bytes of a length that goes on, or a length of 2 said in two or three bytes.
    expect(counts[Type.CONNACK]).toBe(128 ** 3 + 256 + 1);
    expect(counts.reduce((sum, count) => sum + count)).toBe(2 ** 24);
    expect(refused(Refusal.ACKNOWLEDGEMENT_SIZE)).toBe(2 ** 24 - 128 ** 3 - 256 - 1 - 256 * 256);
  }, 60_000);

  it.each([
    ["before", Stage.HANDSHAKE],
    ["after", Stage.CONNECTED],
  ])("do to a client %s CONNACK what the specification says", (_when, stage) => {
    const way: Way = { ...PLAIN, stage, cuts: [] };
    const dice = new Dice(1);
    for (const first of [0x10, 0x20, 0x30, 0x32, 0x3b, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xc0, 0xd0]) {
      for (const second of TELLING) {
        for (const third of [0, 2, 0x80, 0xd0]) {
          for (const fourth of [0, 1, 5, 0x80]) {
            const trial = new Trial(Uint8Array.of(first, second, third, fourth), way, dice);
            expect(judge(trial, way, expectation(trial.bytes, way))).toBeUndefined();
          }
        }
      }
    }
  });

  it("count as not decided, as a packet or as refused: the three there are", () => {
    expect(verdict(Uint8Array.of(0x30, 9, 0, 1), 0, 4, LIMIT)).toBe(Outcome.MORE);
    expect(verdict(Uint8Array.of(0x40, 2, 0, 1), 0, 4, LIMIT)).toBe(Outcome.PACKET);
    expect(verdict(Uint8Array.of(0x40, 2, 0, 0), 0, 4, LIMIT)).toBe(Outcome.REFUSED);
  });
});
