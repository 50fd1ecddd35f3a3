/** What the gateway has done since its start; it says so in its diagnostics. */
export class Counters {
  /** Readings that were stored and acknowledged to their device. */
  accepted = 0;
  /** Readings that the broker has acknowledged. */
  delivered = 0;
  /** Readings that were answered with an error: the store was full, or could not write. */
  refused = 0;
  /** Lines that were answered with an error. */
  malformed = 0;
  /** Lines of plain text. */
  texts = 0;
  /** Commands that a device was handed, and those that were refused for it. */
  commands = 0;
  commandsRefused = 0;
  /** Connections for which there was no room. */
  turnedAway = 0;
  /** Connections with a wrong password, or none. */
  denied = 0;
  /** Connections that were closed for a limit: idle, dribbling, not reading. */
  closed = 0;
  /** Connections to the broker after the first. */
  reconnects = 0;
}
