import { Backoff } from "./backoff.js";

/**
 * Tells from how connections end that the broker keeps ending them: as it must when two devices have one client id, each
 * new connection of one being the end of the other's [MQTT-3.1.4-2]. Pure.
 *
 * Some such ends in a row are a spell. In it a connection must last for longer before the back-off begins anew: two devices
 * that wait up to a minute each would otherwise find their connections good enough, and return at once.
 */
export class Evictions {
  /** Connections in a row that the broker accepts and soon ends, before it is a spell. */
  static readonly ROW = 3;
  /** Milliseconds that a connection must last to end a spell: some times as long as the other device may wait. */
  static readonly OVER = 300_000;

  #row = 0;
  #isSpell = false;

  /** Milliseconds that a connection must last to be a good one. */
  get settled(): number {
    return this.#isSpell ? Evictions.OVER : Backoff.SETTLED;
  }

  /** An attempt has failed before the broker accepted it: it is in trouble itself. */
  failed(): void {
    this.#row = 0;
  }

  /**
   * A connection has ended that the broker had accepted.
   * @param duration milliseconds that it lasted
   * @param byBroker the broker ended it, or the network; not this node
   * @returns evictions to count: `ROW` with the end that makes a spell, then one for each
   */
  ended(duration: number, byBroker: boolean): number {
    if (duration >= this.settled) {
      this.#row = 0;
      this.#isSpell = false;
      return 0;
    }
    if (!byBroker) return 0;
    if (this.#isSpell) return 1;
    this.#row += 1;
    if (this.#row < Evictions.ROW) return 0;
    this.#isSpell = true;
    return Evictions.ROW;
  }
}
