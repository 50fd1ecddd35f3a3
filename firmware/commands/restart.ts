import { Alarm } from "../alarm.js";
import type { KeyValue, Timer } from "../ports.js";

/** Milliseconds from the command to the goodbye: what led to it is answered first. */
const DELAY = 100;

/** Key of the id of the command that led to a restart: it must not lead to another one. */
const KEY = "command";

export interface RestartOptions {
  timer: Timer;
  storage: KeyValue | undefined;
  /** Says goodbye, then starts the device anew. */
  onDue(): void;
}

/** A restart on command: once, and not because of the same command again. */
export class Restart {
  #options: RestartOptions;
  #alarm: Alarm;
  #isDue = false;

  constructor(options: RestartOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.timer, this);
  }

  onAlarm(): void {
    this.#options.onDue();
  }

  /**
   * @param id of the command
   * @returns why not
   * @throws where the id cannot be kept; nothing has happened then
   */
  order(id: string): string | undefined {
    if (this.#isDue) return "the device ends already";
    this.#options.storage?.write(KEY, id);
    this.#isDue = true;
    this.#alarm.set(DELAY);
    return undefined;
  }

  /** The node ends, whoever wants it: no restart follows that is not under way, and none is ordered. */
  close(): void {
    this.#isDue = true;
    this.#alarm.clear();
  }
}

/** The id of the command that led to this start, where one did. */
export function restartedBy(storage: KeyValue | undefined): string | undefined {
  try {
    return storage?.read(KEY);
  } catch {
    return undefined; // said by whoever asked the storage first
  }
}
