/**
 * A TCP socket inside TLS 1.2, on Moddable's TLS session: what the SDK's `TLSSocket` is, and more careful. What the
 * session throws (a certificate that is refused, a record that does not decrypt) reaches `onError` as a reason; with the
 * SDK's class it would restart the device. Nothing of the application is sent before `Handshake` has seen all of the
 * handshake in order.
 */

import Session from "ssl/session";
import Timer from "timer";
import { errorText } from "../../error-text.js";
import type { Bytes, IO, TCP, TCPClass, TCPOptions } from "../../ports.js";
import type { Credentials } from "../../tls/credentials.js";
import { Handshake, HEADER, recordLength } from "../../tls/handshake.js";
import { parseAddress } from "../../tls/names.js";
import { alertText, closedText, sessionText } from "../../tls/reasons.js";
import { Keyring } from "./keyring.js";
import { Pipe } from "./pipe.js";
import { stir } from "./random.js";

export interface TLSSocketOptions extends TCPOptions {
  /** The class underneath, with its own options. */
  TCP: IO<TCPClass>;
  /** Called for each connection, so that the bytes are in memory only while it begins. */
  credentials: () => Credentials;
  /** Milliseconds since 1970, or `undefined` while the clock has not been set. */
  now: () => number | undefined;
  format?: string;
}

/** Bytes of contents in a record, either way: RFC 6066, section 4. */
const FRAGMENT_LIMIT = 4_096;

/** What a record of AES-GCM has beside its contents: header, nonce, tag. */
const OVERHEAD = HEADER + 8 + 16;

export class TLSSocket implements TCP {
  readonly target: unknown;
  #options: TLSSocketOptions;
  #tcp: TCP | undefined;
  #session: Session | undefined;
  #handshake: Handshake;
  #ready = false;
  #pipe: Pipe;
  /** Records that wait for room. */
  #queue: Uint8Array[] = [];
  /** Bytes that the TCP socket takes. */
  #free = 0;
  /** Bytes that have arrived there. */
  #pending = 0;
  #header = new Uint8Array(HEADER);
  /** A record that is arriving, and how much of it is there. */
  #record: Uint8Array;
  #filled = 0;
  /** What has been decrypted and not been read. */
  #data: Uint8Array | undefined;
  #at = 0;
  #failure: Error | undefined;
  #isNumber = false;
  #timer: Timer | undefined;

  /** @throws Error where the credentials are none */
  constructor(options: TLSSocketOptions) {
    this.target = (options as { target?: unknown }).target;
    this.#options = options;
    this.#record = this.#header;
    if (options.format !== undefined) this.format = options.format;
    const { host = options.address, TCP: tcp, now } = options;
    const credentials = options.credentials();
    this.#handshake = new Handshake(credentials.key !== undefined);
    this.#pipe = new Pipe((packet) => this.send(packet));
    stir();
    this.#session = new Session({
      protocolVersion: 0x303,
      // A session that is resumed would be one that nothing is checked of.
      cache: false,
      tls_max_fragment_length: FRAGMENT_LIMIT,
      certificateManager: new Keyring(credentials, host, now),
      // An address has no place in SNI: RFC 6066, section 3.
      ...(parseAddress(host) === undefined && { serverName: host }),
    });
    this.#session.initiateHandshake();
    this.#tcp = new tcp.io({
      ...tcp,
      address: options.address,
      port: options.port,
      onReadable: (count) => {
        this.#pending = count;
        this.pump();
      },
      onWritable: (count) => this.onWritable(count),
      onError: (reason) => this.onLost(reason),
    });
  }

  close(): void {
    const tcp = this.#tcp;
    this.#tcp = undefined;
    this.#session = undefined;
    this.#data = undefined;
    this.#queue = [];
    Timer.clear(this.#timer);
    this.#timer = undefined;
    tcp?.close();
  }

  get format(): string {
    return this.#isNumber ? "number" : "buffer";
  }

  set format(value: string) {
    if (value !== "number" && value !== "buffer") throw new RangeError(`format "${value}" is not supported`);
    this.#isNumber = value === "number";
  }

  read(buffer: Uint8Array): number | undefined;
  read(byteLength?: number): ArrayBuffer | undefined;
  read(what?: Uint8Array | number): ArrayBuffer | number | undefined {
    const data = this.#data;
    if (!data) return undefined;
    const available = data.length - this.#at;
    const at = this.#at;
    let result: ArrayBuffer | number;
    if (this.#isNumber) {
      this.#at += 1;
      result = data[at];
    } else if (typeof what === "object") {
      const into = ArrayBuffer.isView(what) ? what : new Uint8Array(what as ArrayBuffer);
      const count = Math.min(into.length, available);
      into.set(data.subarray(at, at + count));
      this.#at += count;
      result = count;
    } else {
      const count = what ?? available;
      if (!(count > 0 && count <= available))
        throw new RangeError(`${count} bytes asked for, ${available} have arrived`);
      this.#at += count;
      result = data.slice(at, at + count).buffer as ArrayBuffer;
    }
    if (this.#at === data.length) {
      this.#data = undefined;
      // Not from here: whoever reads does not expect to be called.
      if (this.#pending > 0 || this.#failure) this.#timer ??= Timer.set(() => this.goOn(), 0);
    }
    return result;
  }

  /** @param options the SDK's: `more` where a packet is handed over in pieces, of `byteLength` in all */
  write(data: Bytes | number, options?: { more?: boolean; byteLength?: number }): number | undefined {
    const session = this.#session;
    if (this.#failure || !session) return undefined;
    if (!this.#ready) throw new Error("not ready");
    const bytes = typeof data === "number" ? Uint8Array.of(data) : data;
    if (bytes.byteLength > this.room) throw new Error("would block");
    this.#pipe.writable = this.#free;
    const left = session.write(this.#pipe, bytes, options);
    this.flush();
    return options?.more ? Math.min(left, this.room) : this.room;
  }

  /** Bytes that the application may write. */
  private get room(): number {
    if (this.#queue.length > 0) return 0;
    return Math.max(0, Math.min(this.#free - OVERHEAD, FRAGMENT_LIMIT));
  }

  // --- out ---------------------------------------------------------------------------------------------------------

  private onWritable(count: number): void {
    const session = this.#session;
    if (!session) return;
    this.#free = count;
    try {
      this.flush();
      if (!this.#handshake.started) this.advance(session);
    } catch (error) {
      return this.fail(error);
    }
    this.tellWritable();
  }

  private tellWritable(): void {
    const room = this.room;
    if (this.#ready && room > 0) this.#options.onWritable?.call(this, room);
  }

  /** A record of the session's, which goes out with those that come with it. */
  private send(packet: Uint8Array): void {
    this.#handshake.sent(packet);
    this.#queue.push(packet);
  }

  /** As much as there is room for, in one piece: a server that refuses the first of several closes before the last. */
  private flush(): void {
    const queue = this.#queue;
    if (queue.length > 1) {
      let length = 0;
      for (let i = 0; i < queue.length; i++) length += queue[i].length;
      const all = new Uint8Array(length);
      let at = 0;
      for (let i = 0; i < queue.length; i++) {
        all.set(queue[i], at);
        at += queue[i].length;
      }
      queue.length = 0;
      queue.push(all);
    }
    if (queue.length > 0 && this.#free > 0) {
      const packet = queue[0];
      const count = Math.min(this.#free, packet.length);
      // `undefined` of a connection that has failed, which is told in `onError`.
      this.#free = this.#tcp?.write(packet.subarray(0, count)) ?? 0;
      if (count === packet.length) queue.pop();
      else queue[0] = packet.subarray(count);
    }
    this.#pipe.writable = this.#free;
  }

  // --- in ----------------------------------------------------------------------------------------------------------

  private goOn(): void {
    this.#timer = undefined;
    this.pump();
    if (this.#failure && !this.#data) this.report();
  }

  /** Takes records out of the TCP socket until the application has something to read, or nothing is left. */
  private pump(): void {
    while (this.#session && !this.#data) {
      const wasReady = this.#ready;
      try {
        if (!this.fill()) return;
        this.process(this.#session, this.#record);
      } catch (error) {
        return this.fail(error);
      }
      this.#record = this.#header;
      this.#filled = 0;
      if (this.#ready && !wasReady) this.tellWritable();
      const data = this.#data as Uint8Array | undefined;
      if (data) this.#options.onReadable?.call(this, data.length);
    }
  }

  /** Whether a whole record is there. */
  private fill(): boolean {
    for (;;) {
      const record = this.#record;
      const count = Math.min(this.#pending, record.length - this.#filled);
      if (count > 0) {
        this.#tcp?.read(record.subarray(this.#filled, this.#filled + count));
        this.#filled += count;
        this.#pending -= count;
      }
      if (this.#filled < record.length) return false;
      if (record !== this.#header) return true;
      const length = recordLength(record);
      this.#record = new Uint8Array(length);
      this.#record.set(record);
      if (length === HEADER) return true;
    }
  }

  private process(session: Session, record: Uint8Array): void {
    const pipe = this.#pipe;
    if (this.#ready) {
      pipe.load(record);
      const data = session.read(pipe);
      if (data === null) throw new Error(alertText(session.alert?.description ?? 0, this.#handshake.client));
      if (data !== undefined && data.length > 0) {
        this.#data = data;
        this.#at = 0;
      }
      return;
    }
    this.#handshake.received(record);
    pipe.load(record);
    // Once for the record, once for what it calls for.
    if (!session.handshake(pipe)) this.advance(session);
  }

  private advance(session: Session): void {
    const isOver = session.handshake(this.#pipe);
    this.flush();
    if (!isOver) return;
    // The session counts its own alert as an end, too.
    if (!this.#handshake.done || session.alert) throw new Error("the TLS handshake failed");
    this.#ready = true;
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  private onLost(reason: Error | undefined): void {
    const why = reason ? ` (${errorText(reason)})` : "";
    if (this.#ready) return this.fail(new Error(`closed by the server${why}`));
    const { started, client } = this.#handshake;
    this.fail(new Error((started ? closedText(client) : "refused, or nothing is there") + why));
  }

  /** Nothing is sent or received any more; told once, when the application has read what had arrived. */
  private fail(error: unknown): void {
    if (!this.#session || this.#failure) return;
    const { alert } = this.#session;
    this.#failure = new Error(
      alert ? alertText(alert.description, this.#handshake.client) : sessionText(errorText(error)),
    );
    this.#tcp?.close();
    this.#tcp = undefined;
    this.#pending = 0;
    this.#queue = [];
    if (!this.#data) this.report();
  }

  private report(): void {
    const failure = this.#failure as Error;
    const { onError } = this.#options;
    this.close();
    onError?.call(this, failure);
  }
}
