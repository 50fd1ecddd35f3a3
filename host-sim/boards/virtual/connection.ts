import type { Transport } from "../../io/stream-socket.js";
import type { TimerDomain, VirtualClock } from "./clock.js";
import { Way, type Weather } from "./way.js";

/** The server's end of a connection in memory. */
export interface Peer {
  onData: (bytes: Uint8Array) => void;
  /** The client has closed. */
  onClose: () => void;
  /** Sends to the client. */
  write(bytes: Uint8Array): void;
  /** Ends the connection; what was written arrives before. */
  close(): void;
}

/** The client's end: what its socket is told. */
export interface ClientEnd {
  connected(): void;
  data(bytes: Uint8Array): void;
  sent(count: number): void;
  failed(reason: Error): void;
}

/** A connection in memory; for the client its transport. */
export class Connection implements Transport, Peer {
  readonly remoteAddress: string;
  readonly remotePort: number;
  onData: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  #weather: Weather;
  #domain: TimerDomain;
  #client: ClientEnd;
  #onEnd: () => void;
  #clientOpen = true;
  #serverOpen = false;
  #up: Way;
  #down: Way;

  /** @param domain the client's timers */
  constructor(
    address: string,
    port: number,
    weather: Weather,
    clock: VirtualClock,
    domain: TimerDomain,
    client: ClientEnd,
    onEnd: () => void,
  ) {
    this.remoteAddress = address;
    this.remotePort = port;
    this.#weather = weather;
    this.#domain = domain;
    this.#client = client;
    this.#onEnd = onEnd;
    this.#up = new Way(true, weather, clock, (bytes) => {
      if (this.#serverOpen) this.onData(bytes);
      if (this.#clientOpen) this.#client.sent(bytes.length);
    });
    this.#down = new Way(false, weather, clock, (bytes) => {
      if (this.#clientOpen) this.#client.data(bytes);
    });
  }

  /** The client has not closed, and been told of no end. */
  get isOpen(): boolean {
    return this.#clientOpen;
  }

  /** The server has accepted it. */
  get isEstablished(): boolean {
    return this.#serverOpen;
  }

  /** Calls `arrive` when the client's wish to connect has come to the server and its answer back. */
  open(arrive: () => void): void {
    this.#up.sign(arrive, this.#weather.delay(true) + this.#weather.delay(false));
  }

  accept(server: (peer: Peer) => void): void {
    if (!this.#clientOpen) return this.#onEnd();
    this.#serverOpen = true;
    server(api(this));
    this.#client.connected();
  }

  refuse(): void {
    this.#onEnd();
    this.#fail("connection refused");
  }

  reset(): void {
    this.#onEnd();
    this.#up.die();
    this.#down.die();
    if (this.#serverOpen) {
      this.#serverOpen = false;
      this.onClose();
    }
    this.#fail("reset");
  }

  /** Resets it when so many more bytes have gone up (from the client) or down. */
  resetAfter(up: boolean, bytes: number): void {
    (up ? this.#up : this.#down).breakAfter(bytes, () => this.reset());
  }

  /** From now on nothing gets through, and neither end is told. */
  cutOff(): void {
    this.#up.die();
    this.#down.die();
  }

  /** The client is gone without a word: what it has sent still arrives, and it hears nothing. */
  vanish(): void {
    this.#clientOpen = false;
    this.#down.die();
    this.#onEnd();
  }

  // --- the client's end --------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): void {
    if (this.#clientOpen) this.#up.bytes(bytes);
  }

  flow(resume: boolean): void {
    this.#down.held = !resume;
    if (resume) this.#domain.timer.set(() => this.#down.pass(), 0);
  }

  close(): void {
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#onEnd();
    if (this.#weather.isStopped(true)) return this.#up.die();
    if (!this.#serverOpen) return;
    this.#up.sign(() => {
      if (!this.#serverOpen) return;
      this.#serverOpen = false;
      this.onClose();
    });
  }

  // --- the server's end --------------------------------------------------------------------------------------------

  serverWrite(bytes: Uint8Array): void {
    if (this.#serverOpen) this.#down.bytes(bytes.slice());
  }

  serverClose(): void {
    if (!this.#serverOpen) return;
    this.#serverOpen = false;
    this.#down.sign(() => {
      if (this.#clientOpen) this.#onEnd();
      this.#fail("closed by the other end");
    });
  }

  #fail(reason: string): void {
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#client.failed(new Error(reason));
  }
}

/** The server's view of a connection. */
function api(connection: Connection): Peer {
  return {
    set onData(callback: (bytes: Uint8Array) => void) {
      connection.onData = callback;
    },
    set onClose(callback: () => void) {
      connection.onClose = callback;
    },
    write: (bytes) => connection.serverWrite(bytes),
    close: () => connection.serverClose(),
  };
}
