/** What is wrong with a program's modules: one line for the user, who wants no stack trace. */
export class ModuleProblem extends Error {
  readonly code = "HEARTH_MODULE";
}

/** Whether the source of a module calls C, in the ways that Moddable has. */
export function isNative(source: string): boolean {
  return /\bnative\("|\bNative\("|@ "xs_/.test(source);
}

/** Whether it is one; it may have come from another thread, and is no instance of the class then. */
export function isModuleProblem(error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "HEARTH_MODULE";
}
