/** Numbers that are remembered: diagnostics come to the broker minutes after they were written, not months. */
const REMEMBERED = 10_000;

/** How many readings a node has told that it gave up, by its uptime: its diagnostics must say the same. */
export class DropCount {
  #uptimes: number[] = [-1];
  #counts: number[] = [0];

  /** The node has given up `count` more. @param uptime never below the one before */
  add(uptime: number, count: number): void {
    this.#uptimes.push(uptime);
    this.#counts.push((this.#counts[this.#counts.length - 1] as number) + count);
    if (this.#uptimes.length < 2 * REMEMBERED) return;
    this.#uptimes.splice(0, REMEMBERED);
    this.#counts.splice(0, REMEMBERED);
  }

  /** What is wrong with diagnostics that were written at `uptime`. */
  problemWith(uptime: number, count: number): string | undefined {
    let at = this.#uptimes.length - 1;
    while (at >= 0 && (this.#uptimes[at] as number) > uptime) at--;
    const possible: number[] = [];
    // Within the very millisecond of a drop it may be before or after.
    for (; at >= 0; at--) {
      possible.push(this.#counts[at] as number);
      if ((this.#uptimes[at] as number) < uptime || at === 0) break;
    }
    if (at < 0 || possible.includes(count)) return undefined;
    return `${count} readings were given up, and the node had told of ${possible.join(" or ")}`;
  }
}
