/**
 * Settings that commands have changed, kept over restarts. They win over the image's, until an image brings another value
 * than it had when the command came: who flashes a new interval wants that one.
 *
 * All are one value of the storage, so that a power cut leaves all of a change or nothing of it.
 */

import type { Settings } from "./config.js";
import { errorText } from "./error-text.js";
import type { KeyValue } from "./ports.js";
import { checkedValue, isAllowed } from "./settings.js";

const KEY = "changed";

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
  #changes: Changes;

  /**
   * @param image values of the image or the command line, by setting
   * @param storage without one, changes last until the next start
   * @param problems gets a line where it cannot be read
   */
  constructor(image: Readonly<Record<string, unknown>>, storage: KeyValue | undefined, problems: string[]) {
    this.#image = image;
    this.#storage = storage;
    this.#changes = read(storage, problems);
  }

  /** Puts the changes that hold into `raw`. */
  apply(raw: Record<string, unknown>): void {
    for (const name in this.#changes) {
      const [value, before] = this.#changes[name];
      if (before === this.#imageValue(name) && isAllowed(name as Changeable, value)) raw[name] = value;
    }
  }

  /** Keeps changed values. @throws where they cannot be stored; nothing is kept then */
  set(values: Readonly<Partial<Record<Changeable, Value>>>): void {
    const changes = { ...this.#changes };
    for (const name in values) {
      changes[name] = [values[name as Changeable] as Value, this.#imageValue(name)];
    }
    // A value that has not changed costs no write.
    const text = JSON.stringify(changes);
    if (text === JSON.stringify(this.#changes)) return;
    this.#storage?.write(KEY, text);
    this.#changes = changes;
  }

  /** Forgets all changes. @throws as `set` */
  reset(): void {
    this.#storage?.delete(KEY);
    this.#changes = {};
  }

  /** What holds for a setting when all changes are forgotten. */
  unchanged<Name extends Changeable>(name: Name): Settings[Name] {
    return checkedValue(name, this.#image[name]);
  }

  #imageValue(name: string): Value | null {
    const value = this.#image[name];
    return typeof value === "string" || typeof value === "number" ? value : null;
  }
}

function read(storage: KeyValue | undefined, problems: string[]): Changes {
  const changes: Changes = {};
  try {
    const text = storage?.read(KEY);
    if (text === undefined) return changes;
    const stored = JSON.parse(text) as Record<string, unknown>;
    for (const name in stored) {
      const entry = stored[name];
      if (!CHANGEABLE.includes(name) || !Array.isArray(entry) || entry.length !== 2 || !isValue(entry[0]))
        continue;
      if (entry[1] === null || isValue(entry[1])) changes[name] = [entry[0], entry[1]];
    }
  } catch (error) {
    problems.push(
      `what commands have changed cannot be read (${errorText(error)}): the image's settings are used`,
    );
  }
  return changes;
}

function isValue(value: unknown): value is Value {
  return typeof value === "string" || typeof value === "number";
}
