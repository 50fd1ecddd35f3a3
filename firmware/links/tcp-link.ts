/**
 * Sends each reading as a line of text to a plain TCP server, which need not have heard of MQTT, and takes whatever
 * comes back as the receipt.
 *
 * Servers exist that read 1,024 bytes, answer a sentence without a newline and close. So one message is under way at
 * a time; a receipt is complete with a newline, with the connection's end, or after a moment of silence; and a server
 * that closes after a receipt is connected to again for the next message, without back-off.
 */

import { Alarm } from "../alarm.js";
import { hostPort } from "../codec/endpoint.js";
import { blankReading, readingJSON } from "../codec/reading.js";
import { utf8Length, writeUTF8 } from "../codec/utf8.js";
import { errorText } from "../error-text.js";
import type { Counters, Monitor } from "../monitor.js";
import type { Queue } from "../outbox/queue.js";
import type { Clock, IO, ResolverClass, TCP, TCPClass, Timer } from "../ports.js";
import { elapsed } from "../time.js";
import { Backoff } from "./backoff.js";

export interface TCPLinkOptions {
  dns: IO<ResolverClass>;
  socket: IO<TCPClass>;
  timer: Timer;
  clock: Clock;
  random: () => number;
  monitor: Monitor;
  counters: Counters;
  /** Of its own: what the server gets has nothing to do with what the broker has. */
  queue: Queue;
  /** Names the device in each message. */
  device: string;
  host: string;
  port: number;
  /** Said in the first line of each connection, to which there is no answer; nothing where it is empty. */
  password: string;
}

/** Readings that wait for the server. */
export const TCP_QUEUE = 64;

/** Milliseconds for a receipt; then the message counts as unconfirmed and the next one goes. */
const RECEIPT_TIMEOUT = 5_000;

/** Milliseconds of silence that end a receipt without a newline. */
const RECEIPT_SILENCE = 200;

/** Milliseconds from a name to a connection. */
const CONNECT_TIMEOUT = 10_000;

/** Bytes of a receipt. A server that says more has lost the thread: the connection is closed. */
const RECEIPT_LIMIT = 4_096;

/** Bytes of a receipt that are shown. */
const RECEIPT_SHOWN = 120;

/** Times that a message is sent when the server closes without a receipt; it may have read it every time. */
const ATTEMPTS = 2;

const enum State {
  STOPPED,
  /** Nothing to send; the connection may be open. */
  IDLE,
  /** After a failure, before the next attempt. */
  WAITING,
  /** The name is being resolved, the connection opened. */
  CONNECTING,
  /** The message is sent, nothing has come back. */
  SENT,
  /** Some of the receipt has come. */
  ANSWERED,
}

export class TCPLink {
  #options: TCPLinkOptions;
  #state = State.STOPPED;
  #up = true;
  #backoff: Backoff;
  #socket: TCP | undefined;
  #writable = 0;
  #alarm: Alarm;
  /** Counts attempts to connect: what an earlier one still has to say is not listened to. */
  #attempt = 0;
  /** Times that the present message was sent. */
  #sends = 0;
  /** The password was said on the present connection. */
  #admitted = false;
  /** Receipts on the present connection. */
  #receipts = 0;
  #reading = blankReading();
  #chunk = new Uint8Array(256);
  #receiptLength = 0;
  #receipt = "";
  #lastByte = 0;
  #sentAt = 0;
  #troubled = false;

  constructor(options: TCPLinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
    this.#alarm = new Alarm(options.timer, this);
  }

  start(networkUp: boolean): void {
    this.#up = networkUp;
    this.#state = State.IDLE;
    this.next();
  }

  stop(): void {
    this.close();
    this.#state = State.STOPPED;
  }

  networkChanged(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    if (this.#state === State.STOPPED) return;
    this.close();
    this.#state = State.IDLE;
    this.next();
  }

  /** There is a new reading in the queue. */
  wake(): void {
    if (this.#state === State.IDLE) this.next();
  }

  /** Sends the next message, if there is one, and the connection is there. */
  private next(): void {
    const { queue } = this.#options;
    if (this.#state !== State.IDLE || !this.#up || queue.size === 0) return;
    if (!this.#socket) return this.connect();
    const { device, password } = this.#options;
    if (queue.first !== this.#reading.seq) this.#sends = 0;
    queue.read(queue.first, this.#reading);
    let line = `${readingJSON(this.#reading, false, device)}\n`;
    if (password !== "" && !this.#admitted) line = `password ${password}\n${line}`;
    const bytes = new Uint8Array(utf8Length(line));
    writeUTF8(bytes, 0, line);
    if (bytes.length > this.#writable) return; // onWritable comes back
    this.#admitted = true;
    this.#state = State.SENT;
    this.#sends += 1;
    this.#receipt = "";
    this.#receiptLength = 0;
    this.#sentAt = this.#options.clock.ticks();
    this.#alarm.set(RECEIPT_TIMEOUT);
    try {
      this.#writable = this.#socket.write(bytes) ?? 0;
    } catch (error) {
      this.failed(errorText(error));
    }
  }

  /** The present message is done with: confirmed, or given up. */
  private done(): void {
    const { queue } = this.#options;
    queue.acknowledge(this.#reading.seq);
    this.#sends = 0;
    this.#alarm.clear();
    this.#state = State.IDLE;
  }

  private unconfirmed(): void {
    const { counters, monitor, host, port } = this.#options;
    counters.unconfirmed += 1;
    if (!this.#troubled)
      monitor.warning?.(`server ${hostPort(host, port)}: no answer to a reading; going on`);
    this.#troubled = true;
    this.done();
  }

  private confirmed(): void {
    this.#receipts += 1;
    this.#troubled = false;
    this.#backoff.reset();
    this.#options.monitor.receipt?.(this.#receipt);
    this.done();
  }

  // --- connection --------------------------------------------------------------------------------------------------

  private connect(): void {
    const { dns, socket, host, port } = this.#options;
    this.#state = State.CONNECTING;
    this.#receipts = 0;
    this.#admitted = false;
    this.#writable = 0;
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#alarm.set(CONNECT_TIMEOUT);
    try {
      new dns.io(dns).resolve({
        host,
        onResolved: (_host, address) => {
          if (attempt !== this.#attempt) return;
          try {
            this.#socket = new socket.io({
              ...socket,
              address,
              host,
              port,
              onReadable: (count) => this.onReadable(count),
              onWritable: (count) => this.onWritable(count),
              onError: (reason) => this.failed(reason ? errorText(reason) : "the connection was closed"),
            });
          } catch (error) {
            this.failed(errorText(error));
          }
        },
        onError: () => {
          if (attempt === this.#attempt) this.failed("no address found for this name");
        },
      });
    } catch (error) {
      this.failed(errorText(error));
    }
  }

  private close(): void {
    this.#attempt += 1;
    this.#alarm.clear();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#writable = 0;
    socket?.close();
  }

  /** The connection has ended, in whatever state. */
  private failed(reason: string): void {
    const state = this.#state;
    if (state === State.STOPPED || state === State.WAITING) return;
    const receipts = this.#receipts;
    this.close();
    if (state === State.ANSWERED) {
      // The answer ended with the connection: a server's usual way.
      this.confirmed();
      return this.next();
    }
    this.#state = State.IDLE;
    if (state === State.IDLE) return;
    // A server that has answered before and closed meanwhile: the message crossed its goodbye, and is sent again.
    if (state === State.SENT && receipts > 0) return this.next();
    if (state === State.SENT && this.#sends >= ATTEMPTS) this.unconfirmed();
    this.wait(reason);
  }

  private wait(reason: string): void {
    const { host, port, monitor } = this.#options;
    if (!this.#troubled) monitor.warning?.(`server ${hostPort(host, port)}: ${reason}; trying again`);
    this.#troubled = true;
    this.#state = State.WAITING;
    this.#alarm.set(this.#backoff.next());
  }

  onAlarm(): void {
    switch (this.#state) {
      case State.WAITING:
        this.#state = State.IDLE;
        this.next();
        break;
      case State.CONNECTING:
        this.failed("no connection in time");
        break;
      case State.SENT:
        // On this connection a late answer would be taken for the next message's; or nothing will ever come of it.
        this.close();
        this.unconfirmed();
        this.next();
        break;
      case State.ANSWERED: {
        const silence = elapsed(this.#lastByte, this.#options.clock.ticks());
        if (silence < RECEIPT_SILENCE) return this.#alarm.set(RECEIPT_SILENCE - silence);
        this.confirmed();
        this.next();
        break;
      }
      default:
        break;
    }
  }

  private onWritable(count: number): void {
    this.#writable = count;
    if (this.#state === State.CONNECTING) {
      this.#alarm.clear();
      this.#state = State.IDLE;
    }
    this.next();
  }

  private onReadable(count: number): void {
    const chunk = this.#chunk;
    let ended = false;
    while (count > 0 && this.#socket) {
      const size = Math.min(count, chunk.length);
      this.#socket.read(size === chunk.length ? chunk : chunk.subarray(0, size));
      count -= size;
      if (this.#state !== State.SENT && this.#state !== State.ANSWERED) continue; // nothing was asked
      for (let i = 0; i < size && this.#receipt.length < RECEIPT_SHOWN; i++) {
        const byte = chunk[i];
        // For showing only: what is not printable ASCII is a point.
        if (byte !== 0x0a && byte !== 0x0d)
          this.#receipt += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
      }
      this.#receiptLength += size;
      ended = chunk[size - 1] === 0x0a;
    }
    if (this.#state === State.SENT) {
      this.#state = State.ANSWERED;
      this.#alarm.set(RECEIPT_SILENCE);
    }
    if (this.#state !== State.ANSWERED) return;
    this.#lastByte = this.#options.clock.ticks();
    // An answer that does not end is an answer all the same.
    if (this.#receiptLength > RECEIPT_LIMIT || elapsed(this.#sentAt, this.#lastByte) >= RECEIPT_TIMEOUT) {
      this.close();
      this.confirmed();
      this.next();
    } else if (ended) {
      this.confirmed();
      this.next();
    }
  }
}
