import { readUTF8, utf8Length, writeUTF8 } from "../../../firmware/codec/utf8.js";
import type { Board } from "../../../firmware/compose.js";
import { errorText } from "../../../firmware/error-text.js";
import { Packet } from "../../../firmware/mqtt/packets.js";
import type {
  MQTTClient,
  MQTTControl,
  MQTTReadableOptions,
  MQTTWill,
  MQTTWriteOptions,
} from "../../../firmware/ports.js";
import type { Program, Tell } from "./program.js";

/** The board's MQTT client alone, which does what a script says: the node itself publishes at QoS 0 and 1 only. */
export interface ClientProgram {
  readonly kind: "client";
  readonly host: string;
  readonly port: number;
  readonly id: string;
  /** CleanSession. */
  readonly clean: boolean;
  /** Milliseconds; 0 is off. */
  readonly keepAlive: number;
  readonly will?: MQTTWill;
  readonly script: readonly Step[];
}

/** One step of a script; the next one follows when it is done. */
export type Step =
  /** One packet, as soon as there is room for it. The payload is text. */
  | { readonly write: MQTTWriteOptions; readonly payload?: string }
  /** Waits for a control packet of this type; each one counts for one step. */
  | { readonly control: number }
  /** Waits until so many messages have come since the start. */
  | { readonly messages: number }
  /** Says goodbye and closes. */
  | { readonly leave: true };

/** Bytes of a packet beside topics and payload, and then some: fixed header, lengths, identifier. */
const OVERHEAD = 32;

export function startClient(board: Board, options: ClientProgram, tell: Tell): Program {
  return new ScriptedClient(board, options, tell);
}

class ScriptedClient implements Program {
  readonly #board: Board;
  readonly #tell: Tell;
  readonly #script: readonly Step[];
  #client: MQTTClient | undefined;
  /** Number of the next step. */
  #at = 0;
  #isRunning = false;
  /** Bytes that can be written. */
  #writable = 0;
  /** Control packets that have come and no step has waited for, by their type. */
  readonly #controls = new Uint32Array(16);
  #messages = 0;
  /** The message that is arriving. */
  #message: MQTTReadableOptions = { more: false };
  #payload = new Uint8Array(0);

  constructor(board: Board, options: ClientProgram, tell: Tell) {
    const { host, port, id, clean, keepAlive, will, script } = options;
    this.#board = board;
    this.#tell = tell;
    this.#script = script;
    const { io } = board.mqtt;
    this.#client = new io({
      ...{ host, port, id, clean, keepAlive },
      ...(will && { will }),
      dns: board.dns,
      socket: board.tcp,
      timer: board.timer,
      clock: board.clock,
      onReadable: (count, message) => this.#onReadable(count, message),
      onWritable: (count) => {
        this.#writable = count;
        this.#go();
      },
      onControl: (message) => this.#onControl(message),
      onError: (reason) => {
        this.#client = undefined;
        tell(`error ${reason ? errorText(reason) : ""}`);
      },
    });
  }

  stop(onStopped: () => void): void {
    this.#leave();
    this.#board.timer.set(onStopped, 0);
  }

  #onControl({ operation, id, payload, sessionPresent }: MQTTControl): void {
    const codes = payload === undefined ? "" : ` [${Array.from(payload).join()}]`;
    const session = sessionPresent === undefined ? "" : ` session ${sessionPresent ? "present" : "new"}`;
    this.#tell(`control ${operation}${id === undefined ? "" : ` id ${id}`}${codes}${session}`);
    this.#controls[operation] += 1;
    this.#go();
  }

  #onReadable(count: number, message: MQTTReadableOptions): void {
    if (message.topic !== undefined) {
      this.#message = message;
      this.#payload = new Uint8Array(0);
    }
    const piece = count > 0 ? this.#client?.read(count) : undefined;
    if (piece !== undefined) {
      const whole = new Uint8Array(this.#payload.length + piece.byteLength);
      whole.set(this.#payload);
      whole.set(new Uint8Array(piece), this.#payload.length);
      this.#payload = whole;
    }
    if (message.more) return;
    const { topic, QoS, retain, duplicate } = this.#message;
    const flags = `${flag(retain, "retained")}${flag(duplicate, "duplicate")}`;
    const text = readUTF8(this.#payload, 0, this.#payload.length);
    this.#tell(`message ${topic} QoS ${QoS}${flags}: ${text}`);
    this.#messages += 1;
    this.#go();
  }

  /** Goes through the script until something has to be waited for. */
  #go(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#client && this.#at < this.#script.length && this.#does(this.#script[this.#at])) {
      this.#at += 1;
      if (this.#at === this.#script.length) this.#tell("the script is done");
    }
    this.#isRunning = false;
  }

  /** Whether the step is done. */
  #does(step: Step): boolean {
    if ("write" in step) return this.#write(step.write, step.payload);
    if ("messages" in step) return this.#messages >= step.messages;
    if ("leave" in step) {
      this.#leave();
      return true;
    }
    if (this.#controls[step.control] === 0) return false;
    this.#controls[step.control] -= 1;
    return true;
  }

  #write(options: MQTTWriteOptions, text = ""): boolean {
    const client = this.#client as MQTTClient;
    const payload = new Uint8Array(utf8Length(text));
    writeUTF8(payload, 0, text);
    let length = OVERHEAD + payload.length + utf8Length(options.topic ?? "");
    for (const { topic } of options.items ?? []) length += utf8Length(topic) + 3;
    if (length > this.#writable) return false;
    try {
      this.#writable = client.write(payload, options);
    } catch (error) {
      // A step that cannot be done is not done again: what misses it is the scenario.
      this.#tell(`refused ${errorText(error)}`);
    }
    return true;
  }

  #leave(): void {
    const client = this.#client;
    this.#client = undefined;
    if (!client) return;
    try {
      client.write(null, { operation: Packet.DISCONNECT });
    } catch {
      // Not connected: the broker learns it from the closed socket.
    }
    client.close();
  }
}

/** What a client does not tell is said so. */
function flag(value: boolean | undefined, name: string): string {
  if (value === undefined) return ` ${name}?`;
  return value ? ` ${name}` : "";
}
