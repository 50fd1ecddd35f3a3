import { elapsed } from "../time.js";

/** What is to be done about a connection; see `KeepAlive.judge`. */
export const enum Verdict {
  /** Nothing but to look again. */
  FINE,
  /** Send PINGREQ. */
  PING,
  /** The server has stopped answering. */
  DEAD,
}

/**
 * Decides when a connection needs a PINGREQ and when it is dead, pure; times are in ticks.
 *
 * A PINGREQ goes out when nothing has come for half a keep-alive, whether or not we have been sending, or when nothing
 * was sent for three quarters of one [MQTT-3.1.2-23]. When then nothing at all comes for another half, the connection is
 * dead: found within one keep-alive of the last sign of life, which is any packet.
 */
export class KeepAlive {
  #period: number;
  #received: number;
  #sent: number;
  #pinged = 0;
  #outstanding = false;
  /** Milliseconds after which to ask again. */
  wait: number;

  /** @param period the keep-alive in milliseconds */
  constructor(period: number, now: number) {
    this.#period = period;
    this.#received = this.#sent = now;
    this.wait = period / 2;
  }

  /** Bytes have come. */
  received(now: number): void {
    this.#received = now;
    this.#outstanding = false;
  }

  /** Bytes have been sent. */
  sent(now: number): void {
    this.#sent = now;
  }

  /** PINGREQ was sent, or could not be because the server takes nothing: its silence counts from here. */
  pinged(now: number): void {
    if (this.#outstanding) return;
    this.#outstanding = true;
    this.#pinged = now;
  }

  /** Sets `wait`. */
  judge(now: number): Verdict {
    const half = this.#period / 2;
    if (this.#outstanding) {
      this.wait = Math.ceil(half - elapsed(this.#pinged, now));
      return this.wait > 0 ? Verdict.FINE : Verdict.DEAD;
    }
    this.wait = Math.ceil(
      Math.min(half - elapsed(this.#received, now), this.#period * 0.75 - elapsed(this.#sent, now)),
    );
    if (this.wait > 0) return Verdict.FINE;
    this.wait = half;
    return Verdict.PING;
  }
}
