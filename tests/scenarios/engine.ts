import type { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { type Program, type ProgramOptions, start, type Tell } from "./program/program.js";

/** A program that an engine runs. */
export interface Running extends Program {
  /**
   * The board is off: nothing of the program happens any more, and the engine lets go of what it holds for it. Harmless
   * when called again.
   */
  end(): void;
}

/** What runs the firmware in a scenario. The traces on the wire are the same bytes on all of them. */
export interface Engine {
  readonly name: string;
  /**
   * Starts a program, synchronously, as `program.ts` says it. What the program throws, now or in a callback of the board,
   * comes to whoever called.
   * @param image of a slot: the firmware comes from there, and from nowhere else; without it, it is this checkout's
   */
  start(board: VirtualBoard, options: ProgramOptions, tell: Tell, image?: Uint8Array): Running;
  /** Ends all that it has started. */
  close(): void;
}

/** The engine on which everything around it runs. */
export const nodeEngine: Engine = {
  name: "Node",
  start: (board, options, tell, image) => {
    const program = start(board, options, tell, image && board.load(image));
    // Its timers and sockets went with the board.
    return { stop: (onStopped) => program.stop(onStopped), end: () => {} };
  },
  close: () => {},
};
