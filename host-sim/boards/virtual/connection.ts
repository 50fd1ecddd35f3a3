import type { Transport } from "../../io/stream-socket.js";
import type { VirtualClock } from "./clock.js";

/** What a network does to the bytes on it at present. */
export interface Weather {
  /** Milliseconds from one end to the other. */
  readonly latency: number;
  /** Nothing gets through. */
  readonly blackHole: boolean;
  /** Bytes that arrive at the client at once; 0 leaves what was written together. */
  readonly segment: number;
  /** Calls `pass` when the black hole is gone. */
  passLater(way: Way): void;
}

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

/** One direction of a connection: what is sent into it comes out later, whole and in its order. */
export class Way {
  #network: Weather;
  #clock: VirtualClock;
  #tasks: (() => void)[] = [];
  /** How many of `#tasks` have had their time. */
  #due = 0;
  /** The far end does not take anything at present. */
  held = false;

  constructor(network: Weather, clock: VirtualClock) {
    this.#network = network;
    this.#clock = clock;
  }

  send(arrive: () => void, delay: number): void {
    this.#tasks.push(arrive);
    this.#clock.timer.set(() => {
      this.#due += 1;
      this.pass();
    }, delay);
  }

  pass(): void {
    while (this.#due > 0 && !this.held) {
      if (this.#network.blackHole) return this.#network.passLater(this);
      this.#due -= 1;
      this.#tasks.shift()?.();
    }
  }

  /** What is still under way does not arrive. */
  drop(): void {
    this.#tasks = this.#tasks.map(() => () => {});
  }
}

/** A connection in memory; for the client its transport. */
export class Connection implements Transport, Peer {
  readonly remoteAddress = undefined;
  readonly remotePort = undefined;
  onData: (bytes: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  #network: Weather;
  #clock: VirtualClock;
  #client: ClientEnd;
  #onEnd: () => void;
  #clientOpen = true;
  #serverOpen = false;
  #up: Way;
  #down: Way;

  constructor(network: Weather, clock: VirtualClock, client: ClientEnd, onEnd: () => void) {
    this.#network = network;
    this.#clock = clock;
    this.#client = client;
    this.#onEnd = onEnd;
    this.#up = new Way(network, clock);
    this.#down = new Way(network, clock);
  }

  accept(server: (peer: Peer) => void): void {
    if (!this.#clientOpen) return this.#onEnd();
    this.#serverOpen = true;
    server(api(this));
    this.#client.connected();
  }

  refuse(): void {
    if (this.#clientOpen) this.#client.failed(new Error("connection refused"));
  }

  reset(): void {
    this.#onEnd();
    if (this.#serverOpen) {
      this.#serverOpen = false;
      this.onClose();
    }
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#client.failed(new Error("reset"));
  }

  // --- the client's end --------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): void {
    this.#up.send(() => {
      if (this.#serverOpen) this.onData(bytes);
      if (this.#clientOpen) this.#client.sent(bytes.length);
    }, this.#network.latency);
  }

  flow(resume: boolean): void {
    this.#down.held = !resume;
    if (resume) this.#clock.timer.set(() => this.#down.pass(), 0);
  }

  close(): void {
    this.#clientOpen = false;
    this.#onEnd();
    if (this.#network.blackHole) return this.#up.drop();
    if (!this.#serverOpen) return;
    this.#up.send(() => {
      if (!this.#serverOpen) return;
      this.#serverOpen = false;
      this.onClose();
    }, this.#network.latency);
  }

  // --- the server's end --------------------------------------------------------------------------------------------

  serverWrite(bytes: Uint8Array): void {
    if (!this.#serverOpen) return;
    const size = this.#network.segment || bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.slice(at, at + size);
      this.#arrive(() => this.#client.data(piece));
    }
  }

  serverClose(): void {
    if (!this.#serverOpen) return;
    this.#serverOpen = false;
    this.#arrive(() => {
      this.#onEnd();
      this.#client.failed(new Error("closed by the other end"));
    });
  }

  #arrive(task: () => void): void {
    this.#down.send(() => {
      if (this.#clientOpen) task();
    }, this.#network.latency);
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
