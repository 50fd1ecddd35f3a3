/**
 * What is said on one connection, TCP or serial: lines in, a receipt for each, in their order; and commands for the
 * devices that speak there.
 */

import type { Counters } from "./counters.js";
import type { Devices, Route } from "./devices.js";
import { Framing, type Line, TOO_LONG } from "./framing.js";
import type { Intake } from "./intake.js";
import type { Limits } from "./limits.js";
import { type Message, messageOf } from "./message.js";
import { error, GREETING, isReceipt, ok } from "./receipts.js";
import type { Incoming } from "./store.js";

/** What all sessions share. */
export interface Hub {
  readonly limits: Limits;
  readonly intake: Intake;
  readonly devices: Devices;
  readonly counters: Counters;
  /** Bytes of text that all sessions hold. */
  held: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** @returns false where the broker is away */
  reply(device: string, payload: string): boolean;
}

/** The connection itself. None of these throws, also when it is gone. */
export interface Peer {
  /** Bytes that were written and the other end has not taken. */
  readonly unread: number;
  /** No more should be written for now; `Session.drained` says when. */
  readonly isBlocked: boolean;
  write(text: string): void;
  pause(): void;
  resume(): void;
  /** All was said, on both sides. */
  end(): void;
  /** Ends the connection with a last line. */
  close(text: string): void;
}

/** What becomes of a connection's first line. */
export type Verdict = "message" | "swallow" | "closed";

export interface SessionOptions {
  hub: Hub;
  peer: Peer;
  /** Of a line that names no device. */
  name: string;
  /** A port: commands always go there, and what it echoes is not answered. */
  isPort: boolean;
  /** Judges the first line, be it one that is too long: what is behind it must not get past a gate that never saw it. */
  gate?(line: Line): Verdict;
}

export class Session implements Route {
  #options: SessionOptions;
  #framing: Framing;
  #pending = 0;
  #held = 0;
  #paused = false;
  #ended = false;
  #closed = false;
  #gated: boolean;
  #names = new Set<string>();
  #takers = new Set<string>();
  /** Devices by the id of commands that went out here. */
  #commands = new Map<string, string>();
  #midLineSince = 0;
  #lastMessage = performance.now();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#framing = new Framing(options.hub.limits.line);
    this.#gated = options.gate !== undefined;
  }

  /** Milliseconds of `performance.now()`: when the last whole message came. */
  get lastMessage(): number {
    return this.#lastMessage;
  }

  /** Since when a line has begun and not ended; 0 where none has. */
  get midLineSince(): number {
    return this.#midLineSince;
  }

  /** There is text without a line's end that may be a message. */
  get isPartial(): boolean {
    return !this.#closed && this.#framing.isPartial;
  }

  /** No first line has been let through. */
  get isGated(): boolean {
    return this.#gated;
  }

  /** Messages that wait for the store. */
  get pending(): number {
    return this.#pending;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** A line was on its way when the connection was made: its rest is skipped. */
  join(): void {
    this.#framing.skip();
  }

  receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#framing.push(chunk);
    this.pump();
  }

  /** Nothing has come for a while: what came is a message. */
  silence(): void {
    if (this.#closed || !this.#framing.isPartial) return;
    if (this.#isBusy()) return; // once more when there is room
    this.#takeRest();
    this.pump();
  }

  /** Nothing more will come. */
  end(): void {
    this.#ended = true;
    this.pump();
  }

  /** The connection is gone. @param pulled a port that is gone */
  gone(pulled: boolean): void {
    this.#closed = true;
    this.#hold(0);
    this.#options.hub.devices.left(this, this.#names, pulled);
  }

  /** Looks at what has come, as far as there is room for it, and reads on only then. */
  pump(): void {
    const { peer, hub } = this.#options;
    while (!this.#closed && !this.#isBusy()) {
      const line = this.#framing.next();
      if (line === undefined) {
        if (this.#ended) this.#takeRest();
        break;
      }
      this.#line(line);
    }
    if (this.#closed) return;
    if (!this.#framing.isMidLine) this.#midLineSince = 0;
    else if (this.#midLineSince === 0) this.#midLineSince = performance.now();
    this.#hold(this.#framing.held);
    if (hub.held > hub.limits.held) return this.#close("the gateway has too much to read; try again later");
    if (this.#isBusy() || this.#framing.hasMore) {
      if (!this.#paused) peer.pause();
      this.#paused = true;
    } else if (this.#ended) {
      if (this.#pending === 0) peer.end();
    } else if (this.#paused) {
      this.#paused = false;
      peer.resume();
    }
  }

  takesCommands(device: string): boolean {
    return this.#options.isPort || this.#takers.has(device);
  }

  sendCommand(device: string, id: string, line: string): boolean {
    const { peer, hub } = this.#options;
    if (this.#closed || peer.isBlocked || peer.unread + line.length > hub.limits.unread) return false;
    this.#commands.delete(id);
    this.#commands.set(id, device);
    for (const oldest of this.#commands.keys()) {
      if (this.#commands.size <= hub.limits.commands) break;
      this.#commands.delete(oldest);
    }
    peer.write(`${line}\n`);
    return true;
  }

  #isBusy(): boolean {
    return this.#pending >= this.#options.hub.limits.pending || this.#options.peer.isBlocked;
  }

  #hold(bytes: number): void {
    this.#options.hub.held += bytes - this.#held;
    this.#held = bytes;
  }

  #takeRest(): void {
    const line = this.#framing.flush();
    if (line !== undefined) this.#line(line);
  }

  #close(reason: string): void {
    this.#closed = true;
    this.#hold(0);
    this.#options.hub.counters.closed += 1;
    this.#options.peer.close(error(reason));
  }

  #line(line: Line): void {
    this.#lastMessage = performance.now();
    const { limits } = this.#options.hub;
    if (this.#gated && this.#options.gate) {
      const verdict = this.#options.gate(line);
      if (verdict === "closed") {
        this.#closed = true;
        this.#hold(0);
        return;
      }
      this.#gated = false;
      if (verdict === "swallow") return;
    }
    if (line === TOO_LONG) return this.#refuse(`the line is longer than ${limits.line} bytes`);
    const message = messageOf(line);
    if (message.kind === "text" && this.#options.isPort && isReceipt(Buffer.from(line).toString())) return;
    this.#message(message);
  }

  #message(message: Message): void {
    const { hub } = this.#options;
    switch (message.kind) {
      case "refused":
        return this.#refuse(message.reason);
      case "text":
        hub.counters.texts += 1;
        return this.#submit([], undefined, GREETING);
      case "reply":
        return this.#reply(message.id, message.device, message.payload);
      default: {
        const device = message.device ?? this.#options.name;
        const problem = this.#admit(device);
        if (problem !== undefined) return this.#refuse(problem);
        if (message.kind === "commands") {
          this.#takers.add(device);
          return this.#submit([], device, ok());
        }
        const { stamp, number, late } = message;
        const time = stamp.time === undefined && stamp.uptime === undefined ? { time: hub.now() } : stamp;
        const readings = message.values.map((value) => ({ ...value, device, stamp: time, number, late }));
        return this.#submit(readings, device, "");
      }
    }
  }

  /** @returns why this connection may not speak for one more device */
  #admit(device: string): string | undefined {
    const { limits, devices } = this.#options.hub;
    if (this.#names.has(device)) return undefined;
    if (this.#names.size >= limits.devicesPerConnection)
      return `a connection speaks for at most ${limits.devicesPerConnection} devices`;
    if (!devices.admit(device)) return `the gateway knows ${limits.devices} devices, and takes no more`;
    this.#names.add(device);
    return undefined;
  }

  #reply(id: string, device: string | undefined, payload: string): void {
    const addressee = this.#commands.get(id);
    if (addressee === undefined || (device !== undefined && device !== addressee))
      return this.#refuse("no command with this id went to this device here");
    if (!this.#options.hub.reply(addressee, payload))
      return this.#refuse("the broker is away: the reply was not passed on");
    this.#commands.delete(id);
    this.#submit([], addressee, ok());
  }

  #refuse(reason: string): void {
    this.#options.hub.counters.malformed += 1;
    this.#submit([], undefined, error(reason));
  }

  #submit(readings: readonly Incoming[], device: string | undefined, receipt: string): void {
    const { hub, peer } = this.#options;
    this.#pending += 1;
    hub.intake.submit({
      readings,
      device,
      receipt,
      done: (answer, safe) => {
        this.#pending -= 1;
        if (this.#closed) return;
        if (safe && device !== undefined) hub.devices.heard(device, this, performance.now());
        peer.write(`${answer}\n`);
        // By halves, so that a fast client is not paused and resumed for each message.
        if (this.#pending <= hub.limits.pending / 2) this.pump();
      },
    });
  }
}
