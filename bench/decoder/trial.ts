import MQTTClient from "../../firmware/mqtt/client.js";
import { type MQTTError, Reason } from "../../firmware/mqtt/error.js";
import { Session } from "../../firmware/mqtt/session.js";
import type { ResolverClass, TCPClass } from "../../firmware/ports.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { Application } from "./application.js";
import type { Dice } from "./dice.js";
import type { Meter } from "./meter.js";
import { StrictSocket, type Watcher } from "./socket.js";
import { prelude, Stage } from "./stage.js";
import { Reading, Room, type Way } from "./way.js";
import { HELD_SIZE, Writer } from "./writer.js";

/** More than CONNECT and any answers take. */
const AMPLE = 0x10_0000;

/** Turns of the loop in which everything that was held back comes to its end; each makes some progress. */
const TURNS = 100_000;

interface Resolution {
  onResolved(host: string, address: string): void;
}

class Resolver {
  #trial: Trial;

  constructor({ trial }: { trial: Trial }) {
    this.#trial = trial;
  }

  resolve(resolution: Resolution): void {
    this.#trial.resolution = resolution;
  }
}

/** One life of a client, from its construction to its end or to where nothing more can happen. */
export class Trial implements Watcher {
  readonly application: Application;
  readonly errors: MQTTError[] = [];
  /** What the client has written since the stream began, but for the application's own. */
  readonly answers: number[] = [];
  /** All that the server sends: what comes before the stream, and the stream. */
  readonly bytes: Uint8Array;
  /** What is wrong apart from what the client tells and answers. */
  trouble: string | undefined;
  socket: StrictSocket | undefined;
  resolution: Resolution | undefined;
  readonly #way: Way;
  readonly #dice: Dice;
  readonly #clock = new VirtualClock();
  readonly #client: MQTTClient;
  readonly #before: number;
  readonly #writer: Writer;

  constructor(stream: Uint8Array, way: Way, dice: Dice, meter?: Meter) {
    this.#way = way;
    this.#dice = dice;
    this.application = new Application(way, dice, (text) => this.problem(text));
    const before = prelude(way.stage, way.sessionPresent);
    this.#before = way.stage === Stage.ACCEPTING ? 0 : before.length;
    this.bytes = new Uint8Array(before.length + stream.length);
    this.bytes.set(before);
    this.bytes.set(stream, before.length);
    this.#writer = new Writer(way.stage, (text) => this.problem(text));
    const session = new Session(way.capacity);
    for (const id of way.known) session.add(id);
    const { application } = this;
    application.nudge = () => this.socket?.again();
    this.#client = new MQTTClient({
      host: "broker",
      id: "a",
      clean: way.clean,
      packetLimit: way.packetLimit,
      session,
      timer: this.#clock.timer,
      clock: this.#clock,
      dns: { io: Resolver as unknown as ResolverClass, trial: this },
      socket: { io: StrictSocket as unknown as TCPClass, watcher: this },
      onReadable(count, options) {
        application.onReadable(this as MQTTClient, count, options);
      },
      onControl(message) {
        application.onControl(this as MQTTClient, message);
      },
      onWritable: (count) => this.#onWritable(count),
      onError: (error) => this.#onError(error as MQTTError),
    });
    this.#attempt(() => this.#begin());
    meter?.reset();
    this.#attempt(() => this.#feed());
    this.#attempt(() => this.#finish());
  }

  get isOver(): boolean {
    return this.application.closed || this.errors.length > 0;
  }

  /** Throws, so that a client that has lost its way cannot go round for ever. */
  problem(text: string): never {
    this.trouble ??= text;
    throw new Error(text);
  }

  onRead(): void {
    if (this.application.unread > 0) this.problem("took more from the socket before the message was read");
  }

  onWrite(bytes: Uint8Array): void {
    if (this.isOver) this.problem("wrote after the end");
    if (this.#writer.takes(bytes)) return;
    const { unread, missing } = this.application;
    if (unread + missing > 0) this.problem("wrote before the message was read");
    this.answers.push(...bytes);
  }

  #attempt(step: () => void): void {
    if (this.trouble !== undefined) return;
    try {
      step();
    } catch (error) {
      this.trouble ??= `threw out of a callback: ${String(error)}`;
    }
  }

  /** Up to where the stream comes. */
  #begin(): void {
    const { stage } = this.#way;
    this.resolution?.onResolved("broker", "10.0.0.1");
    const socket = this.socket as StrictSocket;
    socket.stream = this.bytes;
    if (stage === Stage.CONNECTING) return socket.grant(1);
    this.#writer.own(() => socket.grant(AMPLE));
    if (this.#way.room !== Room.AMPLE || stage === Stage.NO_ROOM) this.#setRoom(0);
    if (this.#before === 0) return;
    this.application.holding = stage === Stage.UNREAD;
    socket.arrive(this.#before);
    this.application.holding = false;
    if (stage === Stage.NO_ROOM && this.application.unread > 0) this.#read();
    if (this.isOver) return;
    this.#letWrite();
    if (stage === Stage.CLOSED) this.application.close(this.#client);
  }

  #feed(): void {
    const socket = this.socket as StrictSocket;
    const { stage, cuts } = this.#way;
    const isClosed = () => socket.closes > 0 && stage !== Stage.CLOSED;
    for (let i = 0; i <= cuts.length && !isClosed(); i++) {
      socket.arrive(i < cuts.length ? this.#before + cuts[i] : this.bytes.length);
      if (isClosed()) return;
      this.#clock.run(0);
      this.#between();
    }
  }

  /** What may happen between two pieces. */
  #between(): void {
    const { reading, room, stage } = this.#way;
    const dice = this.#dice;
    if (this.application.unread > 0 && reading !== Reading.AT_ONCE && dice.once(2)) this.#read();
    if (room === Room.DRIPPING && !this.isOver && dice.once(2)) {
      this.socket?.grant(dice.between(1, 5));
    }
    if (stage !== Stage.CLOSED) return;
    this.socket?.grant(1);
    this.socket?.fail();
  }

  /** Lets the application read, write and have room until nothing more happens. */
  #finish(): void {
    const { room, stage } = this.#way;
    for (let turn = 0; !this.isOver; turn++) {
      if (turn > TURNS) return this.problem("never comes to rest");
      this.#clock.run(0);
      if (this.isOver) return;
      if (this.application.unread > 0) this.#read();
      else if (this.#writer.isDue) this.#letEnd();
      else if (stage !== Stage.CONNECTING && room !== Room.NONE && (this.socket as StrictSocket).room < 64) {
        this.socket?.grant(this.#dice.between(1, 70));
      } else break;
    }
    if (!this.isOver) return;
    if (this.#client.read() !== undefined) this.problem("has something to read after the end");
  }

  #read(): void {
    const { application } = this;
    application.read(this.#client, application.unread);
    this.#clock.run(0);
  }

  /** The application writes what it writes in this stage; the room that it needs is then gone, where it is scarce. */
  #letWrite(): void {
    const { room, stage } = this.#way;
    if (room === Room.AMPLE) return this.#writer.begin(this.#client);
    if (stage === Stage.HOLDING) this.#setRoom(HELD_SIZE + this.#dice.below(4));
    else if (stage === Stage.WRITING || stage === Stage.DISCONNECTED) this.#setRoom(AMPLE);
    this.#writer.begin(this.#client);
    if (stage !== Stage.HOLDING) this.#setRoom(0);
  }

  #letEnd(): void {
    const { room, stage } = this.#way;
    if (stage === Stage.WRITING) this.#setRoom(AMPLE);
    this.#writer.end(this.#client);
    if (stage === Stage.WRITING) this.#setRoom(room === Room.AMPLE ? AMPLE : 0);
  }

  /** Less than there is, as if something else had filled the socket. */
  #setRoom(room: number): void {
    const socket = this.socket as StrictSocket;
    socket.grant(room - socket.room);
  }

  #onWritable(count: number): void {
    if (this.isOver) this.problem("told of room after the end");
    if (count > (this.socket as StrictSocket).room) this.problem(`told of room for ${count} bytes`);
  }

  #onError(error: MQTTError): void {
    if (this.isOver) this.problem("told of an error after the end");
    if (this.socket?.closes !== 1) this.problem("told of an error before the socket is closed");
    this.errors.push(error);
    this.application.close(this.#client); // harmless, as everybody expects
    if (error.reason !== Reason.PROTOCOL && error.reason !== Reason.REFUSED) this.problem(error.message);
  }
}
