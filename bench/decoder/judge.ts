import { type Conversation, conversation, type Event } from "./conversation.js";
import { REFUSALS, Refusal } from "./refusals.js";
import type { StrictSocket } from "./socket.js";
import { Stage } from "./stage.js";
import type { Trial } from "./trial.js";
import { Room, type Way } from "./way.js";

/** What the specification wants of a trial. */
export function expectation(bytes: Uint8Array, way: Way): Conversation {
  if (way.stage === Stage.CONNECTING) {
    return {
      events: [],
      answers: [],
      refusal: bytes.length > 0 ? Refusal.SPOKE_FIRST : Refusal.NONE,
      returnCode: 0,
    };
  }
  return conversation(way.stage === Stage.CLOSED ? bytes.subarray(0, 4) : bytes, {
    packetLimit: way.packetLimit,
    clean: way.clean,
    capacity: way.capacity,
    known: way.known,
    accepted: false,
    answers: way.room !== Room.NONE && way.stage !== Stage.DISCONNECTED,
  });
}

/** What is wrong with a trial that has run, in words, or `undefined`. */
export function judge(trial: Trial, way: Way, expected: Conversation): string | undefined {
  if (trial.trouble !== undefined) return trial.trouble;
  const socket = trial.socket as StrictSocket;
  if (socket.closes !== (trial.isOver ? 1 : 0)) return `closed its socket ${socket.closes} times`;
  const { events } = trial.application;
  const error = trial.errors[0];
  const closedByApplication = trial.isOver && !error;
  if (closedByApplication) {
    if (way.closeAt === 0 && way.stage !== Stage.CLOSED) return "nobody has closed it";
    return differenceOfEvents(events, expected.events, true) ?? differenceOfAnswers(trial, expected, true);
  }
  return (
    differenceOfEvents(events, expected.events, false) ??
    differenceOfAnswers(trial, expected, false) ??
    differenceOfEnding(error?.message, error?.returnCode ?? 0, expected) ??
    (!error && way.room !== Room.NONE && way.stage !== Stage.DISCONNECTED && socket.taken < trial.bytes.length
      ? `left ${trial.bytes.length - socket.taken} bytes in the socket`
      : undefined)
  );
}

function differenceOfEvents(
  got: readonly Event[],
  wanted: readonly Event[],
  cut: boolean,
): string | undefined {
  for (let i = 0; i < Math.max(got.length, wanted.length); i++) {
    const is = got[i];
    const should = wanted[i];
    if (cut && is === undefined) return undefined;
    const last = cut && i === got.length - 1;
    if (is?.what === should?.what) {
      if (is.payload === should.payload || (last && should.payload.startsWith(is.payload))) continue;
      return `${is.what} with the payload ${hex(is.payload)} in place of ${hex(should.payload)}`;
    }
    return `told of ${is?.what ?? "nothing"} in place of ${should?.what ?? "nothing"}`;
  }
  return undefined;
}

function differenceOfAnswers({ answers }: Trial, expected: Conversation, cut: boolean): string | undefined {
  const wanted = expected.answers;
  let same = answers.length === wanted.length || (cut && answers.length < wanted.length);
  for (let i = 0; i < answers.length; i++) same &&= answers[i] === wanted[i];
  return same ? undefined : `answered ${hexOf(answers)} in place of ${hexOf(wanted)}`;
}

function differenceOfEnding(
  message: string | undefined,
  returnCode: number,
  expected: Conversation,
): string | undefined {
  const { refusal } = expected;
  if (refusal !== Refusal.NONE) {
    const { words } = REFUSALS[refusal];
    return message?.endsWith(words) ? undefined : `${message ?? "no error"} in place of "${words}"`;
  }
  if (expected.returnCode > 0) {
    return returnCode === expected.returnCode
      ? undefined
      : `return code ${returnCode} in place of ${expected.returnCode}`;
  }
  return message === undefined ? undefined : `refused (${message}) what nothing forbids`;
}

function hex(payload: string): string {
  return payload === "" ? "(none)" : Buffer.from(payload, "latin1").toString("hex");
}

function hexOf(bytes: readonly number[]): string {
  return bytes.length === 0 ? "nothing" : Buffer.from(bytes).toString("hex");
}
