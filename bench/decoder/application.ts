import type MQTTClient from "../../firmware/mqtt/client.js";
import type { MQTTControl, MQTTReadableOptions } from "../../firmware/ports.js";
import { controlText, type Event, latin1, messageText } from "./conversation.js";
import type { Dice } from "./dice.js";
import { Reading, type Way } from "./way.js";

const AN_ARRAY_BUFFER = ArrayBuffer;

/** An application on top of a client: notes what it is told, and sees at once what it must not be told. */
export class Application {
  readonly events: Event[] = [];
  /** Bytes of the message that it has been told of and has not read. */
  unread = 0;
  /** Bytes of the message that it has not been told of. */
  missing = 0;
  closed = false;
  /** Reads nothing at present, however it reads otherwise. */
  holding = false;
  /** Lets the socket tell again what it has told, from within a callback. */
  nudge: () => void = () => {};
  #way: Way;
  #dice: Dice;
  #problem: (text: string) => never;
  #callbacks = 0;
  #within = false;

  constructor(way: Way, dice: Dice, problem: (text: string) => never) {
    this.#way = way;
    this.#dice = dice;
    this.#problem = problem;
  }

  onReadable(client: MQTTClient, count: number, options: MQTTReadableOptions): void {
    this.#enter("a message");
    this.#receive(client, count, options);
    this.#leave();
  }

  #receive(client: MQTTClient, count: number, options: MQTTReadableOptions): void {
    if (this.unread > 0) this.#problem("told of more before the rest was read");
    if (options.topic !== undefined) {
      if (this.missing > 0) this.#problem("a message within another");
      const { topic, QoS = -1, retain = false, duplicate = false, byteLength = -1 } = options;
      this.events.push({ what: messageText(topic, QoS, retain, duplicate, byteLength), payload: "" });
      this.missing = byteLength;
    } else if (count === 0 || this.missing === 0) this.#problem("told of more of nothing");
    if (count > this.missing || count > this.#way.packetLimit)
      this.#problem(`told of ${count} bytes, which cannot be`);
    this.missing -= count;
    this.unread = count;
    if (options.more !== this.missing > 0) this.#problem(`told that more is ${options.more}`);
    if (this.#closes(client) || this.holding) return;
    switch (this.#way.reading) {
      case Reading.AT_ONCE:
        this.read(client, count);
        break;
      case Reading.PIECEWISE:
        while (this.unread > 0) this.read(client, this.#dice.between(1, this.unread));
        break;
      case Reading.PARTLY:
        this.read(client, this.#dice.below(count + 1));
        break;
      case Reading.LATER:
        break;
    }
  }

  onControl(client: MQTTClient, message: MQTTControl): void {
    this.#enter("a packet");
    if (this.unread + this.missing > 0) this.#problem("told of a packet within a message");
    const codes = message.payload ? Array.from(message.payload).join(",") : "";
    const what = controlText(message.operation, message.id ?? 0, codes, message.sessionPresent ?? false);
    this.events.push({ what, payload: "" });
    this.#closes(client);
    this.#leave();
  }

  #enter(what: string): void {
    if (this.closed) this.#problem(`told of ${what} after the end`);
    if (this.#within) this.#problem(`told of ${what} within a callback`);
    this.#within = true;
  }

  #leave(): void {
    if (this.#way.reading === Reading.PIECEWISE && !this.closed) this.nudge();
    this.#within = false;
  }

  /** Reads, in one of the ways a client offers. */
  read(client: MQTTClient, count: number): void {
    if (count === 0) return;
    let bytes: Buffer;
    switch (this.#way.reading === Reading.AT_ONCE ? 0 : this.#dice.below(4)) {
      case 0:
        bytes = Buffer.from(client.read(count) as ArrayBuffer);
        break;
      case 1: {
        const into = new AN_ARRAY_BUFFER(count);
        bytes = Buffer.from(into, 0, client.read(into));
        break;
      }
      case 2: {
        const into = Buffer.alloc(count);
        bytes = into.subarray(0, client.read(into));
        break;
      }
      default:
        // More than there is.
        count = this.unread;
        bytes = Buffer.from(client.read(count + 1) as ArrayBuffer);
        break;
    }
    if (bytes.length !== count) return this.#problem(`read ${bytes.length} bytes in place of ${count}`);
    this.unread -= count;
    const event = this.events[this.events.length - 1];
    event.payload += latin1(bytes, 0, count);
  }

  #closes(client: MQTTClient): boolean {
    this.#callbacks += 1;
    if (this.#callbacks !== this.#way.closeAt) return false;
    this.close(client);
    return true;
  }

  close(client: MQTTClient): void {
    this.closed = true;
    this.unread = 0;
    client.close();
  }
}
