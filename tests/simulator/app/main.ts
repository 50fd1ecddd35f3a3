/**
 * The program of the simulator under test. Over a connection of its own it asks the stage what to run, tells it what
 * happens, and is told to stop: a line of JSON for each.
 */

import config from "mc/config";
import board from "../../../firmware/boards/board.js";
import ModdableClient from "../../../firmware/boards/mqtt-moddable.js";
import { readUTF8, utf8Length, writeUTF8 } from "../../../firmware/codec/utf8.js";
import type { MQTTClientClass, TCP } from "../../../firmware/ports.js";
import { type Program, type ProgramOptions, start } from "../../scenarios/program/program.js";

/** What the stage says. */
interface Order {
  /** Starts this, */
  readonly start?: ProgramOptions;
  /** with Moddable's MQTT client in place of ours. */
  readonly isModdables?: boolean;
  /** Ends it, and says so. */
  readonly stop?: boolean;
}

/** What the line in the manifest makes of the board that chooses Moddable's client. */
const moddables = { ...board, mqtt: { io: ModdableClient as unknown as MQTTClientClass } };

class Conversation {
  readonly #socket: TCP;
  #writable = 0;
  /** Lines that wait for room. */
  #waiting: string[] = [];
  #heard = new Uint8Array(0);
  #program: Program | undefined;

  constructor(port: number) {
    this.#socket = new board.tcp.io({
      ...board.tcp,
      address: "127.0.0.1",
      port,
      onReadable: (count) => this.#hear(count),
      onWritable: (count) => {
        this.#writable = count;
        this.#send();
      },
      onError: () => trace("the stage is gone\n"),
    });
  }

  #say(what: object): void {
    this.#waiting.push(`${JSON.stringify(what)}\n`);
    this.#send();
  }

  #send(): void {
    while (this.#waiting.length > 0) {
      const [line] = this.#waiting;
      const bytes = new Uint8Array(utf8Length(line));
      if (bytes.length > this.#writable) return;
      writeUTF8(bytes, 0, line);
      this.#waiting.shift();
      this.#writable = this.#socket.write(bytes) ?? 0;
    }
  }

  #hear(count: number): void {
    const piece = new Uint8Array(this.#socket.read(count) as ArrayBuffer);
    const all = new Uint8Array(this.#heard.length + piece.length);
    all.set(this.#heard);
    all.set(piece, this.#heard.length);
    let from = 0;
    for (let end = all.indexOf(0x0a, from); end >= 0; end = all.indexOf(0x0a, from)) {
      this.#obey(JSON.parse(readUTF8(all, from, end) as string) as Order);
      from = end + 1;
    }
    this.#heard = all.slice(from);
  }

  #obey(order: Order): void {
    if (order.start) {
      const client = order.isModdables ? moddables : board;
      this.#program = start(client, order.start, (line) => this.#say({ told: line }));
    }
    if (order.stop) this.#program?.stop(() => this.#say({ stopped: true }));
  }
}

new Conversation(Number((config as { stage?: unknown }).stage));
