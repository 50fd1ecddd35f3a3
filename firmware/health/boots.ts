/**
 * What is known of the boots of a device: how many there were, why this one began, and how many in a row never got
 * well. It is one short text in the key-value storage, written twice in a healthy boot: at its start, when the boot
 * counts as one that did not get well, and when it is well.
 *
 * Wear. NVS keeps entries of 32 bytes, 126 to a page of 4 KB, and erases its 6 pages in turn; this text takes two
 * entries, the other settings some 45. So a page is erased once in about (630 - 45) / 2 = 290 writes; flash is rated for
 * 100,000 erases. Ten years of a boot each minute are 5.3 million boots. If the power does that, a boot costs at most
 * two writes: 36,000 erases. If the firmware does it, the sixth boot is in safe mode, which writes nothing until an hour
 * later: three writes an hour, 900 erases.
 */

import { errorText } from "../error-text.js";
import type { KeyValue } from "../ports.js";

/** Its value: boots, those in a row that did not get well, stalls, and 1 once the boot has ended on purpose. */
const KEY = "boot";

/** So many boots in a row may fail to get well; the next one is in safe mode. */
const LIMIT = 5;

/** Not the firmware's doing: the power was cut, or someone pressed a button, or ended the process. */
const FROM_OUTSIDE: readonly string[] = Object.freeze(["power-on", "external", "deep-sleep", "killed"]);

/** Whether a boot with this reason says nothing about the firmware that ran before; see `Boots.reset`. */
export function isFromOutside(reset: string | undefined): boolean {
  return reset !== undefined && FROM_OUTSIDE.includes(reset);
}

export class Boots {
  /** Boots counted, with this one: 1 at the first, 0 where they cannot be counted. In safe mode not yet stored. */
  readonly number: number;
  /**
   * Why this boot began: `power-on`, `external` (a pin, a debugger), `software` (on purpose), `exception` (of JavaScript,
   * uncaught), `panic`, `watchdog`, `brown-out`, `deep-sleep`, `killed` (of a process that said no goodbye), `unknown`;
   * `undefined` where the board does not tell and nothing is stored.
   */
  readonly reset: string | undefined;
  #storage: KeyValue | undefined;
  #unwell = 0;
  #stalls = 0;
  #isSafe: boolean;

  /**
   * Counts this boot: to be called before anything is opened that could fail.
   *
   * @param storage where there is none, or it fails, no boot is counted and none is in safe mode
   * @param reset the board's own word for why it began, where it has one
   * @param problems gets a line where the storage fails
   */
  constructor(storage: KeyValue | undefined, reset: string | undefined, problems: string[]) {
    let last: number[] | undefined;
    try {
      last = parse(storage?.read(KEY));
    } catch (error) {
      problems.push(`the device's storage failed (${errorText(error)}): restarts are not counted`);
      storage = undefined;
    }
    this.#storage = storage;
    this.reset = storage ? reasonOf(reset, last) : reset;
    if (last) {
      const [, unwell, stalls, ended] = last;
      // The last boot counts as unwell since its start. A power cut takes that back, as does an end on purpose.
      const blameless = ended === 0 && isFromOutside(this.reset);
      this.#unwell = Math.max(0, unwell - (blameless ? 1 : 0));
      this.#stalls = stalls;
    }
    this.#isSafe = this.#unwell >= LIMIT;
    this.number = storage ? (last ? last[0] : 0) + 1 : 0;
    // In safe mode nothing is written: a device that fails even there could go on like that for years.
    if (!storage || this.#isSafe) return;
    try {
      this.write(this.#unwell + 1, false);
    } catch (error) {
      problems.push(`the device's storage failed (${errorText(error)}): restarts are not counted`);
      this.#storage = undefined;
      this.number = 0;
    }
  }

  /** The sensor stays closed: the last boots never got well. */
  get isSafe(): boolean {
    return this.#isSafe;
  }

  /** Boots in a row before this one that did not get well; 0 once this one has. */
  get unwell(): number {
    return this.#unwell;
  }

  /** Restarts in a row because the sensor was silent; 0 once the node is well. */
  get stalls(): number {
    return this.#stalls;
  }

  /** This boot is well. @throws where that cannot be written */
  well(): void {
    this.#unwell = this.#stalls = 0;
    this.write(0, false);
  }

  /** Leaves safe mode for a try: if it fails, the next boot is in safe mode again. @throws as `well` */
  retry(): void {
    this.#isSafe = false;
    this.write(LIMIT, false);
  }

  /** The end that comes is a restart because the sensor is silent; for `ended`. */
  stalled(): void {
    this.#stalls += 1;
  }

  /** This boot ends on purpose, which is no failure: the next one is not in safe mode. @throws as `well` */
  ended(): void {
    this.write(Math.min(this.#unwell, LIMIT - 1), true);
  }

  private write(unwell: number, ended: boolean): void {
    this.#storage?.write(KEY, `${this.number} ${unwell} ${this.#stalls} ${ended ? 1 : 0}`);
  }
}

/** The four numbers, 0 for each that is missing or none; `undefined` where nothing is stored. */
function parse(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  const numbers = [0, 0, 0, 0];
  text.split(" ", 4).forEach((part, index) => {
    const number = Number(part);
    if (Number.isSafeInteger(number) && number >= 0) numbers[index] = number;
  });
  return numbers;
}

function reasonOf(reset: string | undefined, last: readonly number[] | undefined): string {
  const ended = last === undefined || last[3] !== 0;
  if (reset === undefined) return ended ? "power-on" : "killed";
  // XS ends an uncaught exception with the very restart that one on purpose ends with.
  return reset === "software" && !ended ? "exception" : reset;
}
