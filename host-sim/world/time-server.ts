import type { VirtualClock } from "../boards/virtual/clock.js";
import type { Address, VirtualDatagrams } from "../boards/virtual/datagrams.js";

/** What may be wrong with an answer. */
export type TimeFault =
  | "silent"
  | "wrong origin"
  | "wrong port"
  | "wrong address"
  | "garbage"
  | "short"
  | "request"
  | "DENY"
  | "RSTR"
  | "RATE"
  | "INIT"
  | "stratum 16"
  | "unsynchronised"
  | "dispersed"
  | "zero transmit"
  | "backwards";

/** Seconds from 1900 to 1970. */
const SECONDS_TO_1970 = 2_208_988_800;

/** A moment as NTP writes it: seconds of the era since its start, and a fraction, 32 bits each. */
export function writeTimestamp(into: DataView, at: number, now: number): void {
  const seconds = Math.floor(now / 1_000);
  into.setUint32(at, (seconds + SECONDS_TO_1970) % 0x1_0000_0000);
  into.setUint32(at + 4, Math.floor(((now - seconds * 1_000) / 1_000) * 0x1_0000_0000));
}

/** An NTP server in memory (RFC 5905), which knows the true time of its world and does as it is told with it. */
export class TimeServer {
  /** Milliseconds that it is ahead of the true time. */
  offset = 0;
  /** Milliseconds between a request and its answer. */
  processing = 0;
  /** It is at fault in this way, until it is told otherwise. */
  fault: TimeFault | undefined;
  /** What was asked and when, in milliseconds since the world's start. */
  readonly requests: { readonly at: number; readonly from: Address; readonly data: Uint8Array }[] = [];
  readonly here: Address;
  #datagrams: VirtualDatagrams;
  #clock: VirtualClock;

  /** @param clock of the world: it must be set */
  constructor(datagrams: VirtualDatagrams, clock: VirtualClock, address: string, port = 123) {
    this.here = { address, port };
    this.#datagrams = datagrams;
    this.#clock = clock;
    datagrams.listen(address, port, (data, from) => this.#asked(data, from));
  }

  #now(): number {
    const now = this.#clock.now();
    if (now === undefined) throw new Error("a time server needs a world that knows the time");
    return now + this.offset;
  }

  #asked(data: Uint8Array, from: Address): void {
    const received = this.#now();
    this.requests.push({ at: this.#clock.elapsed, from, data });
    this.#clock.timer.set(() => this.#answer(data, from, received), this.processing);
  }

  #answer(request: Uint8Array, to: Address, received: number): void {
    if (this.fault === "silent") return;
    let answer = new Uint8Array(48);
    const view = new DataView(answer.buffer);
    view.setUint8(0, (request[0] & 0x38) | 4); // no leap second, the version that was asked in, a server
    view.setUint8(1, 2);
    view.setUint8(2, request[2]);
    view.setInt8(3, -20);
    view.setUint32(4, 0x0000_0400); // root delay: 1/64 s
    view.setUint32(8, 0x0000_0200);
    view.setUint32(12, 0x7f00_0001);
    writeTimestamp(view, 16, received - 30_000);
    answer.set(request.subarray(40, 48), 24);
    writeTimestamp(view, 32, received);
    writeTimestamp(view, 40, this.#now());
    let from = this.here;
    switch (this.fault) {
      case "wrong origin":
        answer[31] ^= 1;
        break;
      case "wrong port":
        from = { ...from, port: from.port + 1 };
        break;
      case "wrong address":
        from = { ...from, address: "10.66.66.66" };
        break;
      case "garbage":
        answer = Uint8Array.from({ length: 90 }, (_, index) => (index * 151 + 77) & 0xff);
        break;
      case "short":
        answer = answer.subarray(0, 47);
        break;
      case "request":
        answer[0] = (answer[0] & 0xf8) | 3;
        break;
      case "DENY":
      case "RSTR":
      case "RATE":
      case "INIT":
        view.setUint8(0, view.getUint8(0) | 0xc0); // as ntpd has it
        view.setUint8(1, 0);
        answer.set(Buffer.from(this.fault), 12);
        break;
      case "stratum 16":
        view.setUint8(1, 16);
        break;
      case "unsynchronised":
        view.setUint8(0, view.getUint8(0) | 0xc0);
        break;
      case "dispersed":
        view.setUint32(8, 16 * 0x1_0000);
        break;
      case "zero transmit":
        answer.fill(0, 40, 48);
        break;
      case "backwards":
        writeTimestamp(view, 32, this.#now() + 10);
        break;
      default:
        break;
    }
    this.#datagrams.send(answer, from, to);
  }
}
