import { type Command, CommanderError, InvalidArgumentError } from "commander";

/** The user asked for something that does not exist: one line, exit status 2. */
export class UsageError extends Error {}

/** What was asked for has become impossible while it ran: one line, exit status 1. */
export class Failure extends Error {}

/**
 * Parses the arguments behind a program's name.
 * @param explain a better line than commander's for what it says, where there is one
 * @throws UsageError with one line that says what is wrong
 * @returns false where help or the version was asked for and printed
 */
export function parseCommand(
  command: Command,
  argv: readonly string[],
  explain: (message: string) => string | undefined = () => undefined,
): boolean {
  command.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  try {
    command.parse([...argv], { from: "user" });
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return false;
    const line = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
    throw new UsageError(explain(line) ?? `${line} (${command.name()} --help lists the options)`);
  }
}

/** For an option that takes a whole number. */
export function whole(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum)
      throw new InvalidArgumentError(`Allowed is a whole number from ${minimum} to ${maximum}.`);
    return value;
  };
}
