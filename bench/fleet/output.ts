import { printable } from "../../cli/output.js";
import { describe, type Summary } from "./summary.js";

/** What `npm run fleet` prints: to a person, or as a line of JSON for each event. */
export interface FleetOutput {
  /** What runs, and against what; pairs of a name and a text. */
  banner(lines: readonly (readonly [string, string])[]): void;
  /** How far it is: takes the place of the one before where there is a terminal. */
  progress(phase: string, figures: Readonly<Record<string, number>>, text: string): void;
  note(text: string): void;
  summary(summary: Summary): void;
}

/** Milliseconds between two lines of progress of a phase where there is no terminal. */
const PERIOD = 5_000;

export function createFleetOutput(
  json: boolean,
  write: (text: string) => void,
  isTerminal: boolean,
): FleetOutput {
  return json ? jsonOutput(write) : textOutput(write, isTerminal);
}

function jsonOutput(write: (text: string) => void): FleetOutput {
  const emit = (event: string, properties: object) =>
    write(`${JSON.stringify({ at: Date.now(), event, ...properties })}\n`);
  return {
    banner: (lines) => emit("start", Object.fromEntries(lines)),
    progress: (phase, figures) => emit("progress", { phase, ...figures }),
    note: (text) => emit("note", { text }),
    summary: (summary) => emit("summary", summary),
  };
}

function textOutput(write: (text: string) => void, isTerminal: boolean): FleetOutput {
  let isOpen = false;
  let shownAt = Number.NEGATIVE_INFINITY;
  let shownPhase = "";
  /** Ends the line that would be written over. */
  const end = () => {
    if (isOpen) write("\n");
    isOpen = false;
  };
  return {
    banner: (lines) => {
      write("\n  Hearth fleet\n\n");
      for (const [name, text] of lines) write(`  ${name.padEnd(11)} ${printable(text)}\n`);
      write("\n");
    },
    progress: (phase, _figures, text) => {
      const line = `  ${phase.padEnd(11)} ${text}`;
      const now = performance.now();
      if (phase !== shownPhase) end();
      else if (!isTerminal && now - shownAt < PERIOD) return;
      shownPhase = phase;
      shownAt = now;
      write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
      isOpen = isTerminal;
    },
    note: (text) => {
      end();
      write(`  ${"note".padEnd(11)} ${printable(text)}\n`);
    },
    summary: (summary) => {
      end();
      const lines = describe(summary).map((line) => `  ${printable(line)}`.trimEnd());
      write(`\n${lines.join("\n")}\n\n`);
    },
  };
}
