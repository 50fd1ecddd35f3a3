/** Which devices the graph draws, and in which colours. Pure but for where it is kept. */

/** Colours that can be told apart. */
export const SLOTS = 8;

/** So many are chosen for whoever has not chosen. */
const FIRST = 4;

/** Where the choice is remembered, as `localStorage` does it. */
export interface Memory {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = "hearth.chosen";

export class Choice {
  readonly #memory: Memory | undefined;
  readonly #slots = new Map<string, number>();
  /** Somebody chose; from then on nothing is chosen for them. */
  #isOwn = false;

  constructor(memory: Memory | undefined) {
    this.#memory = memory;
    for (const base of this.#remembered() ?? []) {
      this.#isOwn = true;
      this.#add(base);
    }
  }

  /** Bases with their colours, in the order of these. */
  get all(): [base: string, slot: number][] {
    return [...this.#slots].sort((a, b) => a[1] - b[1]);
  }

  slot(base: string): number | undefined {
    return this.#slots.get(base);
  }

  get isFull(): boolean {
    return this.#slots.size >= SLOTS;
  }

  /** A device that can be drawn is there: the first few are, unless somebody chose. */
  offer(base: string): boolean {
    if (this.#isOwn || this.#slots.size >= FIRST || this.#slots.has(base)) return false;
    this.#add(base);
    return true;
  }

  /** Draws it or draws it no more. */
  toggle(base: string): void {
    this.#isOwn = true;
    if (!this.#slots.delete(base)) this.#add(base);
    try {
      this.#memory?.setItem(KEY, JSON.stringify(this.all.map(([one]) => one)));
    } catch {
      // Full or forbidden: it is forgotten with the page.
    }
  }

  #add(base: string): void {
    const taken = new Set(this.#slots.values());
    for (let slot = 0; slot < SLOTS; slot += 1) {
      if (taken.has(slot)) continue;
      this.#slots.set(base, slot);
      return;
    }
  }

  #remembered(): string[] | undefined {
    try {
      const json: unknown = JSON.parse(this.#memory?.getItem(KEY) ?? "null");
      return Array.isArray(json) ? json.filter((base) => typeof base === "string") : undefined;
    } catch {
      return undefined;
    }
  }
}
