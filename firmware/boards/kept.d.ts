/**
 * What the desktop simulator keeps between runs: the manifest puts `kept-files` here where the SDK has files (Linux,
 * macOS), and `kept-nothing` where it has none (Windows).
 */
import type { Board } from "../compose.js";

declare const kept: Pick<Board, "storage" | "journal" | "update">;
export default kept;
