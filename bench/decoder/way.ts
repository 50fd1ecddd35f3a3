import type { Dice } from "./dice.js";
import { STAGES, Stage } from "./stage.js";

export const enum Reading {
  /** All, in the callback. */
  AT_ONCE,
  /** All, in the callback, in several pieces. */
  PIECEWISE,
  /** Some of it in the callback, the rest later. */
  PARTLY,
  /** Outside of the callback, perhaps when more has come. */
  LATER,
}

const READINGS = ["at once", "in pieces", "partly later", "later"];

export const enum Room {
  AMPLE,
  /** A few bytes now and then. */
  DRIPPING,
  /** Nothing after CONNECT. */
  NONE,
}

const ROOMS = ["ample room", "room by drops", "no room at all"];

/** How a stream is fed to a client, and what surrounds the client. */
export interface Way {
  readonly stage: Stage;
  /** Where the stream is split, ascending. */
  readonly cuts: readonly number[];
  readonly reading: Reading;
  readonly room: Room;
  /** The application closes in this callback, counted from 1; 0 for never. */
  readonly closeAt: number;
  readonly packetLimit: number;
  readonly clean: boolean;
  /** What the server's CONNACK says, where the stream has none of its own. */
  readonly sessionPresent: boolean;
  /** QoS 2 messages that can be under way, and those known before. */
  readonly capacity: number;
  readonly known: readonly number[];
}

export const PLAIN: Omit<Way, "stage" | "cuts"> = {
  reading: Reading.AT_ONCE,
  room: Room.AMPLE,
  closeAt: 0,
  packetLimit: 128,
  clean: false,
  sessionPresent: false,
  capacity: 32,
  known: [],
};

/** Any way there is. */
export function randomWay(dice: Dice, stage: Stage, length: number): Way {
  const clean = dice.once(4);
  return {
    stage,
    cuts: randomCuts(dice, length),
    reading: dice.below(4) as Reading,
    room: dice.once(6) ? Room.NONE : dice.once(2) ? Room.DRIPPING : Room.AMPLE,
    closeAt: dice.once(6) ? dice.between(1, 5) : 0,
    packetLimit: dice.pick([128, 128, 129, 200, 512]),
    clean,
    sessionPresent: dice.once(2) && (!clean || stage === Stage.ACCEPTING),
    capacity: dice.pick([1, 2, 4, 32]),
    known: dice.once(2) ? [1] : [],
  };
}

function randomCuts(dice: Dice, length: number): number[] {
  const cuts = new Set<number>();
  for (let count = dice.below(6); count > 0 && length > 1; count--) cuts.add(dice.between(1, length - 1));
  return [...cuts].sort((a, b) => a - b);
}

export function describeWay(way: Way): string {
  const cuts = way.cuts.length > 12 ? `${way.cuts.slice(0, 12).join(", ")} and on` : way.cuts.join(", ");
  return [
    STAGES[way.stage][1],
    cuts ? `split at ${cuts}` : "whole",
    `read ${READINGS[way.reading]}`,
    ROOMS[way.room],
    way.closeAt ? `closed in callback ${way.closeAt}` : "",
    `packetLimit ${way.packetLimit}`,
    way.clean ? "CleanSession" : "",
    way.known.length > 0 ? `QoS 2 id ${way.known.join(", ")} known` : "",
    `${way.capacity} QoS 2 ids`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}
