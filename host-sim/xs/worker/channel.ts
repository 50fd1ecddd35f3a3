/** The firmware's end of the way to the board: requests go out and are answered at once, events come in. */

import { Answer, decode, Event, encode, errorOf, type Message, type Plain, Request } from "./wire.js";

/** An IO object's, by name. */
export type Callbacks = Readonly<Record<string, (...values: never[]) => void>>;

const { issueCommand } = globalThis;

export class Channel {
  #objects = new Map<number, Callbacks>();
  #timers = new Map<number, () => void>();
  #next = 1;

  /**
   * Asks the board. @returns what it gives: a plain value, or the answer's bytes
   * @throws Error as what was asked for throws
   */
  ask(plain: readonly Plain[], bytes?: Uint8Array): unknown {
    const answer = this.request(plain, bytes);
    return answer.plain[0] === Answer.PLAIN ? answer.plain[1] : answer.bytes;
  }

  /** As `ask`; the answer is what came. */
  request(plain: readonly Plain[], bytes?: Uint8Array): Message {
    const answer = decode(new Uint8Array(issueCommand(exactBuffer(encode(plain, bytes)))));
    if (answer.plain[0] !== Answer.ERROR) return answer;
    throw errorOf(String(answer.plain[1]), String(answer.plain[2]));
  }

  /** Makes an instance of an IO class on the board. @returns its number. @throws as its constructor */
  create(io: number, options: { readonly [name: string]: Plain }, callbacks: Callbacks = {}): number {
    const object = this.#next++;
    this.#objects.set(object, callbacks);
    try {
      this.request([Request.NEW, io, object, options, Object.keys(callbacks)]);
    } catch (error) {
      this.#objects.delete(object);
      throw error;
    }
    return object;
  }

  /** An instance is not needed any more; nothing calls back from it. */
  release(object: number): void {
    this.#objects.delete(object);
  }

  setTimer(callback: () => void, delay: number): number {
    const timer = this.#next++;
    this.#timers.set(timer, callback);
    this.request([Request.SET, timer, delay]);
    return timer;
  }

  clearTimer(timer: number): void {
    if (this.#timers.delete(timer)) this.request([Request.CLEAR, timer]);
  }

  /** Acts on an event of the board's. */
  dispatch(event: Message, program: { start(board: Plain, options: Plain): void; stop(): void }): void {
    const [kind, first, second, ...more] = event.plain;
    switch (kind as Event) {
      case Event.START:
        program.start(first, second);
        break;
      case Event.STOP:
        program.stop();
        break;
      case Event.RING: {
        const callback = this.#timers.get(first as number);
        this.#timers.delete(first as number);
        callback?.();
        break;
      }
      case Event.CALLBACK: {
        const callback = this.#objects.get(first as number)?.[second as string];
        (callback as ((...values: unknown[]) => void) | undefined)?.(...more.map(argumentOf));
        break;
      }
    }
  }
}

/** An argument of a callback: an `Error` comes as `{error: message}`. */
function argumentOf(value: Plain): unknown {
  if (typeof value !== "object" || value === null || !("error" in value)) return value;
  return new Error(String(value["error"]));
}

/** What `issueCommand` takes: a buffer that holds the bytes and nothing else. */
export function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteOffset === 0 && byteLength === buffer.byteLength) return buffer as ArrayBuffer;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
