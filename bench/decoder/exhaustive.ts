/** Every one of the 2^32 inputs of four bytes. */

import type { Dice } from "./dice.js";
import { Failure } from "./failure.js";
import { expectation, judge } from "./judge.js";
import { describeVerdict, found, LIMIT, verdict } from "./parser.js";
import { Refusal } from "./refusals.js";
import { Found, firstPacket, Outcome } from "./specification.js";
import type { Stage } from "./stage.js";
import { Trial } from "./trial.js";
import { describeWay, PLAIN, type Way } from "./way.js";

/** Kinds of a finding: for each type one that needs more, for each type one that is whole, and each refusal. */
export const KINDS = 32 + Refusal.TOO_MANY_QOS_2 + 1;

/** The packet limit of the clients that are run. */
const PACKET_LIMIT = LIMIT + 1;

/** Fourth bytes drawn at random for each beginning of three. */
const SAMPLE = 4;

function kindOf(outcome: Outcome, { type, refusal }: Found): number {
  if (outcome === Outcome.REFUSED) return 32 + refusal;
  return outcome === Outcome.MORE ? type : 16 + type;
}

/**
 * Compares the parser with the specification on the 2^24 inputs that begin with `first`: on all of the four bytes and
 * each beginning of them, at two places of a buffer, with different bytes in front and behind; and where a packet is
 * whole, on what follows it. What is decided by a beginning must stay so.
 * @returns how many inputs there are of each kind, by their first packet
 * @throws Failure where the two differ
 */
export function parseEvery(first: number): number[] {
  const counts = new Array<number>(KINDS).fill(0);
  const near = new Uint8Array(8);
  const far = new Uint8Array(11).fill(0xff);
  /** The kind of the beginning of one, two and three bytes where it is decided, otherwise -1. */
  const decided = [-1, -1, -1];

  const look = (length: number): number => {
    const outcome = verdict(near, 0, length, LIMIT);
    if (outcome === undefined) throw differs(near, 0, length);
    const kind = kindOf(outcome, found);
    const { end } = found;
    if (verdict(far, 3, 3 + length, LIMIT) !== outcome || kindOf(outcome, found) !== kind)
      throw differs(far, 3, length);
    if (outcome === Outcome.PACKET && end < length) lookBehind(end, length);
    return outcome === Outcome.MORE ? -1 - kind : kind;
  };
  const lookBehind = (from: number, to: number): void => {
    for (let at = from; at < to; at = found.end) {
      const outcome = verdict(near, at, to, LIMIT);
      if (outcome === undefined) throw differs(near, at, to - at);
      if (outcome !== Outcome.PACKET) return;
    }
  };
  const put = (at: number, byte: number): void => {
    near[at] = far[3 + at] = byte;
  };

  // Bytes that have not come are 0 in the one and 255 in the other.
  const hide = (at: number): void => {
    near[at] = 0;
    far[3 + at] = 0xff;
  };

  put(0, first);
  decided[0] = look(1);
  for (let second = 0; second < 256; second++) {
    put(1, second);
    decided[1] = stays(decided[0], look(2), near);
    for (let third = 0; third < 256; third++) {
      put(2, third);
      decided[2] = stays(decided[1], look(3), near);
      const before = decided[2];
      for (let fourth = 0; fourth < 256; fourth++) {
        near[3] = far[6] = fourth;
        const kind = stays(before, look(4), near);
        counts[kind < 0 ? -1 - kind : kind] += 1;
      }
      hide(3);
    }
    hide(2);
  }
  return counts;
}

/** @returns `kind`, having seen that it is what was decided `before`, if anything was. */
function stays(before: number, kind: number, bytes: Uint8Array): number {
  if (before >= 0 && kind !== before)
    throw new Failure(`${hex(bytes)} changes what was decided before`, hex(bytes));
  return kind;
}

function differs(bytes: Uint8Array, from: number, length: number): Failure {
  return new Failure(describeVerdict(bytes, from, from + length, LIMIT), hex(bytes.subarray(from)));
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 4)).toString("hex");

/**
 * Runs clients in a stage on the inputs that begin with `first`, descending byte by byte: where a beginning has ended the
 * connection, no further byte is taken from the socket, and all inputs with that beginning are done. Of the fourth
 * bytes behind any other beginning, those are run that `fourthBytes` chooses.
 * @returns the number of clients
 * @throws Failure at one that is not as the specification wants it
 */
export function runEvery(stage: Stage, first: number, dice: Dice): number {
  const way: Way = { ...PLAIN, stage, cuts: [], packetLimit: PACKET_LIMIT };
  const bytes = [first, 0, 0, 0];
  let clients = 0;
  const run = (length: number): boolean => {
    clients += 1;
    const stream = Uint8Array.from(bytes.slice(0, length));
    const trial = new Trial(stream, way, dice);
    const wrong = judge(trial, way, expectation(trial.bytes, way));
    if (wrong !== undefined)
      throw new Failure(`${hex(stream)}: ${wrong}\n  client   ${describeWay(way)}`, hex(stream));
    return !trial.isOver;
  };

  if (!run(1)) return clients;
  for (bytes[1] = 0; bytes[1] < 256; bytes[1]++) {
    if (!run(2)) continue;
    for (bytes[2] = 0; bytes[2] < 256; bytes[2]++) {
      if (!run(3)) continue;
      for (const fourth of fourthBytes(bytes, dice)) {
        bytes[3] = fourth;
        run(4);
      }
    }
  }
  return clients;
}

const scratch = new Found();

/** All that make a packet whole or follow one; of the others the first and the last of each kind in a row, and some at random. */
function fourthBytes([first, second, third]: readonly number[], dice: Dice): Iterable<number> {
  const chosen = new Set(Array.from({ length: SAMPLE }, () => dice.below(256)));
  const bytes = Uint8Array.of(first, second, third, 0);
  let last = -1;
  for (let fourth = 0; fourth < 256; fourth++) {
    bytes[3] = fourth;
    const outcome = firstPacket(bytes, 0, 4, LIMIT, scratch);
    const kind = kindOf(outcome, scratch);
    if (kind !== last || outcome === Outcome.PACKET) chosen.add(Math.max(0, fourth - 1)).add(fourth);
    last = kind;
  }
  return chosen.add(255);
}
