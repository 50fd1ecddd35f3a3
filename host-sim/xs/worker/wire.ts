/**
 * What goes between the firmware on XS and the board on Node: a line of JSON and, behind a zero byte, the bytes that come
 * with it. Both sides use this file.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

export interface Message {
  readonly plain: readonly Plain[];
  /** Bytes that come with it; a view on the message that was decoded. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * What the firmware asks of the board.
 *
 * | request | answer |
 * |---|---|
 * | `[Request.BOARD, member, ...arguments]` | what the board's method, or property, gives |
 * | `[Request.NEW, io, object, options, callbacks]`: an instance of an IO class, under a number of the firmware's choice | |
 * | `[Request.CALL, object, method, ...arguments]` | what the method gives |
 * | `[Request.SET, timer, delay]`, `[Request.CLEAR, timer]` | |
 * | `[Request.TELL, line]`: a line of the program's | |
 * | `[Request.STOPPED]`: the program has stopped | |
 */
export const enum Request {
  BOARD,
  NEW,
  CALL,
  SET,
  CLEAR,
  TELL,
  STOPPED,
}

/** How a request was answered. */
export const enum Answer {
  /** With nothing. */
  NONE,
  /** `[Answer.PLAIN, value]`. */
  PLAIN,
  /** The value is in the message's bytes. `[Answer.BYTES, address, port]` for a datagram. */
  BYTES,
  /** `[Answer.ERROR, name, message]`: it threw. */
  ERROR,
}

/**
 * What the board tells the firmware. Answered as a request is.
 *
 * | event | |
 * |---|---|
 * | `[Event.START, description of the board, options]` | the program begins |
 * | `[Event.STOP]` | it is to stop |
 * | `[Event.RING, timer]` | a timer's time has come |
 * | `[Event.CALLBACK, object, name, ...arguments]` | an IO object calls back |
 */
export const enum Event {
  START,
  STOP,
  RING,
  CALLBACK,
}

export function encode(plain: readonly Plain[], bytes?: Uint8Array): Uint8Array {
  const text = encoder.encode(JSON.stringify(plain));
  if (!bytes) return text;
  const whole = new Uint8Array(text.length + 1 + bytes.length);
  whole.set(text);
  whole.set(bytes, text.length + 1);
  return whole;
}

export function decode(message: Uint8Array): Message {
  const end = message.indexOf(0);
  return {
    plain: JSON.parse(decoder.decode(end < 0 ? message : message.subarray(0, end))) as Plain[],
    bytes: end < 0 ? undefined : message.subarray(end + 1),
  };
}

/** Errors come over by name and message; of the classes that the language and IO throw. */
export function errorOf(name: string, message: string): Error {
  if (name === "RangeError") return new RangeError(message);
  if (name === "TypeError") return new TypeError(message);
  if (name === "SyntaxError") return new SyntaxError(message);
  return new Error(message);
}
