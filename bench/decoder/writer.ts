import MQTTClient from "../../firmware/mqtt/client.js";
import { Stage } from "./stage.js";

/** Of a message of ten bytes, what the application writes first and last. */
const FIRST = Uint8Array.of(1, 2, 3, 4);
const REST = Uint8Array.of(5, 6, 7, 8, 9, 10);

/** As FIRST alone goes out, to the topic "own". */
const HELD = Uint8Array.of(0x30, 9, 0, 3, 0x6f, 0x77, 0x6e, ...FIRST);

/** Bytes that a message which is held back takes up. */
export const HELD_SIZE = HELD.length;

/** What the application has to write itself in some stages, while the stream comes. */
export class Writer {
  #stage: Stage;
  #problem: (text: string) => never;
  /** Everything that goes out is the application's. */
  #writing = false;
  /** The rest of a message, or one that is held back, has not gone out. */
  #due = false;

  constructor(stage: Stage, problem: (text: string) => never) {
    this.#stage = stage;
    this.#problem = problem;
  }

  get isDue(): boolean {
    return this.#due;
  }

  begin(client: MQTTClient): void {
    switch (this.#stage) {
      case Stage.WRITING:
        this.own(() => client.write(FIRST, { topic: "own", byteLength: FIRST.length + REST.length }));
        this.#due = true;
        break;
      case Stage.HOLDING:
        this.#due = true;
        client.write(FIRST, { topic: "own", more: true });
        if (!this.#due) this.#problem("held nothing back");
        break;
      case Stage.DISCONNECTED:
        this.own(() => client.write(null, { operation: MQTTClient.DISCONNECT }));
        break;
    }
  }

  end(client: MQTTClient): void {
    if (this.#stage === Stage.HOLDING) {
      client.flush();
      if (this.#due) this.#problem("holds back for ever");
    } else {
      this.own(() => client.write(REST));
      this.#due = false;
    }
  }

  /** What goes out while `task` runs is not an answer. */
  own(task: () => void): void {
    this.#writing = true;
    task();
    this.#writing = false;
  }

  /** Are these bytes, which go out, the application's? */
  takes(bytes: Uint8Array): boolean {
    if (this.#writing) return true;
    if (!this.#due) return false;
    if (this.#stage === Stage.WRITING) this.#problem("wrote into the application's message");
    if (bytes.length !== HELD.length || HELD.some((byte, i) => byte !== bytes[i]))
      this.#problem("wrote something before what was held back");
    this.#due = false;
    return true;
  }
}
