/** A process that the coordinator has started, seen from within: it does as it is told, and ends with the coordinator. */

/** @param obey gets each message */
export function serve<Message>(obey: (message: Message) => void): void {
  // Ctrl-C is for the coordinator, which ends this by its channel.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {});
  process.on("disconnect", () => process.exit(0));
  process.on("message", obey);
}

export function tell<Message extends object>(message: Message): void {
  // The coordinator may be gone at any moment, and has no need of it then.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
