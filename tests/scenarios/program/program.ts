/**
 * What runs on the engine under test, in every scenario: pure of Node, so that it can be bundled for XS and built by
 * mcconfig as it is. Beside the board only plain data and text go in, and only text comes out.
 */

import type { Board } from "../../../firmware/compose.js";
import { type ClientProgram, startClient } from "./client.js";
import { type Bootable, type NodeProgram, ownFirmware, startNode } from "./node.js";

/** Which program, and with what: plain data. */
export type ProgramOptions = NodeProgram | ClientProgram;

/** Takes a line. */
export type Tell = (line: string) => void;

/** What has been started. */
export interface Program {
  /** Says goodbye and ends. @param onStopped called once */
  stop(onStopped: () => void): void;
}

/**
 * @param tell gets a line for each thing that happens; the same things are the same lines on every engine
 * @param firmware where it comes out of a slot's image; by default this checkout's
 * @throws what the firmware throws
 */
export function start(
  board: Board,
  options: ProgramOptions,
  tell: Tell,
  firmware: Bootable = ownFirmware,
): Program {
  return options.kind === "node"
    ? startNode(board, options, tell, firmware)
    : startClient(board, options, tell);
}
