/**
 * All that bounds the gateway, in one place. What a client can make it hold is at most
 * `connections` times (`line` + `pending` parsed messages of some 300 bytes) and `held` bytes of text.
 */
export interface Limits {
  /** Bytes of a line without its end: the longest of ours has 200, and a command of a server's some 1,000. */
  readonly line: number;
  /** Milliseconds of silence after which text without a newline is a message: as long as our firmware waits for a receipt's rest. */
  readonly lineSilence: number;
  /** Milliseconds from the first byte of a line to its end: 4,096 bytes at 9,600 bit/s take 4 s; who dribbles longer wants to hold on. */
  readonly lineTime: number;
  /**
   * Milliseconds after a serial port was opened in which the first byte means that a line was already on its way: what is
   * left of it could be `1.4` of `21.4`. As on a device's own port: USB adapters hold bytes back for 16 ms.
   */
  readonly joining: number;
  /** TCP connections at once; each costs a file descriptor, and 1,024 is what a process commonly has in all. */
  readonly connections: number;
  /** Of them from one address other than loopback: a house's devices may be behind one, and one device takes few. */
  readonly perAddress: number;
  /** Milliseconds without a whole message on a TCP connection: longer than the longest usual interval of a sensor. */
  readonly idle: number;
  /** Milliseconds in which the password must have come: two slow round trips. */
  readonly login: number;
  /** Milliseconds that the answer to a wrong password is held back, its connection counted: guessing is slow. */
  readonly penalty: number;
  /** Messages of one connection that wait for the store; then it is not read from. */
  readonly pending: number;
  /** Messages that one transaction takes: at 10,000 a second some 50 ms, in which nothing else runs. */
  readonly batch: number;
  /** Bytes of answers that a client has not read, beyond what its socket takes; then it is not read from. */
  readonly unread: number;
  /** Milliseconds after which a client that does not read its answers is closed. */
  readonly stall: number;
  /** Bytes of text that all connections together may have the gateway hold: one chunk of 64 KB from each of 256. */
  readonly held: number;
  /** Names of devices that the gateway remembers: each has a row, a retained status and some 300 bytes. */
  readonly devices: number;
  /** Names that one connection may speak for: a gateway of another kind behind this one has dozens. */
  readonly devicesPerConnection: number;
  /** Commands handed to a connection whose replies are still known for its own; the oldest are forgotten. */
  readonly commands: number;
  /** Bytes of a command's payload: it goes out as one line. */
  readonly command: number;
  /** Readings published and not yet acknowledged: at 20 ms to a broker, 6,400 a second. */
  readonly window: number;
  /** Status messages and replies published and not yet acknowledged. */
  readonly notices: number;
  /** Milliseconds without an acknowledgement of what is under way, after which the broker counts as gone. */
  readonly acknowledgement: number;
  /** Milliseconds between two diagnostics: as a device's. */
  readonly diagnostics: number;
  /** Milliseconds that the gateway takes at its end to say goodbye to a broker that is slow. */
  readonly goodbye: number;
}

export const LIMITS: Limits = Object.freeze({
  line: 4_096,
  lineSilence: 200,
  lineTime: 10_000,
  joining: 50,
  connections: 1_000,
  perAddress: 128,
  idle: 3_600_000,
  login: 5_000,
  penalty: 2_000,
  pending: 32,
  batch: 512,
  unread: 16_384,
  stall: 10_000,
  held: 16_777_216,
  devices: 10_000,
  devicesPerConnection: 256,
  commands: 32,
  command: 2_048,
  window: 128,
  notices: 32,
  acknowledgement: 20_000,
  diagnostics: 60_000,
  goodbye: 3_000,
});
