import { createHash } from "node:crypto";

/** Characters that are folded into the digest at once. */
const BATCH = 65_536;

/** Lines that are kept to be shown after a failure. */
const LAST = 40;

/** Everything that happens in a run, as lines; they are folded into a digest, so that two runs can be compared byte for byte. */
export class Trace {
  #hash = createHash("sha256");
  #batch = "";
  #last: string[] = [];
  #at = 0;
  #sink: ((text: string) => void) | undefined;

  /** @param sink gets all lines, in pieces */
  constructor(sink?: (text: string) => void) {
    this.#sink = sink;
  }

  /**
   * @param time milliseconds since the start of the run
   * @param who the device, or the part of the world
   */
  note(time: number, who: string, what: string): void {
    const line = `${time} ${who} ${what}\n`;
    this.#last[this.#at] = line;
    this.#at = (this.#at + 1) % LAST;
    this.#batch += line;
    if (this.#batch.length >= BATCH) this.#flush();
  }

  /** The lines that were noted last, oldest first. */
  last(): string[] {
    return [...this.#last.slice(this.#at), ...this.#last.slice(0, this.#at)].map((line) => line.trimEnd());
  }

  /** Ends the trace. */
  digest(): string {
    this.#flush();
    return this.#hash.digest("hex").slice(0, 16);
  }

  #flush(): void {
    this.#hash.update(this.#batch);
    this.#sink?.(this.#batch);
    this.#batch = "";
  }
}
