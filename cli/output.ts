import { QUANTITIES, type Reading } from "../firmware/codec/reading.js";
import { LinkState } from "../firmware/links/link-state.js";
import type { Monitor } from "../firmware/monitor.js";

/** What `npm start` prints: to a person, or as a line of JSON for each event. */
export interface Output extends Monitor {
  /** What was started and how to watch it; pairs of a name and a text. */
  banner(title: string, lines: readonly (readonly [string, string])[]): void;
  note(text: string): void;
  goodbye(): void;
}

const STATES: Readonly<Record<LinkState, string>> = {
  [LinkState.STOPPED]: "stopped",
  [LinkState.OFFLINE]: "offline",
  [LinkState.WAITING]: "waiting",
  [LinkState.CONNECTING]: "connecting",
  [LinkState.SUBSCRIBING]: "subscribing",
  [LinkState.ONLINE]: "online",
  [LinkState.LEAVING]: "leaving",
};

const UNITS = ["°C", "%", "Pa"];
const DIGITS = [2, 1, 0];

export function createOutput(json: boolean, write: (text: string) => void, colour: boolean): Output {
  return json ? jsonOutput(write) : textOutput(write, colour);
}

/** What another device than the first tells, each line with its name. */
export function labelled(label: string, output: Output): Monitor {
  return {
    lost: (reason, retryIn) => output.lost?.(`${label}: ${reason}`, retryIn),
    commanded: (what, refusal) => output.commanded?.(`${label}: ${what}`, refusal),
    acting: (action) => output.acting?.(`${label}: ${action}`),
    note: (text) => output.note(`${label}: ${text}`),
    warning: (text) => output.warning?.(`${label}: ${text}`),
  };
}

function jsonOutput(write: (text: string) => void): Output {
  const emit = (event: string, properties: object) => {
    write(`${JSON.stringify({ at: Date.now(), event, ...properties })}\n`);
  };
  return {
    banner: (title, lines) => emit("start", { title, ...Object.fromEntries(lines) }),
    note: (text) => emit("note", { text }),
    goodbye: () => emit("end", {}),
    link: (state) => emit("link", { state: STATES[state] }),
    lost: (reason, retryIn) => emit("lost", { reason, retryIn }),
    delivered: ({ quantity, value, seq }, late) => {
      emit("delivered", { quantity: QUANTITIES[quantity], value, seq, late });
    },
    receipt: (receipt) => emit("receipt", { receipt }),
    commanded: (command, refusal) => emit("command", { command, refusal }),
    acting: (action) => emit("action", { action }),
    warning: (text) => emit("warning", { text }),
  };
}

function textOutput(write: (text: string) => void, colour: boolean): Output {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const dim = (text: string) => paint(2, text);
  const line = (mark: string, text: string, aside = "") => {
    write(`  ${dim(new Date().toLocaleTimeString("en-GB"))}  ${mark}  ${printable(text)}${dim(aside)}\n`);
  };
  return {
    banner: (title, lines) => {
      write(`\n  ${paint(1, title)}\n\n`);
      for (const [name, text] of lines) write(`  ${dim(name.padEnd(8))} ${printable(text)}\n`);
      write("\n");
    },
    note: (text) => line(paint(36, "i"), text),
    goodbye: () => line(dim("·"), "goodbye"),
    link: (state) => {
      if (state === LinkState.ONLINE) line(paint(32, "●"), "online");
      if (state === LinkState.LEAVING) line(dim("·"), "saying goodbye to the broker");
    },
    lost: (reason, retryIn) => {
      line(paint(33, "○"), reason, ` - next attempt in ${(retryIn / 1000).toFixed(1)} s`);
    },
    delivered: (reading, late) => {
      line(paint(32, "✓"), describe(reading), `${late ? "  late" : ""}  #${reading.seq}`);
    },
    receipt: (receipt) => line(paint(32, "↩"), `server: ${receipt}`),
    commanded: (what, refusal) => {
      if (refusal === undefined) line(paint(32, "»"), `${what}: done`);
      else line(paint(33, "»"), `${what}: refused, ${refusal}`);
    },
    acting: (action) => line(paint(36, "❄"), action),
    warning: (text) => line(paint(33, "!"), text),
  };
}

/** Without what a broker or a server could steer a terminal with: control characters as `\\x1b`. */
export function printable(text: string): string {
  let result = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    result += isControl ? `\\x${code.toString(16).padStart(2, "0")}` : character;
  }
  return result;
}

function describe({ quantity, value }: Reading): string {
  return `${QUANTITIES[quantity].padEnd(11)} ${value.toFixed(DIGITS[quantity]).padStart(7)} ${UNITS[quantity].padEnd(2)}  acknowledged`;
}
