/** The store cannot be used: one line that says what, where, and what to do. */
export class StoreError extends Error {}

/** What SQLite or the operating system says, in one line. */
export function storeProblem(file: string, error: unknown): string {
  const { code, message } = error as { code?: unknown; message: string };
  const name = typeof code === "string" ? code : "";
  if (name === "SQLITE_NOTADB") return `${file} is no database: give --store a file of its own`;
  if (name.startsWith("SQLITE_CORRUPT"))
    return `${file} is damaged (${message}): move it away, or bring back a copy`;
  if (name === "SQLITE_FULL" || name === "ENOSPC")
    return `${file}: the disk is full; what is stored is whole, make room and start again`;
  if (
    /^SQLITE_(READONLY|CANTOPEN|PERM)/.test(name) ||
    name === "EACCES" ||
    name === "EROFS" ||
    name === "EPERM"
  )
    return `${file} cannot be written (${name}): look at its permissions and those of its directory`;
  if (name === "ENOENT") return `${file} cannot be made: there is no such directory`;
  if (name.startsWith("SQLITE_IOERR"))
    return `${file} cannot be read or written (${name}): is the disk full, or failing?`;
  return `${file} cannot be used: ${message.replace(/\s*\n\s*/g, " ")}`;
}

/** Another program holds the file for a moment: worth another try. */
export function isBusy(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"));
}
