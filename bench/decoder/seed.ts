import { Dice } from "./dice.js";
import { compare } from "./differential.js";
import { Failure } from "./failure.js";
import { Grammar } from "./grammar.js";
import { expectation, judge } from "./judge.js";
import { Meter } from "./meter.js";
import { compareParser, LIMIT } from "./parser.js";
import { Refusal } from "./refusals.js";
import { STAGES, Stage } from "./stage.js";
import { countDisagreement, type Tally } from "./tally.js";
import { compareTopics } from "./text.js";
import { Trial } from "./trial.js";
import { describeWay, PLAIN, randomWay, type Way } from "./way.js";

/** Longer streams are split at every byte in one stage only. */
const SHORT = 100;

/** Ways at random, for each stage. */
const RANDOM_WAYS = 6;

/** Topics at random, for each stream. */
const TOPICS = 20;

/** One trial in so many has its allocations counted, which is slow. */
const METERED = 8;

const CONNACK_SIZE = 4;

const meter = new Meter();

/** Checks the stream that follows from a seed. @throws Failure */
export function checkSeed(seed: number, tally: Tally): void {
  const dice = new Dice(seed);
  checkStream(new Grammar(dice, seed).stream(), dice, seed, tally);
}

/**
 * Compares the parser with the specification on a stream, feeds it to a client in every stage, whole, split at every byte and
 * in ways at random, and compares what the client makes of it with mqtt-packet.
 * @param input what shows it again: see Failure
 * @throws Failure at the first that is not as it should be
 */
export function checkStream(stream: Uint8Array, dice: Dice, input: string | number, tally: Tally): void {
  tally.streams += 1;
  tally.bytes += stream.length;
  const fail = (wrong: string, where: string): never => {
    const title = typeof input === "number" ? `seed ${input}: ` : "";
    throw new Failure(
      `${title}${wrong}\n  stream   ${Buffer.from(stream).toString("hex")}\n  client   ${where}`,
      input,
    );
  };

  for (const limit of [PLAIN.packetLimit - 1, LIMIT]) {
    const different = compareParser(stream, limit);
    if (different !== undefined) fail(different, `none: the parser with a limit of ${limit} bytes`);
  }
  let topic: string | undefined;
  try {
    topic = compareTopics(dice, TOPICS);
  } catch (error) {
    topic = `reading a topic throws ${String(error)}`;
  }
  if (topic !== undefined) fail(topic, "none: topics at random");
  for (const [stage, name] of STAGES) {
    const length = stream.length + (stage === Stage.ACCEPTING ? CONNACK_SIZE : 0);
    for (const way of ways(stage, length, stream.length % STAGES.length, dice)) {
      const metered = tally.trials % METERED === 0;
      const [refusal, wrong] = metered ? metering(stream, way, dice) : run(stream, way, dice);
      tally.trials += 1;
      tally.endings[refusal] += 1;
      if (wrong !== undefined) fail(wrong, describeWay(way));
    }
    if (stage !== Stage.HANDSHAKE && stage !== Stage.CONNECTED) continue;
    const unexplained = compare(stream, stage, dice, (which, theirs) =>
      countDisagreement(tally, which, theirs),
    );
    if (unexplained !== undefined) fail(`a disagreement that no clause explains: ${unexplained}`, name);
  }
}

function* ways(stage: Stage, length: number, longStage: number, dice: Dice): Generator<Way> {
  const plain = (...cuts: number[]): Way => ({ ...PLAIN, stage, cuts });
  yield plain();
  if (length <= SHORT || stage === longStage) for (let cut = 1; cut < length; cut++) yield plain(cut);
  yield plain(...Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1));
  for (let i = 0; i < RANDOM_WAYS; i++) yield randomWay(dice, stage, length);
}

type Finding = [refusal: Refusal, wrong: string | undefined];

function run(stream: Uint8Array, way: Way, dice: Dice): Finding {
  const trial = new Trial(stream, way, dice, meter);
  const expected = expectation(trial.bytes, way);
  return [expected.refusal, judge(trial, way, expected)];
}

/** As `run`; and no more is allocated for what arrives than has arrived, whatever it claims to be. */
function metering(stream: Uint8Array, way: Way, dice: Dice): Finding {
  let finding: Finding = [Refusal.NONE, undefined];
  meter.during(() => {
    finding = run(stream, way, dice);
  });
  const [refusal, wrong] = finding;
  // What comes before the stream counts too.
  const allowed = stream.length + 20;
  if (meter.bytes <= allowed) return finding;
  return [refusal, wrong ?? `allocated ${meter.bytes} bytes for a stream of ${stream.length}`];
}
