/** What became of a command, in words. Pure. */

import { visible } from "./names.js";

export type Outcome =
  | { kind: "sending" }
  | { kind: "done" }
  | { kind: "refused"; reason: string }
  | { kind: "unanswered" }
  | { kind: "unsent"; reason: string };

/** What the server says to a command; `status` is that of HTTP. */
export function outcomeOf(status: number, json: unknown): Outcome {
  const body = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  const { outcome, reason, error } = body;
  if (outcome === "done") return { kind: "done" };
  if (outcome === "refused")
    return { kind: "refused", reason: typeof reason === "string" ? reason : "no reason given" };
  if (outcome === "unanswered" || status === 504) return { kind: "unanswered" };
  return { kind: "unsent", reason: typeof error === "string" ? error : `the server says ${status}` };
}

/** @param wish what was asked for, as "Target 19.0 °C" */
export function outcomeText(outcome: Outcome, wish: string): string {
  switch (outcome.kind) {
    case "sending":
      return `${wish}: sending …`;
    case "done":
      return `${wish}: done`;
    case "refused":
      return `${wish}: refused: ${visible(outcome.reason, 200)}`;
    case "unanswered":
      return `${wish}: no answer. The device may be offline.`;
    case "unsent":
      return `${wish}: not sent: ${visible(outcome.reason, 200)}`;
  }
}

/** °C that an air conditioner takes as its target. */
export const TARGET = { minimum: 10, maximum: 35, step: 0.1, button: 0.5 } as const;

/** The target that a text asks for, in tenths, or what is wrong with it. */
export function targetOf(text: string): number | string {
  const value = text.trim() === "" ? Number.NaN : Number(text.trim().replace(",", "."));
  const tenths = Math.round(value * 10);
  if (!(value >= TARGET.minimum && value <= TARGET.maximum))
    return `Allowed is a target from ${TARGET.minimum} to ${TARGET.maximum} °C`;
  if (Math.abs(value * 10 - tenths) > 1e-6) return "Allowed is a target in tenths of a degree";
  return tenths / 10;
}

/** One press of a button: to the next multiple of half a degree, within what is allowed. */
export function stepped(value: number, direction: 1 | -1): number {
  const { minimum, maximum, button } = TARGET;
  const steps = value / button;
  const next = direction > 0 ? Math.floor(steps + 1e-6) + 1 : Math.ceil(steps - 1e-6) - 1;
  return Math.min(maximum, Math.max(minimum, next * button));
}
