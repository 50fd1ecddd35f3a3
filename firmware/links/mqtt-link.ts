/**
 * Keeps a node connected to its broker and brings its readings there: connect, subscribe, announce, publish; notice
 * a loss, back off, again. The states are `link-state.ts`; this is the shell that owns the client and the timers.
 *
 * A reading leaves the outbox when the broker has acknowledged it; `flight.ts` knows what is under way.
 */

import { Alarm } from "../alarm.js";
import { blankReading } from "../codec/reading.js";
import { utf8Length, writeUTF8 } from "../codec/utf8.js";
import { errorText } from "../error-text.js";
import type { Counters, Monitor } from "../monitor.js";
import { MQTTError, Reason } from "../mqtt/error.js";
import { Session } from "../mqtt/session.js";
import type { Outbox } from "../outbox/outbox.js";
import type {
  Bytes,
  Clock,
  IO,
  MQTTClient,
  MQTTClientClass,
  MQTTControl,
  MQTTWriteOptions,
  ResolverClass,
  TCPClass,
  Timer,
} from "../ports.js";
import { elapsed } from "../time.js";
import { Backoff } from "./backoff.js";
import { Evictions } from "./evictions.js";
import { Flight } from "./flight.js";
import { Inbox, type Subscription } from "./inbox.js";
import {
  accepted,
  LinkState,
  left,
  lost,
  networkChanged,
  start,
  stop,
  subscribed,
  waitOver,
} from "./link-state.js";
import type { Postbox } from "./postbox.js";
import { overheadOf, ReadingMessages } from "./reading-messages.js";
import { revocable } from "./revocable-resolver.js";

export interface MQTTLinkOptions {
  client: IO<MQTTClientClass>;
  dns: IO<ResolverClass>;
  socket: IO<TCPClass>;
  timer: Timer;
  clock: Clock;
  /** From 0 up to but not including 1. */
  random: () => number;
  monitor: Monitor;
  counters: Counters;
  outbox: Outbox;
  host: string;
  port: number;
  user: string | undefined;
  password: string | undefined;
  /** Client identifier. */
  id: string;
  /** Base of the topics, without a slash at its end. */
  base: string;
  /** A reading is its value alone; late ones go as JSON to `<base>/history`. */
  plain: boolean;
  /** Milliseconds. */
  keepAlive: number;
  /** Readings under way at once, 1 to 1,024. */
  window: number;
  /** Milliseconds within which the first attempt begins, and the first after a loss, which has a second at least. */
  spread: number;
  /** No attempt begins before the clock is set: certificates have dates. */
  needsClock: boolean;
  /** Milliseconds between diagnostics, 0 for none. */
  diagnosticsPeriod: number;
  /** The payload of diagnostics. */
  diagnostics: () => string;
  subscriptions: readonly Subscription[];
  /** What is said beside readings. */
  postbox: Postbox;
  /** The broker has acknowledged something: a reading, or what is said beside them. */
  onDelivered(isReading: boolean): void;
}

/** Milliseconds for SUBACK, and for the PUBACK of the oldest reading: a broker that is slower is not serving us. */
const ANSWER_TIMEOUT = 20_000;

/** Milliseconds between two looks at a clock that is not set. */
const CLOCK_POLL = 2_000;

/** Milliseconds for the goodbye's PUBACK: nobody waits longer for a program to end. */
const GOODBYE_TIMEOUT = 1_000;

/** Packet identifiers that no reading has. */
const enum Id {
  SUBSCRIBE = 0xff01,
  ONLINE = 0xff02,
  OFFLINE = 0xff03,
}

export class MQTTLink {
  #options: MQTTLinkOptions;
  #state = LinkState.STOPPED;
  #client: MQTTClient | undefined;
  #session = new Session();
  #backoff: Backoff;
  #evictions = new Evictions();
  /** Runs in WAITING (the back-off), SUBSCRIBING, ONLINE (the oldest PUBACK) and LEAVING. */
  #alarm: Alarm;
  #diagnosticsAlarm: Alarm;
  #diagnosticsDue = false;
  #onlineAt = 0;
  #hasToldOfClock = false;
  /** Attempts to connect, and those that the broker accepted. */
  #attempts = 0;
  #connections = 0;
  /** The present connection asked for a clean session, which ends with it. */
  #isClean = false;
  /** The broker has told that the session which it keeps has the subscriptions. */
  #isSubscribed = false;
  /** The sensor has been opened, or not: the node may say that it is there. */
  #ready = false;
  #announced = false;
  /** `offline` is to be published. */
  #goodbyeDue = false;
  /** Bytes that the client takes, now and when nothing is under way. */
  #writable = 0;
  #capacity = 0;
  /** What is missing of a message that is longer than that. */
  #rest: Uint8Array | undefined;
  #onStopped: (() => void) | undefined;

  #messages: ReadingMessages;
  #statusTopic: string;
  #flight: Flight;
  #reading = blankReading();
  #write: MQTTWriteOptions = { topic: "", QoS: 1, retain: false, duplicate: false, id: 0, more: false };
  /** What was under way at the last look, and when it was seen to get anywhere. */
  #oldest = -1;
  #acknowledgements = 0;
  #movedAt = 0;
  /** The same of letters. */
  #letterAcknowledgements = 0;
  #lettersMovedAt = 0;

  #inbox: Inbox;

  constructor(options: MQTTLinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random, options.spread);
    this.#alarm = new Alarm(options.timer, this);
    this.#diagnosticsAlarm = new Alarm(options.timer, this);
    this.#statusTopic = `${options.base}/status`;
    this.#messages = new ReadingMessages(options.base, options.plain);
    this.#flight = new Flight(options.window, options.outbox);
    this.#inbox = new Inbox(options.subscriptions, (text) => options.monitor.warning?.(text));
  }

  /** @param networkUp whether there is an address to connect from */
  start(networkUp: boolean): void {
    if (this.#state !== LinkState.STOPPED) return;
    this.become(start(this.#state, networkUp), this.firstWait());
  }

  /** The first attempt is spread as the settings say; one after the network has come back must not be everyone's either. */
  private firstWait(): number {
    const { random, spread } = this.#options;
    return Math.floor(random() * (this.#attempts === 0 ? spread : Math.max(spread, Backoff.FIRST)));
  }

  networkChanged(up: boolean): void {
    const next = networkChanged(this.#state, up);
    if (next === this.#state) return;
    if (!up) this.disconnected();
    this.become(next, this.firstWait());
  }

  /** The first attempt to open the sensor has ended. */
  ready(): void {
    this.#ready = true;
    this.send();
  }

  /** There is a new reading in the outbox, or something in the postbox. */
  wake(): void {
    this.send();
  }

  /**
   * Says goodbye, so that the broker does not publish the will, and closes.
   * @param onStopped called once when all is closed, at the latest after a second; a second call closes at once
   */
  stop(onStopped: () => void): void {
    const before = this.#onStopped;
    this.#onStopped = () => {
      before?.();
      onStopped();
    };
    this.become(stop(this.#state), 0);
  }

  // --- states ------------------------------------------------------------------------------------------------------

  private become(state: LinkState, wait: number): void {
    this.#alarm.clear();
    const changed = state !== this.#state;
    this.#state = state;
    if (changed) this.#options.monitor.link?.(state);
    switch (state) {
      case LinkState.WAITING:
        this.#alarm.set(wait);
        break;
      case LinkState.CONNECTING:
        this.connect();
        break;
      case LinkState.SUBSCRIBING:
        this.#alarm.set(ANSWER_TIMEOUT);
        this.subscribe();
        break;
      case LinkState.ONLINE:
        this.#movedAt = this.#lettersMovedAt = this.#options.clock.ticks();
        this.#alarm.set(ANSWER_TIMEOUT / 2);
        this.send();
        break;
      case LinkState.LEAVING:
        if (!this.#announced) return this.become(left(state), 0);
        this.#goodbyeDue = true;
        this.#alarm.set(GOODBYE_TIMEOUT);
        this.send();
        break;
      case LinkState.STOPPED:
        this.leave();
        break;
      case LinkState.OFFLINE:
        break;
    }
  }

  onAlarm(alarm: Alarm): void {
    if (alarm === this.#diagnosticsAlarm) return this.onDiagnosticsDue();
    switch (this.#state) {
      case LinkState.WAITING:
        if (this.lacksClock()) this.#alarm.set(CLOCK_POLL);
        else this.become(waitOver(this.#state), 0);
        break;
      case LinkState.SUBSCRIBING:
        this.lost("the broker does not answer SUBSCRIBE");
        break;
      case LinkState.LEAVING:
        this.become(left(this.#state), 0);
        break;
      case LinkState.ONLINE:
        if (this.isStuck()) this.lost("the broker does not acknowledge readings");
        else if (this.areLettersStuck()) this.lost("the broker does not acknowledge messages");
        else this.#alarm.set(ANSWER_TIMEOUT / 2);
        break;
      default:
        break;
    }
  }

  /** Whether nothing was acknowledged for too long, or not the oldest reading though others were. */
  private isStuck(): boolean {
    const flight = this.#flight;
    const now = this.#options.clock.ticks();
    const oldest = flight.oldest();
    const { count, acknowledgements } = flight;
    const moves = acknowledgements !== this.#acknowledgements && (oldest < 0 || oldest !== this.#oldest);
    if (moves) this.#movedAt = now;
    this.#oldest = oldest;
    this.#acknowledgements = acknowledgements;
    return count > 0 && elapsed(this.#movedAt, now) >= ANSWER_TIMEOUT;
  }

  /** Whether letters are under way and none was acknowledged for too long: a state that changes waits for the one before. */
  private areLettersStuck(): boolean {
    const { clock, postbox } = this.#options;
    const now = clock.ticks();
    const { acknowledgements } = postbox;
    if (!postbox.isUnderWay || acknowledgements !== this.#letterAcknowledgements) this.#lettersMovedAt = now;
    this.#letterAcknowledgements = acknowledgements;
    // The first look may come at once after a letter, so one look more than the time out has.
    return elapsed(this.#lettersMovedAt, now) >= ANSWER_TIMEOUT * 1.5;
  }

  /** Says once that the link waits for the clock. */
  private lacksClock(): boolean {
    const { needsClock, clock, monitor } = this.#options;
    if (!needsClock || clock.now() !== undefined) return false;
    if (!this.#hasToldOfClock)
      monitor.note?.("the link waits for the clock to be set: certificates have dates");
    this.#hasToldOfClock = true;
    return true;
  }

  private connect(): void {
    const { client, dns, socket, timer, clock, host, port, user, password, id, keepAlive } = this.#options;
    this.#attempts += 1;
    this.#capacity = 0;
    const attempt = this.#attempts;
    // What a client that was closed still has to say is not listened to.
    const isCurrent = () => attempt === this.#attempts && this.#client !== undefined;
    // What an earlier run had under way is not known any more: begin with a clean session, then keep it.
    this.#isClean = this.#connections === 0 || this.#flight.isScattered;
    try {
      this.#client = new client.io({
        ...client,
        dns: revocable(dns, isCurrent),
        socket,
        timer,
        clock,
        host,
        port,
        id,
        clean: this.#isClean,
        keepAlive,
        session: this.#session,
        ...(user !== undefined && { user }),
        ...(password !== undefined && { password }),
        will: { topic: this.#statusTopic, message: "offline", QoS: 1, retain: true },
        onReadable: (count, options) => this.#inbox.receive(this.#client as MQTTClient, count, options),
        onWritable: (count) => this.onWritable(count),
        onControl: (message) => this.onControl(message),
        onError: (reason) => {
          const byBroker = !(reason instanceof MQTTError) || reason.reason === Reason.SOCKET;
          this.lost(reason ? errorText(reason) : "the connection failed", byBroker);
        },
      });
    } catch (error) {
      this.lost(errorText(error));
    }
  }

  private accepted(sessionPresent: boolean): void {
    const { clock, outbox, postbox, subscriptions, counters, diagnosticsPeriod } = this.#options;
    this.#onlineAt = clock.ticks();
    this.#announced = false;
    outbox.linkChanged(true);
    this.#flight.begin(sessionPresent);
    postbox.begin(sessionPresent);
    if (this.#connections > 0) counters.reconnects += 1;
    this.#connections += 1;
    if (diagnosticsPeriod > 0) {
      this.#diagnosticsDue = true;
      this.#diagnosticsAlarm.set(diagnosticsPeriod);
    }
    // A session that is present may be one that an attempt has begun whose CONNACK, or SUBSCRIBE, never arrived.
    if (!sessionPresent) this.#isSubscribed = false;
    this.become(accepted(this.#state, subscriptions.length > 0 && !this.#isSubscribed), 0);
  }

  private subscribe(): void {
    const { client, subscriptions } = this.#options;
    this.attempt(null, { operation: client.io.SUBSCRIBE, id: Id.SUBSCRIBE, items: subscriptions });
  }

  private lost(reason: string, byBroker = false): void {
    const state = this.#state;
    if (state === LinkState.WAITING || state === LinkState.STOPPED || state === LinkState.OFFLINE) return;
    this.disconnected(byBroker);
    const wait = this.#backoff.next();
    if (state !== LinkState.LEAVING) this.#options.monitor.lost?.(reason, wait);
    this.become(lost(state), wait);
  }

  private disconnected(byBroker = false): void {
    const client = this.#client;
    this.#client = undefined;
    this.#writable = 0;
    this.#rest = undefined;
    this.#diagnosticsAlarm.clear();
    client?.close();
    this.#options.outbox.linkChanged(false);
    if (this.#state === LinkState.ONLINE || this.#state === LinkState.SUBSCRIBING) {
      // Unsigned: it may have lasted for weeks.
      this.ended(elapsed(this.#onlineAt, this.#options.clock.ticks()) >>> 0, byBroker);
    } else if (this.#state === LinkState.CONNECTING) {
      this.#evictions.failed();
      this.#isSubscribed = false; // the broker may have begun a new session with it
    }
  }

  /** A connection that the broker had accepted. */
  private ended(duration: number, byBroker: boolean): void {
    const { counters, monitor, id } = this.#options;
    this.#backoff.ended(duration, this.#evictions.settled);
    const evictions = this.#evictions.ended(duration, byBroker);
    counters.evictions += evictions;
    if (evictions < Evictions.ROW) return;
    monitor.warning?.(
      `the broker ended ${evictions} connections in a row shortly after accepting them: does another device use the client id "${id}"?`,
    );
  }

  private leave(): void {
    if (this.#client && this.#writable > 0) {
      try {
        this.#client.write(null, { operation: this.#options.client.io.DISCONNECT });
      } catch {
        // No room, or not connected yet: the broker learns it from the closed socket.
      }
    }
    this.disconnected();
    const onStopped = this.#onStopped;
    this.#onStopped = undefined;
    onStopped?.();
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  private onWritable(count: number): void {
    this.#writable = count;
    this.#capacity = Math.max(this.#capacity, count);
    this.send();
  }

  /** Writes whatever is due and has room: the birth message first, then letters, readings, diagnostics. */
  private send(): void {
    if (!this.#client || !this.continue()) return;
    if (this.#state === LinkState.LEAVING) {
      // Who asked for the end is answered before it.
      if (this.#goodbyeDue && this.sendLetters(true))
        this.#goodbyeDue = !this.publishText(this.#statusTopic, "offline", 1, true, Id.OFFLINE);
      return;
    }
    if (this.#state !== LinkState.ONLINE || !this.#ready) return;
    if (!this.#announced) {
      this.#announced = this.publishText(this.#statusTopic, "online", 1, true, Id.ONLINE);
      if (!this.#announced) return;
    }
    // One that has no room yet holds no reading up.
    this.sendLetters(false);
    if (this.sendReadings() && this.#diagnosticsDue) {
      const { base, diagnostics } = this.#options;
      this.#diagnosticsDue = !this.publishText(`${base}/diagnostics`, diagnostics(), 0, false, 0);
    }
  }

  /** All that are due; false when the socket has no room for the next one, or the connection has failed. */
  private sendLetters(answersOnly: boolean): boolean {
    const { postbox } = this.#options;
    for (;;) {
      const letter = answersOnly ? postbox.nextAnswer() : postbox.next();
      if (!letter) return true;
      const { topic, text, retain, id, duplicate } = letter;
      if (!this.publishText(topic, text, 1, retain, id, duplicate)) return false;
      postbox.sent();
    }
  }

  /** As many as the window allows; false when the socket has no room for the next one. */
  private sendReadings(): boolean {
    const { outbox } = this.#options;
    const flight = this.#flight;
    let room = true;
    if (flight.count === 0) this.#movedAt = this.#options.clock.ticks();
    while (room && flight.next()) {
      if (!outbox.read(flight.seq, this.#reading)) break;
      room = this.publishReading();
      if (room) flight.sent();
    }
    if (this.#client?.flush) this.#writable = this.#client.flush();
    return room;
  }

  private publishReading(): boolean {
    // Its text would go over what is missing of the one before.
    if (this.#rest) return false;
    const { late, id, duplicate } = this.#flight;
    const messages = this.#messages;
    messages.write(this.#reading, late);
    return this.publish(messages.topic, messages.overhead, messages.payload, 1, !late, id, duplicate, true);
  }

  /** As `publish`, of a text that is not published again and again. */
  private publishText(
    topic: string,
    text: string,
    QoS: number,
    retain: boolean,
    id: number,
    duplicate = false,
    more = false,
  ): boolean {
    if (this.#rest) return false;
    const bytes = new Uint8Array(utf8Length(text));
    writeUTF8(bytes, 0, text);
    return this.publish(topic, overheadOf(topic), bytes, QoS, retain, id, duplicate, more);
  }

  /**
   * @param overhead as `overheadOf` has it for the topic
   * @returns false where there is no room now, or the connection has failed
   */
  private publish(
    topic: string,
    overhead: number,
    payload: Uint8Array,
    QoS: number,
    retain: boolean,
    id: number,
    duplicate: boolean,
    more: boolean,
  ): boolean {
    if (this.#rest) return false;
    const { length } = payload;
    // What never fits as a whole goes out in pieces.
    const isWhole = length + overhead <= this.#capacity;
    const count = isWhole ? length : this.#writable - overhead;
    if (isWhole ? length + overhead > this.#writable : count < 1) return false;
    const write = this.#write;
    write.topic = topic;
    write.QoS = QoS;
    write.retain = retain;
    write.duplicate = duplicate;
    write.id = id;
    write.more = more;
    if (count >= length) return this.attempt(payload, write);
    if (!this.attempt(payload.subarray(0, count), { ...write, byteLength: length })) return false;
    this.#rest = payload.subarray(count);
    return true;
  }

  /** Writes more of a message that has begun; false as long as some of it is missing. */
  private continue(): boolean {
    const rest = this.#rest;
    if (!rest) return true;
    const count = Math.min(rest.length, this.#writable);
    if (count === 0) return false;
    this.#rest = count < rest.length ? rest.subarray(count) : undefined;
    return this.attempt(rest.subarray(0, count)) && this.#rest === undefined;
  }

  private attempt(data: Bytes | null, options?: MQTTWriteOptions): boolean {
    try {
      this.#writable = (this.#client as MQTTClient).write(data, options);
      return true;
    } catch (error) {
      this.lost(errorText(error));
      return false;
    }
  }

  private onDiagnosticsDue(): void {
    this.#diagnosticsDue = true;
    this.#diagnosticsAlarm.set(this.#options.diagnosticsPeriod);
    this.send();
  }

  // --- receiving ---------------------------------------------------------------------------------------------------

  private onControl(message: MQTTControl): void {
    const { io } = this.#options.client;
    switch (message.operation) {
      case io.CONNACK:
        this.accepted(message.sessionPresent ?? false);
        break;
      case io.SUBACK:
        this.onSubscribed(message);
        break;
      case io.PUBACK:
        this.onAcknowledged(message.id ?? 0);
        break;
    }
  }

  private onSubscribed(message: MQTTControl): void {
    const { payload } = message;
    const { subscriptions, monitor } = this.#options;
    for (let i = 0; i < subscriptions.length; i++) {
      // [MQTT-3.9.3-1]: a code for each filter, in their order.
      if (payload?.[i] === 0x80)
        monitor.warning?.(`the broker refuses the subscription to ${subscriptions[i].topic}`);
    }
    this.#isSubscribed = !this.#isClean;
    this.become(subscribed(this.#state), 0);
  }

  private onAcknowledged(id: number): void {
    if (id === Id.OFFLINE) {
      this.become(left(this.#state), 0);
      return;
    }
    const { outbox, postbox, monitor, onDelivered } = this.#options;
    const isLetter = postbox.acknowledged(id);
    const seq = this.#flight.acknowledged(id);
    if (seq >= 0) {
      const isTold = monitor.delivered !== undefined && outbox.read(seq, this.#reading);
      outbox.acknowledge(seq);
      if (isTold) monitor.delivered?.(this.#reading, this.#flight.wasLate(id));
    }
    if (isLetter || seq >= 0) onDelivered(seq >= 0);
    this.send();
  }
}
