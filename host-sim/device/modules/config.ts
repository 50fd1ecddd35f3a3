import { manifestOf } from "../manifest.js";

/** Moddable's module `mc/config`: `config` of the program's manifest, and what is on the command line as `name=value`. */
const [, program, ...args] = process.argv;
const config: Record<string, unknown> = { ...(program === undefined ? {} : manifestOf(program)?.config) };
for (const arg of args) {
  const match = /^(\w+)=(.*)$/s.exec(arg);
  if (match) config[match[1]] = match[2];
}

export default Object.freeze(config);
