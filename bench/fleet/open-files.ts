import { UsageError } from "../../cli/command.js";

/** Files that a process has open beside its connections. */
const OTHERS = 64;

/** Files that a process of this machine may have open; Node has raised it as far as it may itself. */
export function openFileLimit(): number {
  const { userLimits } = process.report.getReport() as unknown as {
    userLimits?: { open_files?: { soft?: number | "unlimited" } };
  };
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}

/**
 * Checks that the connections fit into the processes that have them.
 * @param broker the broker is one of those
 * @throws UsageError with what to do
 */
export function checkOpenFiles(devices: number, processes: number, broker: boolean, limit: number): void {
  const room = Math.max(1, limit - OTHERS);
  if (broker && devices > room) {
    throw new UsageError(
      `option --devices is ${devices}: the broker that is started for them may have ${limit} files open here: raise it with ulimit -n, or use --broker`,
    );
  }
  const each = Math.ceil(devices / processes);
  if (each <= room) return;
  throw new UsageError(
    `option --devices is ${devices}: ${each} connections for each of ${processes} processes, and one may have ${limit} files open here: use --processes ${Math.ceil(devices / room)}, or raise it with ulimit -n`,
  );
}
