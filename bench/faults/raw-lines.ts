import { QUANTITIES } from "../../firmware/codec/reading.js";
import type { Ledger } from "./ledger.js";

/** Times that a line may come. */
const REPETITIONS = 10;

/** Milliseconds, besides two of the sensor's values, for a line to come when nothing is wrong. */
const LIMIT = 600_000;

/** What of one device comes to the raw TCP server: lines may be lost and repeated, and are never invented. */
export class RawLines {
  #ledger: Ledger;
  #fail: (what: string) => void;
  #last = "";
  #times = 0;
  #at = 0;

  constructor(ledger: Ledger, fail: (what: string) => void) {
    this.#ledger = ledger;
    this.#fail = fail;
  }

  came(message: Record<string, unknown>, line: string, at: number): void {
    const quantity = QUANTITIES.findIndex((name) => message[name] !== undefined);
    const value = message[QUANTITIES[quantity] ?? ""] as number;
    const problem = this.#ledger.problemWith(quantity, value, message["seq"], message["epoch"]);
    if (problem) this.#fail(`raw TCP: ${problem}: ${line}`);
    this.#times = this.#last === line ? this.#times + 1 : 1;
    this.#last = line;
    this.#at = at;
    if (this.#times > REPETITIONS) this.#fail(`raw TCP: ${this.#times} times the same: ${line}`);
  }

  /** Nothing has been wrong for long. @param pace milliseconds between two of the sensor's values */
  settle(now: number, pace: number): void {
    const silence = now - this.#at;
    if (silence > LIMIT + 2 * pace) this.#fail(`raw TCP: nothing has come for ${silence} ms`);
  }
}
