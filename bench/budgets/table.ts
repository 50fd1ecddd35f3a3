/** What `npm run budgets` prints. Pure. */

import { deviceBytes } from "../../host-sim/xs/snapshot.js";
import { columns } from "../compare/format.js";
import type { Cost, Figure } from "./figures.js";
import { isExceeded } from "./judge.js";

export function figureTable(figures: readonly Figure[], recorded: Readonly<Record<string, number>>): string {
  const rows = figures.map((figure) => {
    const { name, what, value, unit, aim } = figure;
    return [
      what,
      number(value),
      unit,
      recorded[name] === undefined ? "–" : number(recorded[name]),
      aim === undefined ? "" : number(aim),
      verdict(figure, recorded),
    ];
  });
  return columns([["", "now", "", "recorded", "aim", ""], ...rows], [0, 2, 5]).join("\n");
}

function verdict(figure: Figure, recorded: Readonly<Record<string, number>>): string {
  const { value, aim } = figure;
  if (isExceeded(figure, recorded)) return "EXCEEDED";
  if (aim === undefined) return "";
  if (value <= aim) return "reached";
  return aim === 0
    ? `missed by ${number(value)}`
    : `missed: ${number(Math.round((value / aim) * 10) / 10)} times it`;
}

export function costTable(costs: readonly Cost[]): string {
  const rows = costs.map((cost) => [
    cost.what,
    number(cost.slots),
    number(cost.chunks),
    number(deviceBytes(cost)),
  ]);
  return columns([["", "slots", "chunks", "bytes"], ...rows]).join("\n");
}

export function profileTable(rows: readonly { name: string; calls: number; steps: number }[]): string {
  const lines = rows.map(({ name, calls, steps }) => [name, number(calls), number(Math.round(steps))]);
  return columns([["", "calls", "steps"], ...lines]).join("\n");
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
