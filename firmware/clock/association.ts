import { remaining } from "../time.js";

/** Milliseconds between two requests to the same server: the least that RFC 4330 allows (section 10, item 1). */
const GAP = 15_000;

/** Each wish to be asked less makes the gap so much longer, */
const SLOWER = 4;

/** up to a day, in which an ESP32's crystal (10 ppm) loses a second. */
const GAP_LIMIT = 86_400_000;

/** What a client keeps of one server (RFC 5905 calls it an association): where it is, and how often it may be asked. */
export class Association {
  /** A name, resolved anew for each request, or an address. */
  readonly host: string;
  readonly port: number;
  #gap = GAP;
  #wasAsked = false;
  /** The tick of the last request. */
  #askedAt = 0;
  /** The address that does not want to be asked again. */
  #refusing: string | undefined;
  #isGivenUp = false;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  /** Milliseconds until it may be asked, at most a day. */
  wait(ticks: number): number {
    return this.#wasAsked ? remaining(this.#askedAt, this.#gap, ticks) : 0;
  }

  /** A request goes to it. */
  asked(ticks: number): void {
    this.#wasAsked = true;
    this.#askedAt = ticks;
  }

  /** It wants to be asked less often. */
  slower(): void {
    this.#gap = Math.min(this.#gap * SLOWER, GAP_LIMIT);
  }

  /**
   * It does not want to be asked again. Behind a name there may be others, so that the name is given up when a second
   * address refuses.
   */
  refused(address: string): void {
    this.#isGivenUp = this.#refusing !== undefined;
    this.#refusing = address;
  }

  /** Whether the server at `address` must not be asked. */
  refuses(address: string): boolean {
    return this.#isGivenUp || this.#refusing === address;
  }
}
