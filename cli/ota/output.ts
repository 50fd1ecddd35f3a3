/** What `npm run ota` prints: to a person, or as a line of JSON for each event. */

import { printable } from "../output.js";

export type Mark = "done" | "failed" | "going" | "note" | "warning";

export interface OTAOutput {
  /** What will be done; pairs of a name and a text. */
  banner(title: string, lines: readonly (readonly [string, string])[]): void;
  /**
   * Something happened.
   * @param event its name, and its properties for a program
   * @param text the same for a person; without it, only a program is told
   */
  tell(event: string, properties: object, mark?: Mark, text?: string): void;
  /** Only for a person. */
  say(mark: Mark, text: string): void;
  note(text: string): void;
  warning(text: string): void;
  /** Rows below a head. Only for a person. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
}

const MARKS: Readonly<Record<Mark, readonly [colour: number, sign: string]>> = {
  done: [32, "✓"],
  failed: [31, "✗"],
  going: [36, "·"],
  note: [36, "i"],
  warning: [33, "!"],
};

export function createOTAOutput(json: boolean, write: (text: string) => void, colour: boolean): OTAOutput {
  return json ? jsonOutput(write) : textOutput(write, colour);
}

function jsonOutput(write: (text: string) => void): OTAOutput {
  const emit = (event: string, properties: object) =>
    write(`${JSON.stringify({ at: Date.now(), event, ...properties })}\n`);
  return {
    banner: () => {},
    tell: (event, properties) => emit(event, properties),
    say: () => {},
    note: (text) => emit("note", { text }),
    warning: (text) => emit("warning", { text }),
    table: () => {},
  };
}

function textOutput(write: (text: string) => void, colour: boolean): OTAOutput {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const dim = (text: string) => paint(2, text);
  const line = (mark: Mark, text: string) => {
    const [code, sign] = MARKS[mark];
    const time = new Date().toLocaleTimeString("en-GB");
    write(`  ${dim(time)}  ${paint(code, sign)}  ${printable(text)}\n`);
  };
  return {
    banner: (title, lines) => {
      write(`\n  ${paint(1, title)}\n\n`);
      for (const [name, text] of lines) write(`  ${dim(name.padEnd(8))} ${printable(text)}\n`);
      write("\n");
    },
    tell: (_event, _properties, mark = "going", text) => {
      if (text !== undefined) line(mark, text);
    },
    say: line,
    note: (text) => line("note", text),
    warning: (text) => line("warning", text),
    table: (head, rows) => {
      const all = [head, ...rows].map((row) => row.map(printable));
      const widths = head.map((_, column) => Math.max(...all.map((row) => [...row[column]].length)));
      for (const [index, row] of all.entries()) {
        const cells = row.map((cell, column) => cell + " ".repeat(widths[column] - [...cell].length));
        const text = `  ${cells.join("  ").trimEnd()}`;
        write(`${index === 0 ? dim(text) : text}\n`);
      }
    },
  };
}
