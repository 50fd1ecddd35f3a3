import { spawnSync } from "node:child_process";
import { Running } from "./programs.js";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** The Moddable SDK, where one is installed. */
export const SDK = process.env["MODDABLE"] || undefined;

export interface ProgramOptions {
  /** Modules to load between `register.js` and the program. */
  imports?: readonly string[];
  args?: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** With the SDK, where there is one; without by default, so that a test does not depend on it. */
  sdk?: boolean;
}

/** The command line that the README has, and its environment. */
function commandOf(program: string, { imports = [], args = [], env = {}, sdk = false }: ProgramOptions) {
  const { MODDABLE: _sdk, HEARTH_STATE: _state, ...rest } = process.env;
  const loaded = ["./host-sim/register.js", ...imports].flatMap((file) => ["--import", file]);
  return {
    args: [...loaded, program, ...args],
    options: { cwd: ROOT, env: { ...rest, ...(sdk && { MODDABLE: SDK }), ...env } },
  };
}

/** Runs a program to its end, of at most 60 s. @param program relative to the repository, or absolute */
export function runProgram(program: string, options: ProgramOptions = {}) {
  const command = commandOf(program, options);
  const { status, stdout, stderr } = spawnSync(process.execPath, command.args, {
    ...command.options,
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, output: stdout, lines: stdout.split("\n").slice(0, -1), errors: stderr };
}

/** Starts a program that does not end by itself. Tests end with `stopAll`. */
export function startProgram(program: string, options: ProgramOptions = {}): Running {
  const command = commandOf(program, options);
  return new Running(process.execPath, command.args, command.options);
}
