/** What is wrong with what a user has written or set: one line for the user, who wants no stack trace. */
export class Problem extends Error {
  readonly code = "HEARTH_PROBLEM";
}

/** Whether it is one; it may have come from another thread, and is no instance of the class then. */
export function isProblem(error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "HEARTH_PROBLEM";
}

/** Runs what throws an Error whose message is a line for the user. @throws Problem in its place */
export function asProblem<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw new Problem((error as Error).message, { cause: error });
  }
}

/** Whether the source of a module calls C, in the ways that Moddable has. */
export function isNative(source: string): boolean {
  return /\bnative\("|\bNative\("|@ "xs_/.test(source);
}
