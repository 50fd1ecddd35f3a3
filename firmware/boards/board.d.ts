/**
 * The board of the platform that is built: the manifest puts one of the files beside this one in its place. It has no
 * code of its own, so that an image holds its own platform's only.
 */
import type { Board } from "../compose.js";

declare const board: Board;
export default board;
