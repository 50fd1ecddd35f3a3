/**
 * Fetches parts of one file by HTTP/1.1 range requests (RFC 9110, 14; RFC 9112), one after the other, over a connection that
 * is kept where the server keeps it. Its memory is the same whatever the server sends, and nothing that a server does
 * lasts: each answer has a deadline, and whatever is not exactly what was asked for ends the connection.
 */

import { Alarm } from "../alarm.js";
import type { HTTPAddress } from "../codec/http-url.js";
import { utf8Length, writeUTF8 } from "../codec/utf8.js";
import { errorText } from "../error-text.js";
import type { Clock, IO, ResolverClass, TCP, TCPClass, Timer } from "../ports.js";
import { elapsed } from "../time.js";
import { HTTPHead, NO_SERVER } from "./http-head.js";

export interface RangeClientOptions {
  dns: IO<ResolverClass>;
  socket: IO<TCPClass>;
  timer: Timer;
  clock: Clock;
  address: HTTPAddress;
  /** The User-Agent: product and version. */
  agent: string;
  /** More of the range. The bytes are valid during the call. What it throws ends the request as the server's fault would. */
  onData(bytes: Uint8Array): void;
  /** All of the range has come. */
  onDone(): void;
  /**
   * The request has failed and the connection is closed.
   * @param isWrong the server answered with something else than the file that was asked for; otherwise nothing is wrong but
   * the way there, and another attempt may succeed
   */
  onFailed(reason: string, isWrong: boolean): void;
}

/** Milliseconds without a byte. */
const SILENCE = 20_000;

/** Milliseconds for a range: whoever sends slower than some 30 bytes a second is not serving us. */
const PATIENCE = 120_000;

/** Bytes that are read at once. */
const PIECE = 512;

const enum State {
  /** Nothing is asked for; the connection may be open. */
  IDLE,
  /** Name, connection, room for the request. */
  CONNECTING,
  /** The request is written; status and header fields come. */
  HEAD,
  BODY,
}

export class RangeClient {
  #options: RangeClientOptions;
  #state = State.IDLE;
  #socket: TCP | undefined;
  #writable = 0;
  #alarm: Alarm;
  /** Counts connections: what an earlier one still has to say is not listened to. */
  #connection = 0;
  /** Answers on the present connection. */
  #answers = 0;
  #piece = new Uint8Array(PIECE);
  #head = new HTTPHead();
  #first = 0;
  #last = 0;
  #size = 0;
  /** Bytes of the range that have not come. */
  #missing = 0;
  #askedAt = 0;
  #heardAt = 0;

  constructor(options: RangeClientOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.timer, this);
  }

  /**
   * Asks for the bytes from `first` to `last`, both included, of a file of `size` bytes. One request at a time.
   */
  request(first: number, last: number, size: number): void {
    this.#first = first;
    this.#last = last;
    this.#size = size;
    this.#askedAt = this.#heardAt = this.#options.clock.ticks();
    this.#state = State.CONNECTING;
    this.#alarm.set(SILENCE);
    if (this.#socket) this.write();
    else this.connect();
  }

  /** Ends whatever is under way; nothing is called back. */
  close(): void {
    this.#state = State.IDLE;
    this.#alarm.clear();
    this.disconnect();
  }

  private disconnect(): void {
    this.#connection += 1;
    const socket = this.#socket;
    this.#socket = undefined;
    this.#writable = 0;
    socket?.close();
  }

  private connect(): void {
    const { dns, socket, address } = this.#options;
    const { host, port } = address;
    this.#answers = 0;
    this.#connection += 1;
    const connection = this.#connection;
    const isCurrent = () => connection === this.#connection;
    try {
      new dns.io(dns).resolve({
        host,
        onResolved: (_host, resolved) => {
          if (!isCurrent()) return;
          try {
            this.#socket = new socket.io({
              ...socket,
              address: resolved,
              host,
              port,
              onReadable: (count) => {
                if (isCurrent()) this.onReadable(count);
              },
              onWritable: (count) => {
                if (isCurrent()) this.onWritable(count);
              },
              onError: (reason) => {
                if (isCurrent()) this.onError(reason);
              },
            });
          } catch (error) {
            this.fail(errorText(error));
          }
        },
        onError: () => {
          if (isCurrent()) this.fail(`no address found for ${host}`);
        },
      });
    } catch (error) {
      this.fail(errorText(error));
    }
  }

  private onWritable(count: number): void {
    this.#writable = count;
    if (this.#state === State.CONNECTING) this.write();
  }

  /** The request, once there is room for it. */
  private write(): void {
    const { address, agent } = this.#options;
    const text = `GET ${address.target} HTTP/1.1\r\nHost: ${address.authority}\r\nRange: bytes=${this.#first}-${this.#last}\r\nAccept-Encoding: identity\r\nUser-Agent: ${agent}\r\n\r\n`;
    const request = new Uint8Array(utf8Length(text));
    if (request.length > this.#writable) return; // onWritable comes back
    writeUTF8(request, 0, text);
    this.#head.begin();
    this.#state = State.HEAD;
    try {
      this.#writable = (this.#socket as TCP).write(request) ?? 0;
    } catch (error) {
      // As lwIP's class has it where the connection failed just now.
      this.#state = State.CONNECTING;
      this.onError(error);
    }
  }

  private onReadable(count: number): void {
    const piece = this.#piece;
    this.#heardAt = this.#options.clock.ticks();
    // Whoever was told something may have closed; another connection is not there before a later turn.
    while (count > 0 && this.#socket) {
      const length = Math.min(count, piece.length);
      const bytes = length === piece.length ? piece : piece.subarray(0, length);
      count -= length;
      try {
        this.#socket.read(bytes);
      } catch (error) {
        return this.onError(error);
      }
      this.take(bytes, count);
    }
  }

  /** @param behind bytes that have come behind these */
  private take(bytes: Uint8Array, behind: number): void {
    let at = 0;
    while (at < bytes.length && this.#state === State.HEAD) {
      const fault = this.#head.add(bytes[at]);
      at += 1;
      if (fault !== undefined) return this.fail(fault);
      if (this.#head.isComplete && !this.answered()) return;
    }
    if (this.#state === State.BODY) {
      const count = Math.min(bytes.length - at, this.#missing);
      try {
        if (count > 0) this.#options.onData(bytes.subarray(at, at + count));
      } catch (error) {
        return this.fail(errorText(error), true);
      }
      // Whoever got it may have closed.
      if (this.#state !== State.BODY) return;
      at += count;
      this.#missing -= count;
      if (this.#missing > 0) return;
      if (at < bytes.length || behind > 0)
        return this.fail("the server sends more than it was asked for", true);
      this.done();
    } else if (at < bytes.length && this.#state !== State.HEAD) {
      // Nothing was asked for.
      if (this.#state === State.CONNECTING && this.#answers === 0) return this.fail(NO_SERVER);
      this.disconnect();
      if (this.#state === State.CONNECTING) this.connect();
    }
  }

  /** Status and header fields are there. @returns whether the range follows */
  private answered(): boolean {
    const head = this.#head;
    const { status } = head;
    if (status >= 100 && status < 200) {
      // There is another one behind it.
      head.begin();
      return true;
    }
    const length = this.#last - this.#first + 1;
    if (status === 200) return this.refuse("the server does not answer range requests", false);
    if (status === 416) return this.refuse("the server's file is another one: it has no such range", true);
    if (status !== 206) return this.refuse(`the server answers ${status}`, false);
    if (head.total >= 0 && head.total !== this.#size)
      return this.refuse(`the server's file has ${head.total} bytes, and the image ${this.#size}`, true);
    if (head.first !== this.#first || head.last !== this.#last || head.total < 0)
      return this.refuse("the server sends another range than it was asked for", true);
    if (head.isEncoded || head.length !== length)
      return this.refuse("the server's answer has another length than its range", true);
    this.#missing = length;
    this.#state = State.BODY;
    return true;
  }

  private refuse(reason: string, isWrong: boolean): boolean {
    this.fail(reason, isWrong);
    return false;
  }

  private done(): void {
    this.#state = State.IDLE;
    this.#alarm.clear();
    this.#answers += 1;
    if (!this.#head.isKept) this.disconnect();
    this.#options.onDone();
  }

  private onError(reason: unknown): void {
    const state = this.#state;
    const answers = this.#answers;
    this.disconnect();
    if (state === State.IDLE) return;
    // A connection that was kept, and closed just when it was needed again: servers do that.
    if (answers > 0 && (state === State.CONNECTING || (state === State.HEAD && this.#head.isEmpty))) {
      this.#state = State.CONNECTING;
      this.connect();
      return;
    }
    const what = reason ? `: ${errorText(reason)}` : "";
    if (state === State.CONNECTING) this.fail(`no connection to the server${what}`);
    else this.fail(`the connection ended within the server's answer${what}`);
  }

  private fail(reason: string, isWrong = false): void {
    if (this.#state === State.IDLE) return;
    this.close();
    this.#options.onFailed(reason, isWrong);
  }

  /** Looks whether the server still gets anywhere. */
  onAlarm(): void {
    const now = this.#options.clock.ticks();
    const silence = elapsed(this.#heardAt, now);
    if (silence >= SILENCE) return this.fail("the server does not answer");
    if (elapsed(this.#askedAt, now) >= PATIENCE) return this.fail("the server is too slow");
    this.#alarm.set(SILENCE - silence);
  }
}
