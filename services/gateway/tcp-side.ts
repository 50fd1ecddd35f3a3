/** The TCP side: many clients, each bounded in what it may hold and how long. */

import { once } from "node:events";
import net from "node:net";
import { nameOfAddress, plainAddress } from "./device-name.js";
import { type Line, TOO_LONG } from "./framing.js";
import { isPasswordLine, isRightPassword } from "./password.js";
import { error } from "./receipts.js";
import { type Hub, type Peer, Session, type Verdict } from "./session.js";

export interface TCPSideOptions {
  hub: Hub;
  host: string;
  port: number;
  /** Names of devices by the address of a client that gives none. */
  names: ReadonlyMap<string, string>;
  /** Demanded of every connection, where there is one. */
  password: string | undefined;
}

/** Milliseconds between two looks at all connections. */
const SWEEP = 250;

/** Milliseconds that a client has for taking its last line. */
const PARTING = 1_000;

/** Milliseconds of silence before the operating system asks whether a client is still there. */
const KEEP_ALIVE = 60_000;

/**
 * A browser's or a scanner's first line, be it of TLS (RFC 8446, 5.1), whose hello may hold lines that a page has put there: a page
 * must not speak for a device.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: TLS begins with one
const WEB = /^(?:[A-Z]+ \S+ HTTP\/\d|\x16\x03)/;

export class TCPSide {
  #options: TCPSideOptions;
  #server: net.Server;
  #clients = new Set<Client>();
  #byAddress = new Map<string, number>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: TCPSideOptions) {
    this.#options = options;
    this.#server = net.createServer(
      {
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE,
        highWaterMark: options.hub.limits.unread,
      },
      (socket) => this.#accept(socket),
    );
  }

  /** @throws the operating system's error where the port cannot be had */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    this.#server.listen(port, host);
    await once(this.#server, "listening");
    // Out of file descriptors, for one: the connection is not made, and the gateway goes on.
    this.#server.on("error", () => {
      this.#options.hub.counters.turnedAway += 1;
    });
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP);
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo | null)?.port ?? 0;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Bytes of answers that clients have not taken. */
  get unread(): number {
    let bytes = 0;
    for (const client of this.#clients) bytes += client.unread;
    return bytes;
  }

  /** Takes nothing more from anybody. */
  stop(): void {
    clearInterval(this.#sweeper);
    this.#server.close();
    for (const client of this.#clients) client.stop();
  }

  /** Ends every connection; what was written to it goes out. */
  async close(): Promise<void> {
    const closed = [...this.#clients].map((client) => client.finish(PARTING));
    await Promise.all(closed);
  }

  #accept(socket: net.Socket): void {
    const { hub } = this.#options;
    const { limits, counters } = hub;
    socket.on("error", () => {}); // "close" follows
    const address = plainAddress(socket.remoteAddress ?? "");
    const count = this.#byAddress.get(address) ?? 0;
    const isFull = this.#clients.size >= limits.connections;
    if (isFull || (count >= limits.perAddress && !isLoopback(address))) {
      counters.turnedAway += 1;
      socket.end(`${error(isFull ? "too many connections" : "too many connections from this address")}\n`);
      socket.destroySoon();
      return;
    }
    this.#byAddress.set(address, count + 1);
    const client = new Client(this.#options, socket, address);
    this.#clients.add(client);
    socket.on("close", () => {
      this.#clients.delete(client);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
      client.gone();
    });
  }

  #sweep(): void {
    const now = performance.now();
    for (const client of this.#clients) client.sweep(now);
  }
}

class Client implements Peer {
  #options: TCPSideOptions;
  #socket: net.Socket;
  #session: Session;
  #timer: NodeJS.Timeout | undefined;
  #openedAt = performance.now();
  #blockedSince = 0;
  #isStopped = false;
  #isParting = false;

  constructor(options: TCPSideOptions, socket: net.Socket, address: string) {
    this.#options = options;
    this.#socket = socket;
    const { hub, names } = options;
    this.#session = new Session({
      hub,
      peer: this,
      name: names.get(address) ?? nameOfAddress(address),
      isPort: false,
      gate: (line) => this.#judge(line),
    });
    socket.on("data", (chunk: Uint8Array) => {
      if (this.#isParting) return;
      clearTimeout(this.#timer);
      this.#session.receive(chunk);
      this.#listenForSilence();
    });
    socket.on("end", () => {
      // The last line is still to be said, and the time for it runs.
      if (this.#isParting) return;
      clearTimeout(this.#timer);
      this.#session.end();
    });
    socket.on("drain", () => {
      this.#blockedSince = 0;
      if (!this.#isParting) this.#session.pump();
    });
  }

  get unread(): number {
    return this.#socket.writableLength;
  }

  get isBlocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  write(text: string): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    if (!socket.write(text) && this.#blockedSince === 0) this.#blockedSince = performance.now();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isStopped) this.#socket.resume();
  }

  /** Is not read from any more. */
  stop(): void {
    this.#isStopped = true;
    this.#socket.pause();
  }

  end(): void {
    if (this.#socket.writable) this.#socket.end();
  }

  close(text: string): void {
    this.#part(text, 0);
  }

  gone(): void {
    clearTimeout(this.#timer);
    this.#session.gone(false);
  }

  /** Says goodbye. @returns when the connection is gone */
  async finish(patience: number): Promise<void> {
    const socket = this.#socket;
    if (socket.closed) return;
    const closed = once(socket, "close");
    this.#isParting = true;
    socket.resume();
    if (socket.writable) socket.end();
    const timer = setTimeout(() => socket.destroy(), patience);
    await closed;
    clearTimeout(timer);
  }

  sweep(now: number): void {
    if (this.#isParting) return;
    const { limits, counters } = this.#options.hub;
    const { midLineSince, lastMessage, isGated } = this.#session;
    if (this.#blockedSince > 0) {
      if (now - this.#blockedSince < limits.stall) return;
      counters.closed += 1;
      this.#socket.destroy();
    } else if (midLineSince > 0 && now - midLineSince >= limits.lineTime) {
      counters.closed += 1;
      this.close(error(`a line took longer than ${limits.lineTime / 1_000} s`));
    } else if (isGated && this.#options.password !== undefined && now - this.#openedAt >= limits.login) {
      this.#deny();
    } else if (now - lastMessage >= limits.idle) {
      counters.closed += 1;
      this.close(error(`no message in ${limits.idle / 1_000} s`));
    }
  }

  #judge(line: Line): Verdict {
    const { password } = this.#options;
    if (password !== undefined) {
      if (line !== TOO_LONG && isRightPassword(line, password)) return "swallow";
      this.#deny();
      return "closed";
    }
    if (line !== TOO_LONG && !WEB.test(Buffer.from(line).toString("latin1")))
      return isPasswordLine(line) ? "swallow" : "message";
    const { counters, limits } = this.#options.hub;
    counters.closed += 1;
    // It may be a browser's too.
    this.close(
      error(
        line === TOO_LONG ? `the first line is longer than ${limits.line} bytes` : "this is no web server",
      ),
    );
    return "closed";
  }

  #deny(): void {
    const { counters, limits } = this.#options.hub;
    counters.denied += 1;
    this.#part(error("the first line has to be: password, a blank, and the right one"), limits.penalty);
  }

  #listenForSilence(): void {
    if (this.#isParting) return;
    const { lineSilence } = this.#options.hub.limits;
    if (this.#session.midLineSince === 0) return;
    this.#timer = setTimeout(() => {
      this.#session.silence();
      // There was no room for it yet.
      if (this.#session.isPartial) this.#listenForSilence();
    }, lineSilence);
  }

  /** Ends the connection with a last line. What still comes is read and thrown away, or the line would be lost with it. */
  #part(text: string, delay: number): void {
    if (this.#isParting) return;
    this.#isParting = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    socket.resume();
    this.#timer = setTimeout(() => {
      if (socket.writable) socket.end(`${text}\n`);
      this.#timer = setTimeout(() => socket.destroy(), PARTING);
    }, delay);
  }
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
