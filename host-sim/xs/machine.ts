/** A firmware's program on the XS engine, on a board of Node's: called like one on Node. */

import type { Board } from "../../firmware/compose.js";
import { BoardServer } from "./board-server.js";
import { type Meter, XSProcess } from "./process.js";
import { Answer, decode, Event, encode, errorOf, type Plain } from "./worker/wire.js";

export interface MachineOptions {
  /** What runs, in this order; the first serves as `worker/serve.ts` does. */
  scripts: readonly string[];
  board: Board;
  /** For the program: plain data. */
  options: Plain;
  /** Gets the program's lines. */
  tell(line: string): void;
}

export class XSMachine {
  #process: XSProcess;
  #server: BoardServer;
  #onStopped: (() => void) | undefined;
  /** What waits until the firmware has nothing to do: it is within a call of the board's. */
  #waiting: (() => void)[] = [];
  #isBusy = false;
  #isClosed = false;

  /**
   * Starts the engine and the program.
   * @throws Error where the engine is not there, or with what the program throws
   */
  constructor(options: MachineOptions) {
    const { scripts, board, tell } = options;
    const server = new BoardServer({
      board,
      tell,
      send: (event) => this.#send(event),
      stopped: () => this.#onStopped?.(),
      later: (task) => this.#waiting.push(task),
    });
    this.#server = server;
    this.#process = new XSProcess((request) => server.answer(request));
    try {
      for (const script of scripts) this.#process.evaluate(`${script}\nundefined;`);
      this.#send(encode([Event.START, server.description() as unknown as Plain, options.options]));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** What the engine counted during the last event. */
  get meter(): Meter {
    return this.#process.meter;
  }

  /**
   * @param onStopped called once, when the program has closed all that it had; at once where it has ended already
   */
  stop(onStopped: () => void): void {
    if (this.#isClosed) return onStopped();
    this.#onStopped = onStopped;
    this.#send(encode([Event.STOP]));
  }

  /** The engine ends, whatever the program is at, and what it has open on the board is closed. Harmless when called again. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#process.close();
    this.#server.close();
  }

  /**
   * Hands an event to the firmware; one that comes while it is within a call waits until it has returned. What calls back
   * when the engine has ended, such as a resolver that could not be closed, finds nobody.
   */
  #send(event: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#isBusy) {
      this.#waiting.push(() => this.#send(event));
      return;
    }
    this.#isBusy = true;
    try {
      const [answer, name, message] = decode(this.#process.call(event)).plain;
      if (answer === Answer.ERROR) throw errorOf(String(name), String(message));
    } finally {
      this.#isBusy = false;
      if (!this.#process.isOpen) this.close();
      // Also when it has thrown: a restart that it has asked for comes at once.
      while (!this.#isBusy && this.#waiting.length > 0) this.#waiting.shift()?.();
    }
  }
}
