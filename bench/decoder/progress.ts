/** Milliseconds between two lines where the output is no terminal. */
const PERIOD = 10_000;

/** How far a long run is: one line that changes on a terminal, a line every 10 s elsewhere. */
export class Progress {
  #write: (text: string) => void;
  #terminal: boolean;
  #total: number;
  #done = 0;
  #shown = Date.now();

  constructor(total: number, write: (text: string) => void, terminal: boolean) {
    this.#total = total;
    this.#write = write;
    this.#terminal = terminal;
  }

  advance(count: number, text: string): void {
    this.#done += count;
    const line = `${((this.#done / this.#total) * 100).toFixed(0).padStart(3)} %  ${text}`;
    if (this.#terminal) return this.#write(`\r\x1b[K${line}`);
    if (Date.now() - this.#shown < PERIOD) return;
    this.#shown = Date.now();
    this.#write(`${line}\n`);
  }

  /** Takes the line away, for what is printed next. */
  end(): void {
    if (this.#terminal) this.#write("\r\x1b[K");
  }
}
