/** A socket with a broker behind it that acknowledges everything, in memory that is taken once. */

import type { Bytes, TCPClass, TCPOptions } from "../../../firmware/ports.js";
import type { EngineClock } from "./clock.js";
import { native1 } from "./native.js";

/** Milliseconds of a way. */
const LATENCY = 10;

/** The broker's. */
const PORT = 1883;

/** Bytes that the socket takes, as many as lwIP's does on an ESP32. */
const SEND_BUFFER = 5_744;

export class EngineBroker {
  /** PUBLISH packets that came with QoS 1. */
  published = 0;
  /** Bytes of all that came. */
  received = 0;
  /** Does not answer from now on. */
  isSilent = false;
  readonly TCP: TCPClass;
  #clock: EngineClock;
  #socket: TCPOptions | undefined;
  #answer = new Uint8Array(512);
  #length = 0;
  #read = 0;
  #isTold = false;
  #connected = () => this.#socket?.onWritable.call(this.#self, SEND_BUFFER);
  #tell = () => {
    this.#isTold = false;
    if (this.#socket && this.#length > this.#read)
      this.#socket.onReadable.call(this.#self, this.#length - this.#read);
  };
  #self: never = undefined as never;

  constructor(clock: EngineClock) {
    this.#clock = clock;
    const broker = this;
    const take = native1("socket.write", (data: Bytes) => {
      broker.#take(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
      return SEND_BUFFER;
    });
    const give = native1("socket.read", (into: Uint8Array) => broker.#give(into));
    const end = native1("socket.close", () => {
      broker.#socket = undefined;
      broker.#length = broker.#read = 0;
    });
    class TCP {
      constructor(options: TCPOptions) {
        // Anything else that is connected to never answers.
        if (options.port !== PORT) return;
        broker.#socket = options;
        broker.#self = this as never;
        clock.set(broker.#connected, LATENCY);
      }
    }
    Object.assign(TCP.prototype, { write: take, read: give, close: end });
    this.TCP = TCP as unknown as TCPClass;
  }

  #give(into: Uint8Array): number {
    for (let i = 0; i < into.length; i++) into[i] = this.#answer[this.#read + i];
    this.#read += into.length;
    if (this.#read === this.#length) this.#read = this.#length = 0;
    return into.length;
  }

  #take(bytes: Uint8Array): void {
    this.received += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const type = bytes[at] >> 4;
      let length = 0;
      let shift = 0;
      let body = at + 1;
      do {
        length |= (bytes[body] & 0x7f) << shift;
        shift += 7;
      } while ((bytes[body++] & 0x80) !== 0);
      this.#packet(bytes, at, type, body, body + length);
      at = body + length;
    }
  }

  #packet(bytes: Uint8Array, at: number, type: number, body: number, end: number): void {
    switch (type) {
      case 1:
        this.#say(0x20, 0, 0);
        break;
      case 3: {
        if (((bytes[at] >> 1) & 3) !== 1) break;
        this.published += 1;
        const id = body + 2 + ((bytes[body] << 8) | bytes[body + 1]);
        this.#say(0x40, bytes[id], bytes[id + 1]);
        break;
      }
      case 8: {
        let filters = 0;
        for (let i = body + 2; i < end; filters++) i += 3 + ((bytes[i] << 8) | bytes[i + 1]);
        this.#answer[this.#length++] = 0x90;
        this.#answer[this.#length++] = 2 + filters;
        this.#answer[this.#length++] = bytes[body];
        this.#answer[this.#length++] = bytes[body + 1];
        for (let i = 0; i < filters; i++) this.#answer[this.#length++] = 1;
        this.#wake();
        break;
      }
      case 12:
        this.#answer[this.#length++] = 0xd0;
        this.#answer[this.#length++] = 0;
        this.#wake();
        break;
    }
  }

  /** A packet of two bytes behind its header. */
  #say(first: number, high: number, low: number): void {
    this.#answer[this.#length++] = first;
    this.#answer[this.#length++] = 2;
    this.#answer[this.#length++] = high;
    this.#answer[this.#length++] = low;
    this.#wake();
  }

  #wake(): void {
    if (this.#isTold || this.isSilent) return;
    this.#isTold = true;
    this.#clock.set(this.#tell, 2 * LATENCY);
  }
}
