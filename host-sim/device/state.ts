import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { FileLock } from "../storage/file-lock.js";
import { fileError, makeDirectory } from "../storage/files.js";
import { asProblem } from "./problem.js";

/**
 * The directory of the device's flash: that of the environment variable HEARTH_STATE, which one process at a time has, or
 * without it a temporary one, gone with the process.
 * @throws Problem where another process has it, or it cannot be made
 */
export function stateDirectory(): string {
  directory ??= asProblem(makeState);
  return directory;
}

let directory: string | undefined;

function makeState(): string {
  const asked = process.env["HEARTH_STATE"];
  if (asked) {
    try {
      makeDirectory(asked);
    } catch (error) {
      throw fileError(`HEARTH_STATE=${asked}`, "cannot be made", error);
    }
    const lock = new FileLock(path.join(asked, "device"));
    process.on("exit", () => lock.release());
    return asked;
  }
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-device-"));
  process.on("exit", () => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}
