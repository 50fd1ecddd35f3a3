/** The time that the graph shows, and how it moves. Pure. */

import { DAY, HOUR, MINUTE, SECOND, WEEK } from "./format.js";

export interface View {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  /** Its end is now, and goes on with it. */
  live: boolean;
}

/** What is shown of a home whose first readings have just come. */
const SOON = 5 * MINUTE;

export const PRESETS: readonly { name: string; label: string; span: number }[] = [
  { name: "minutes", label: "5 min", span: SOON },
  { name: "hour", label: "Hour", span: HOUR },
  { name: "day", label: "Day", span: DAY },
  { name: "week", label: "Week", span: WEEK },
];

/** Milliseconds. */
const SHORTEST = 10 * SECOND;
const LONGEST = 400 * DAY;

/** Whoever comes so near to now, as a share of the span, wants to see what comes. */
const NEAR = 0.02;

/** The last `span` milliseconds, live. */
export function lastSpan(span: number, now: number): View {
  return { from: now - span, to: now, live: true };
}

export function spanOf(view: View): number {
  return view.to - view.from;
}

/** What to begin with, for whoever has not said: the last hour, unless there is little of it. */
export function firstSpan(oldest: number, now: number): number {
  return now - oldest < SOON ? SOON : HOUR;
}

/** From here to there, whichever comes first, within what can be shown: never past now. */
export function between(a: number, b: number, now: number): View {
  const span = Math.min(LONGEST, Math.max(SHORTEST, Math.abs(b - a)));
  const middle = (a + b) / 2;
  const to = middle + span / 2;
  const live = now - to <= span * NEAR;
  const end = live ? now : to;
  return { from: end - span, to: end, live };
}

/**
 * Shows `factor` times as much time (below 1: closer).
 * @param at what stays where it is, from 0 (the left edge) to 1; a live view stays live
 */
export function zoomed(view: View, factor: number, now: number, at = view.live ? 1 : 0.5): View {
  const old = spanOf(view);
  const span = Math.min(LONGEST, Math.max(SHORTEST, old * factor));
  const from = view.from + (old - span) * at;
  return between(from, from + span, now);
}

/** Moves by a share of what is shown: -0.5 is half of it into the past. */
export function panned(view: View, share: number, now: number): View {
  const by = spanOf(view) * share;
  return between(view.from + by, view.to + by, now);
}

/**
 * Two fingers move from places to others: what was below each stays below it. Places are shares of the width, from 0 to 1.
 */
export function pinched(
  view: View,
  before: readonly [number, number],
  after: readonly [number, number],
  now: number,
): View {
  const span = spanOf(view);
  const [first, second] = before.map((place) => view.from + place * span);
  const apart = Math.max(0.02, Math.abs(after[1] - after[0]));
  const wide = Math.abs(second - first) / apart;
  const from = (first + second) / 2 - ((after[0] + after[1]) / 2) * wide;
  return between(from, from + wide, now);
}

/** A live view goes on; another stays. */
export function advanced(view: View, now: number): View {
  return view.live ? lastSpan(spanOf(view), now) : view;
}

/** The points that are worth asking for: some more than the graph has pixels across. */
export function pointsFor(width: number): number {
  return Math.min(2_000, Math.max(150, Math.round(width * 1.5)));
}
