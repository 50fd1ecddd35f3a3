/** The board's end: does what a firmware on XS asks for with a `Board`, and tells it what calls back. */

import type { Board } from "../../firmware/compose.js";
import type { Settings } from "../../firmware/config.js";
import type { Digest, Flash, IO, Outputs, SensorEntry, TimerHandle } from "../../firmware/ports.js";
import { SHT3x } from "../../firmware/sensors/sht3x.js";
import { TMP117 } from "../../firmware/sensors/tmp117.js";
import { Class, type Description, type SensorDescription } from "./worker/board.js";
import { Answer, decode, Event, encode, type Message, type Plain, Request } from "./worker/wire.js";

type AnyClass = new (options: object) => object;

/** What a method gives: the values of the answer, and its bytes. */
interface Result {
  plain: Plain[];
  bytes?: Uint8Array;
}

export interface BoardServerOptions {
  board: Board;
  /** Hands an event to the firmware. @throws as the firmware does */
  send(event: Uint8Array): void;
  tell(line: string): void;
  stopped(): void;
  /** Runs when the firmware has got its answer, and has nothing more to do at present. */
  later(task: () => void): void;
}

export class BoardServer {
  #options: BoardServerOptions;
  #classes = new Map<number, IO<AnyClass>>();
  #nextClass: number = Class.ASKED;
  #objects = new Map<number, object>();
  /** Objects that the board opens have numbers below 0; those of the firmware's choice are above. */
  #nextObject = -1;
  #timers = new Map<number, TimerHandle>();
  #signal: () => number | undefined = () => undefined;

  constructor(options: BoardServerOptions) {
    this.#options = options;
    const { tcp, udp, dns } = options.board;
    this.#classes.set(Class.TCP, tcp as unknown as IO<AnyClass>);
    if (udp) this.#classes.set(Class.UDP, udp as unknown as IO<AnyClass>);
    this.#classes.set(Class.RESOLVER, dns as unknown as IO<AnyClass>);
  }

  /** What the board has. */
  description(): Description {
    const { board } = this.#options;
    const { io: _io, ...mqtt } = board.mqtt;
    return {
      identity: board.identity,
      isClockSettable: "set" in board.clock,
      hasUDP: board.udp !== undefined,
      hasTLS: board.tls !== undefined,
      hasNetwork: board.network !== undefined,
      hasSerial: board.serial !== undefined,
      hasOutputs: board.outputs !== undefined,
      hasStorage: board.storage !== undefined,
      hasFreeMemory: board.freeMemory !== undefined,
      canRestart: board.restart !== undefined,
      hasWatchdog: board.watchdog !== undefined,
      sensors: Object.keys(board.sensors),
      journal: board.journal ? { endurance: board.journal.endurance ?? null } : null,
      update: board.update?.kind ?? null,
      resetReason: board.resetReason ?? null,
      mqtt: mqtt as { readonly [option: string]: Plain },
    };
  }

  /** Answers a request of the firmware's. */
  answer(request: Uint8Array): Uint8Array {
    try {
      const { plain, bytes } = this.#do(decode(request));
      return encode(plain, bytes);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      return encode([Answer.ERROR, name, message]);
    }
  }

  /** Closes all that the firmware has left open. */
  close(): void {
    for (const timer of this.#timers.values()) this.#options.board.timer.clear(timer);
    this.#timers.clear();
    for (const object of this.#objects.values()) (object as { close?: () => void }).close?.();
    this.#objects.clear();
  }

  #do({ plain, bytes }: Message): Result {
    const [kind, ...values] = plain;
    switch (kind as Request) {
      case Request.BOARD: {
        const [member, ...more] = values;
        return resultOf(this.#ask(member as string, more, bytes));
      }
      case Request.NEW: {
        const [io, object, options, callbacks] = values as [number, number, object, string[]];
        this.#create(io, object, options, callbacks);
        break;
      }
      case Request.CALL: {
        const [object, method, ...more] = values;
        return this.#call(object as number, method as string, more, bytes);
      }
      case Request.SET: {
        const [timer, delay] = values as [number, number];
        const handle = this.#options.board.timer.set(() => {
          this.#timers.delete(timer);
          this.#options.send(encode([Event.RING, timer]));
        }, delay);
        this.#timers.set(timer, handle);
        break;
      }
      case Request.CLEAR: {
        const timer = values[0] as number;
        this.#options.board.timer.clear(this.#timers.get(timer));
        this.#timers.delete(timer);
        break;
      }
      case Request.TELL:
        this.#options.tell(values[0] as string);
        break;
      case Request.STOPPED:
        this.#options.later(() => this.#options.stopped());
        break;
    }
    return { plain: [Answer.NONE] };
  }

  // --- IO classes ---------------------------------------------------------------------------------------------------

  #create(io: number, object: number, options: object, callbacks: readonly string[]): void {
    const source = this.#classes.get(io);
    if (!source) throw new Error(`the board has no IO class ${io}`);
    const all: Record<string, unknown> = { ...source, ...options };
    for (const name of callbacks) {
      all[name] = (...values: unknown[]) => {
        this.#options.send(encode([Event.CALLBACK, object, name, ...values.map(plainOf)]));
      };
    }
    const made = new source.io(all);
    // A resolver is there for one question.
    if (io === Class.RESOLVER) (made as { resolve(options: object): void }).resolve(all);
    else this.#objects.set(object, made);
  }

  #call(number: number, method: string, values: Plain[], bytes: Uint8Array | undefined): Result {
    const object = this.#objects.get(number) as Record<string, (...values: unknown[]) => unknown> | undefined;
    if (!object) throw new Error(`${method} of an object that is closed`);
    if (method === "close") this.#objects.delete(number);
    if (method === "resolution") return resultOf(object["resolution"]);
    if (method === "read" && typeof values[0] === "number") return readInto(object, values as number[]);
    const result = bytes ? object[method](bytes, ...values) : object[method](...values.map(orNothing));
    return resultOf(result);
  }

  // --- the rest of a board --------------------------------------------------------------------------------------------

  #ask(member: string, values: Plain[], bytes: Uint8Array | undefined): unknown {
    const { board } = this.#options;
    const [first] = values;
    const settings = first as unknown as Settings;
    const { storage, update } = board;
    switch (member) {
      case "clock.ticks":
        return board.clock.ticks();
      case "clock.now":
        return board.clock.now();
      case "clock.set":
        return "set" in board.clock ? board.clock.set(first as number) : undefined;
      case "random":
        return board.random();
      case "tls":
        return this.#register(board.tls?.(settings));
      case "serial":
        return this.#register(board.serial?.(settings));
      case "outputs":
        return this.#outputs(board.outputs?.(settings) ?? {});
      case "sensor":
        return this.#sensor(board.sensors[first as string](values[1] as unknown as Settings));
      case "storage.read":
        return storage?.read(first as string);
      case "storage.write":
        return storage?.write(first as string, values[1] as string);
      case "storage.delete":
        return storage?.delete(first as string);
      case "journal.open":
        return this.#keep(board.journal?.open());
      case "freeMemory":
        return board.freeMemory?.();
      case "watchdog.feed":
        return board.watchdog?.feed();
      case "restart":
        return this.#options.later(() => board.restart?.());
      case "network":
        return this.#network();
      case "signal":
        return this.#signal();
      case "slots.isPending":
        return update?.slots.isPending;
      case "slots.open":
        return this.#keep(update?.slots.open());
      case "slots.activate":
        return update?.slots.activate();
      case "slots.confirm":
        return update?.slots.confirm();
      case "slots.goBack":
        return update?.slots.goBack();
      case "update.digest":
        return this.#keep(update?.digest());
      case "update.verify": {
        const [key, signature] = values as number[];
        const all = bytes as Uint8Array;
        return update?.verify(
          all.subarray(0, key),
          all.subarray(key + signature),
          all.subarray(key, key + signature),
        );
      }
      default:
        throw new Error(`the board has no ${member}`);
    }
  }

  #register(io: IO<unknown> | undefined): number {
    const number = this.#nextClass++;
    this.#classes.set(number, io as IO<AnyClass>);
    return number;
  }

  #keep(object: Flash | Digest | undefined): number {
    const number = this.#nextObject--;
    this.#objects.set(number, object as object);
    return number;
  }

  #outputs(outputs: Outputs): Plain {
    const found: Record<string, Plain> = {};
    for (const [name, output] of Object.entries(outputs)) {
      found[name] = {
        io: this.#register(output),
        output: ((output as IO<unknown>).io as { Output?: number }).Output ?? 0,
      };
    }
    return found;
  }

  /** A driver of the firmware's gets its bus; a sensor of another class stays here. */
  #sensor({ io, options, ...range }: SensorEntry): SensorDescription {
    const driver = (io as unknown) === TMP117 ? "TMP117" : (io as unknown) === SHT3x ? "SHT3x" : "remote";
    const source = driver === "remote" ? { io, ...options } : (options["sensor"] as IO<unknown>);
    return { driver, io: this.#register(source), range };
  }

  /** The interface as a class with one callback. */
  #network(): number {
    const network = this.#options.board.network?.bind(this.#options.board);
    const signal = (read: () => number | undefined) => {
      this.#signal = read;
    };
    class Network {
      constructor({ onChanged }: { onChanged(up: boolean): void }) {
        const open = network?.({} as Settings, {});
        signal(() => open?.signal);
        open?.start(onChanged);
      }
    }
    return this.#register({ io: Network });
  }
}

/** Reads as many bytes as were asked for, or are there. */
function readInto(object: Record<string, (...values: unknown[]) => unknown>, values: number[]): Result {
  const [length, ...more] = values;
  const buffer = new Uint8Array(length);
  const count = object["read"](buffer, ...more) as number | undefined;
  if (count === undefined) return { plain: [Answer.NONE] };
  return { plain: [Answer.BYTES], bytes: buffer.subarray(0, count) };
}

function resultOf(value: unknown): Result {
  if (value === undefined) return { plain: [Answer.NONE] };
  if (value instanceof Uint8Array) return { plain: [Answer.BYTES], bytes: value };
  if (value instanceof ArrayBuffer) {
    const { address = null, port = null } = value as { address?: string; port?: number };
    return { plain: [Answer.BYTES, address, port], bytes: new Uint8Array(value) };
  }
  return { plain: [Answer.PLAIN, value as Plain] };
}

function orNothing(value: Plain): unknown {
  return value === null ? undefined : value;
}

function plainOf(value: unknown): Plain {
  if (value instanceof Error) return { error: value.message };
  return value === undefined ? null : (value as Plain);
}
