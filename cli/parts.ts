import type { Output } from "./output.js";

/** What every part takes beside its own options. */
export interface Common {
  /** Milliseconds, `undefined` without end. */
  duration: number | undefined;
  /** Events as lines of JSON. */
  json: boolean;
}

/** A part, its options checked: ready to run. */
export interface Ready extends Common {
  /**
   * Runs until `end`, and has closed everything when it returns.
   * @throws UsageError where what was asked for cannot be had, such as a port that is taken
   * @throws Failure where it cannot go on, such as on a full disk
   */
  run(output: Output, end: Promise<void>): Promise<void>;
}

/**
 * One of the parts that `npm start -- <part>` runs.
 * @param argv the arguments behind the part's name
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help or the version was asked for and printed
 */
export type Part = (argv: readonly string[], version: string) => Ready | undefined;
