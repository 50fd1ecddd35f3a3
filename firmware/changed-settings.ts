/**
 * Settings that commands have changed, kept over restarts. They win over the image's, until an image brings another value
 * than it had when the command came: who flashes a new interval wants that one.
 *
 * All are one value of the storage, so that a power cut leaves all of a change or nothing of it.
 *
 * Wear. The value takes up to eight of the 585 entries of NVS that are free (`Boots` has the numbers), so its pages are
 * erased once in 73 changes. One change a minute for ten years, which is what a flood of commands is held down to, is 72,000
 * erases of the 100,000 that flash is rated for.
 */

import type { Settings } from "./config.js";
import { errorText } from "./error-text.js";
import type { KeyValue } from "./ports.js";
import { checkedValue, isAllowed } from "./settings.js";
import { elapsed } from "./time.js";

const KEY = "changed";

/** Changes that may follow each other at once, and milliseconds after which there may be one more. */
const BURST = 30;
const REFILL = 60_000;

/** Settings that commands may change. */
type Changeable = "interval" | "offset" | "twopoint" | "mode" | "target";

const CHANGEABLE: readonly string[] = Object.freeze([
  "interval",
  "offset",
  "twopoint",
  "mode",
  "target",
] satisfies Changeable[]);

type Value = string | number;

/** What was changed: the value, and the one that the image had then. */
type Changes = Record<string, readonly [Value, Value | null]>;

export class ChangedSettings {
  #storage: KeyValue | undefined;
  #image: Readonly<Record<string, unknown>>;
  #changes: Changes = {};
  /** There is something in the storage, or may be. */
  #isStored = true;
  #ticks: () => number;
  #spare = BURST;
  /** Ticks at which the last spare change came. */
  #refilledAt: number;

  /**
   * @param image values of the image or the command line, by setting
   * @param storage without one, changes last until the next start
   * @param problems gets a line where it cannot be read
   * @param ticks the tick counter
   */
  constructor(
    image: Readonly<Record<string, unknown>>,
    storage: KeyValue | undefined,
    problems: string[],
    ticks: () => number,
  ) {
    this.#image = image;
    this.#storage = storage;
    this.#ticks = ticks;
    this.#refilledAt = ticks();
    try {
      const text = storage?.read(KEY);
      this.#isStored = text !== undefined;
      if (text !== undefined) this.#changes = parse(text);
    } catch (error) {
      problems.push(
        `what commands have changed cannot be read (${errorText(error)}): the image's settings are used`,
      );
    }
  }

  /** Puts the changes that hold into `raw`. */
  apply(raw: Record<string, unknown>): void {
    for (const name in this.#changes) {
      const [value, before] = this.#changes[name];
      if (before === this.imageValue(name) && isAllowed(name as Changeable, value)) raw[name] = value;
    }
  }

  /** Keeps changed values. @throws where they cannot be stored, or are too many; nothing is kept then */
  set(values: Readonly<Partial<Record<Changeable, Value>>>): void {
    const changes = { ...this.#changes };
    for (const name in values) {
      changes[name] = [values[name as Changeable] as Value, this.imageValue(name)];
    }
    // A value that has not changed costs no write.
    const text = JSON.stringify(changes);
    if (text === JSON.stringify(this.#changes)) return;
    this.spend();
    this.#isStored = true;
    this.#storage?.write(KEY, text);
    this.#changes = changes;
  }

  /** Forgets all changes. @throws as `set` */
  reset(): void {
    if (!this.#isStored) return;
    this.spend();
    this.#storage?.delete(KEY);
    this.#isStored = false;
    this.#changes = {};
  }

  /** @throws where the flash has had too many writes in a short time */
  private spend(): void {
    const now = this.#ticks();
    const passed = elapsed(this.#refilledAt, now);
    // Negative after weeks.
    const more = passed < 0 ? BURST : Math.floor(passed / REFILL);
    if (this.#spare + more >= BURST) {
      this.#spare = BURST;
      this.#refilledAt = now;
    } else {
      this.#spare += more;
      this.#refilledAt = (this.#refilledAt + more * REFILL) | 0;
    }
    if (this.#spare === 0)
      throw new Error(
        "changed too often: each change is a write to the flash, and the next may be in a minute",
      );
    this.#spare -= 1;
  }

  /** What holds for a setting when all changes are forgotten. */
  unchanged<Name extends Changeable>(name: Name): Settings[Name] {
    return checkedValue(name, this.#image[name]);
  }

  private imageValue(name: string): Value | null {
    const value = this.#image[name];
    return typeof value === "string" || typeof value === "number" ? value : null;
  }
}

function parse(text: string): Changes {
  const changes: Changes = {};
  const stored = JSON.parse(text) as Record<string, unknown>;
  for (const name in stored) {
    const entry = stored[name];
    if (!CHANGEABLE.includes(name) || !Array.isArray(entry) || entry.length !== 2 || !isValue(entry[0]))
      continue;
    if (entry[1] === null || isValue(entry[1])) changes[name] = [entry[0], entry[1]];
  }
  return changes;
}

function isValue(value: unknown): value is Value {
  return typeof value === "string" || typeof value === "number";
}
