/**
 * The program of the worker: it makes the globals those of a device, so that nothing that comes after sees others, and
 * waits for the start of a firmware's program, which it gives a board.
 */

import type { Board } from "../../../firmware/compose.js";
import { type Description, type Parts, remoteBoard } from "./board.js";
import { Channel, exactBuffer } from "./channel.js";
import { becomeDevice } from "./globals.js";
import { Answer, decode, encode, type Plain, Request } from "./wire.js";

/** A firmware's program: what `main.ts` does on a device, or something else that a board is all it needs for. */
export interface Program {
  /**
   * @param options plain data
   * @param tell tells a line to whoever runs the program
   */
  start(board: Board, options: Plain, tell: (line: string) => void): Running;
}

export interface Running {
  /** @param onStopped called once, when all is closed */
  stop(onStopped: () => void): void;
}

/** @param load what the firmware brings, and its program; called when it starts */
export function serve(load: () => { parts: Parts; program: Program }): void {
  const channel = new Channel();
  let running: Running | undefined;
  const control = {
    start: (description: Plain, options: Plain) => {
      const { parts, program } = load();
      const board = remoteBoard(channel, description as unknown as Description, parts);
      running = program.start(board, options, (line) => channel.request([Request.TELL, line]));
    },
    stop: () => {
      const stopped = () => void channel.request([Request.STOPPED]);
      if (running) running.stop(stopped);
      else stopped();
    },
  };
  globalThis.handleCommand = (message) => {
    try {
      channel.dispatch(decode(new Uint8Array(message)), control);
      return exactBuffer(encode([Answer.NONE]));
    } catch (error) {
      const { name, message: text } = error instanceof Error ? error : new Error(String(error));
      return exactBuffer(encode([Answer.ERROR, name, text]));
    }
  };
  becomeDevice();
}
