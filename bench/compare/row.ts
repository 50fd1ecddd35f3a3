import { type Comparison, compareRounds, type Round } from "./statistics.js";

/** What is wanted of a row. */
export interface Aim {
  /** Of the ratio, or of our figure itself. */
  readonly of: "ratio" | "ours";
  readonly value: number;
}

/** What a contest says of a row before anything is measured. */
export interface RowName {
  readonly contest: string;
  readonly name: string;
  /** What ours is compared with. */
  readonly peer: string;
  readonly unit: string;
  /** Which way is good. */
  readonly better: "more" | "less";
  readonly aim?: Aim;
}

/** One line of the table. */
export interface Row extends RowName, Comparison {
  readonly rounds: number;
  /** What the figures alone do not say. */
  readonly note?: string;
}

export function rowOf(name: RowName, rounds: readonly Round[], note?: string): Row {
  return { ...name, ...compareRounds(rounds), rounds: rounds.length, ...(note !== undefined && { note }) };
}

/** Our share of the aim, more than 1 where it is passed, whichever way is good; `undefined` without an aim. */
export function shareOfAim({ aim, better, ours, ratio }: Row): number | undefined {
  if (!aim) return undefined;
  const figure = aim.of === "ratio" ? ratio.median : ours;
  return better === "more" ? figure / aim.value : aim.value / figure;
}

/** Whether two rows measure the same thing, in two runs. */
export function isSame(one: RowName, other: RowName): boolean {
  return one.contest === other.contest && one.name === other.name && one.peer === other.peer;
}
