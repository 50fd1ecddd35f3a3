/**
 * Keeps a node connected to its broker and brings its readings there: connect, subscribe, announce, publish; notice
 * a loss, back off, again. The states are `link-state.ts`; this is the shell that owns the client and the timers.
 *
 * A reading leaves the outbox when the broker has acknowledged it. Its packet identifier follows from its sequence
 * number, `1 + seq % window`, so that it is the same when the reading is sent again.
 */

import { type Origin, QUANTITIES, type Reading, readingJSON } from "../codec/reading.js";
import { utf8Length, writeUTF8 } from "../codec/utf8.js";
import { errorText } from "../error-text.js";
import type { Counters, Monitor } from "../monitor.js";
import { Session } from "../mqtt/session.js";
import type { Outbox } from "../outbox/outbox.js";
import type {
  Bytes,
  Clock,
  IO,
  MQTTClient,
  MQTTClientClass,
  MQTTControl,
  MQTTReadableOptions,
  MQTTWriteOptions,
  ResolverClass,
  TCPClass,
  Timer,
  TimerHandle,
} from "../ports.js";
import { elapsed } from "../time.js";
import { Backoff } from "./backoff.js";
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

/** A message that arrived. */
export interface Message {
  readonly topic: string;
  /** Valid during the call only. */
  readonly payload: Uint8Array;
  readonly QoS: number;
  /** The broker had stored it; `undefined` where the client does not tell. */
  readonly retain: boolean | undefined;
}

export interface Subscription {
  readonly topic: string;
  readonly QoS: 0 | 1;
  onMessage(message: Message): void;
}

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
  origin: Origin;
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
  /** Readings under way at once. */
  window: number;
  /** Milliseconds within which the first attempt begins. */
  spread: number;
  /** Milliseconds between diagnostics, 0 for none. */
  diagnosticsPeriod: number;
  /** The payload of diagnostics. */
  diagnostics: () => string;
  subscriptions: readonly Subscription[];
}

/** Milliseconds for SUBACK, and for the PUBACK of the oldest reading: a broker that is slower is not serving us. */
const ANSWER_TIMEOUT = 20_000;

/** Milliseconds for the goodbye's PUBACK: nobody waits longer for a program to end. */
const GOODBYE_TIMEOUT = 1_000;

/** A message that arrives with a longer payload is ignored and reported. */
const MESSAGE_LIMIT = 1_024;

/** Fixed header, topic length and packet identifier of a PUBLISH. */
const PUBLISH_OVERHEAD = 9;

/** No reading is under way with this identifier. */
const FREE = -1;

/** Packet identifiers outside of the window's. */
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
  /** Runs in WAITING (the back-off), SUBSCRIBING, ONLINE (the oldest PUBACK) and LEAVING. */
  #timer: TimerHandle;
  #diagnosticsTimer: TimerHandle;
  #diagnosticsDue = false;
  #onlineAt = 0;
  #connections = 0;
  /** The sensor has been opened, or not: the node may say that it is there. */
  #ready = false;
  #announced = false;
  /** `offline` is to be published. */
  #goodbyeDue = false;
  /** Bytes that the client takes. */
  #writable = 0;
  #onStopped: (() => void) | undefined;

  #topics: string[];
  #statusTopic: string;
  /** Sequence number of the next reading to send. */
  #sent: number;
  /** Readings below this number have been sent before, in the session that the broker has of us. */
  #sentBefore: number;
  /** By identifier less one: the reading that is under way on this connection, or FREE. */
  #underWay: Float64Array;
  /** Readings below this number waited for the present connection. */
  #late: number;
  /** Which of the readings under way were sent as late: a repetition must say the same. */
  #sentLate: Uint8Array;
  #reading: Reading = { quantity: 0, value: 0, seq: 0, time: 0, uptime: 0 };
  #buffer = new Uint8Array(256);
  #write: MQTTWriteOptions = { topic: "", QoS: 1, retain: false, duplicate: false, id: 0 };
  /** Sequence number and time of the oldest reading under way, to see whether it gets anywhere. */
  #oldest = -1;
  #oldestSince = 0;

  #message = new Uint8Array(MESSAGE_LIMIT);
  #messageLength = 0;
  #messageTopic = "";
  #messageQoS = 0;
  #messageRetain: boolean | undefined;
  #messageTooLong = false;

  constructor(options: MQTTLinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
    this.#statusTopic = `${options.base}/status`;
    this.#topics = QUANTITIES.map((name) => `${options.base}/${name}`);
    this.#sent = this.#sentBefore = this.#late = options.outbox.first;
    this.#underWay = new Float64Array(options.window);
    this.#sentLate = new Uint8Array(options.window);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** @param networkUp whether there is an address to connect from */
  start(networkUp: boolean): void {
    if (this.#state !== LinkState.STOPPED) return;
    this.#become(start(this.#state, networkUp), Math.floor(this.#options.random() * this.#options.spread));
  }

  networkChanged(up: boolean): void {
    const next = networkChanged(this.#state, up);
    if (next === this.#state) return;
    if (!up) this.#disconnected();
    this.#become(next, up ? this.#backoff.next() : 0);
  }

  /** The first attempt to open the sensor has ended. */
  ready(): void {
    this.#ready = true;
    this.#send();
  }

  /** There is a new reading in the outbox. */
  wake(): void {
    this.#send();
  }

  /**
   * Says goodbye, so that the broker does not publish the will, and closes.
   * @param onStopped called once when all is closed, at the latest after a second
   */
  stop(onStopped: () => void): void {
    this.#onStopped = onStopped;
    this.#become(stop(this.#state), 0);
  }

  // --- states ------------------------------------------------------------------------------------------------------

  #become(state: LinkState, wait: number): void {
    this.#clearTimer();
    const changed = state !== this.#state;
    this.#state = state;
    if (changed) this.#options.monitor.link?.(state);
    switch (state) {
      case LinkState.WAITING:
        this.#setTimer(wait);
        break;
      case LinkState.CONNECTING:
        this.#connect();
        break;
      case LinkState.SUBSCRIBING:
        this.#setTimer(ANSWER_TIMEOUT);
        this.#subscribe();
        break;
      case LinkState.ONLINE:
        this.#oldest = -1;
        this.#setTimer(ANSWER_TIMEOUT);
        this.#send();
        break;
      case LinkState.LEAVING:
        if (!this.#announced) return this.#become(left(state), 0);
        this.#goodbyeDue = true;
        this.#setTimer(GOODBYE_TIMEOUT);
        this.#send();
        break;
      case LinkState.STOPPED:
        this.#leave();
        break;
      case LinkState.OFFLINE:
        break;
    }
  }

  #setTimer(delay: number): void {
    this.#timer = this.#options.timer.set(this.#onTimer, delay);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#options.timer.clear(this.#timer);
    this.#timer = undefined;
  }

  #onTimer = (): void => {
    this.#timer = undefined;
    switch (this.#state) {
      case LinkState.WAITING:
        this.#become(waitOver(this.#state), 0);
        break;
      case LinkState.SUBSCRIBING:
        this.#lost("the broker does not answer SUBSCRIBE");
        break;
      case LinkState.LEAVING:
        this.#become(left(this.#state), 0);
        break;
      case LinkState.ONLINE: {
        const { outbox, clock } = this.#options;
        const now = clock.ticks();
        const oldest = this.#sent > outbox.first ? outbox.first : -1;
        if (oldest >= 0 && oldest === this.#oldest && elapsed(this.#oldestSince, now) >= ANSWER_TIMEOUT) {
          this.#lost("the broker does not acknowledge readings");
          break;
        }
        if (oldest !== this.#oldest) {
          this.#oldest = oldest;
          this.#oldestSince = now;
        }
        this.#setTimer(ANSWER_TIMEOUT / 2);
        break;
      }
      default:
        break;
    }
  };

  #connect(): void {
    const { client, dns, socket, timer, clock, host, port, user, password, id, keepAlive } = this.#options;
    try {
      this.#client = new client.io({
        ...client,
        dns,
        socket,
        timer,
        clock,
        host,
        port,
        id,
        // What an earlier run had under way is not known any more: begin with a clean session, then keep it.
        clean: this.#connections === 0,
        keepAlive,
        session: this.#session,
        ...(user !== undefined && { user }),
        ...(password !== undefined && { password }),
        will: { topic: this.#statusTopic, message: "offline", QoS: 1, retain: true },
        onReadable: (count, options) => this.#onReadable(count, options),
        onWritable: (count) => this.#onWritable(count),
        onControl: (message) => this.#onControl(message),
        onError: (reason) => this.#lost(reason ? errorText(reason) : "the connection failed"),
      });
    } catch (error) {
      this.#lost(errorText(error));
    }
  }

  #accepted(sessionPresent: boolean): void {
    const { clock, outbox, subscriptions, counters, diagnosticsPeriod } = this.#options;
    this.#onlineAt = clock.ticks();
    this.#announced = false;
    this.#late = outbox.next;
    if (!sessionPresent) this.#sentBefore = outbox.first;
    this.#sent = outbox.first;
    this.#underWay.fill(FREE);
    if (this.#connections > 0) counters.reconnects += 1;
    this.#connections += 1;
    if (diagnosticsPeriod > 0) {
      this.#diagnosticsDue = true;
      this.#diagnosticsTimer = this.#options.timer.set(this.#onDiagnostics, diagnosticsPeriod);
    }
    this.#become(accepted(this.#state, subscriptions.length > 0 && !sessionPresent), 0);
  }

  #subscribe(): void {
    const { client, subscriptions } = this.#options;
    this.#attempt(null, { operation: client.io.SUBSCRIBE, id: Id.SUBSCRIBE, items: subscriptions });
  }

  #lost(reason: string): void {
    const state = this.#state;
    if (state === LinkState.WAITING || state === LinkState.STOPPED || state === LinkState.OFFLINE) return;
    this.#disconnected();
    const wait = this.#backoff.next();
    if (state !== LinkState.LEAVING) this.#options.monitor.lost?.(reason, wait);
    this.#become(lost(state), wait);
  }

  #disconnected(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#writable = 0;
    if (this.#diagnosticsTimer !== undefined) this.#options.timer.clear(this.#diagnosticsTimer);
    this.#diagnosticsTimer = undefined;
    client?.close();
    if (this.#state === LinkState.ONLINE) {
      this.#backoff.ended(elapsed(this.#onlineAt, this.#options.clock.ticks()));
    }
  }

  #leave(): void {
    if (this.#client && this.#writable > 0) {
      try {
        this.#client.write(null, { operation: this.#options.client.io.DISCONNECT });
      } catch {
        // No room, or not connected yet: the broker learns it from the closed socket.
      }
    }
    this.#disconnected();
    const onStopped = this.#onStopped;
    this.#onStopped = undefined;
    onStopped?.();
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  #onWritable(count: number): void {
    this.#writable = count;
    this.#send();
  }

  /** Writes whatever is due and has room: the birth message first, then readings, then diagnostics. */
  #send(): void {
    const client = this.#client;
    if (!client) return;
    if (this.#state === LinkState.LEAVING) {
      if (this.#goodbyeDue)
        this.#goodbyeDue = !this.#publishText(this.#statusTopic, "offline", 1, true, Id.OFFLINE);
      return;
    }
    if (this.#state !== LinkState.ONLINE || !this.#ready) return;
    if (!this.#announced) {
      this.#announced = this.#publishText(this.#statusTopic, "online", 1, true, Id.ONLINE);
      if (!this.#announced) return;
    }
    const { outbox, window } = this.#options;
    // A reading that was pushed out of the outbox is not sent any more.
    if (this.#sent < outbox.first) this.#sent = outbox.first;
    while (this.#sent < outbox.next) {
      const slot = this.#sent % window;
      if (this.#underWay[slot] !== FREE) return;
      if (outbox.read(this.#sent, this.#reading)) {
        if (!this.#publishReading(this.#reading)) return;
        this.#underWay[slot] = this.#sent;
      }
      this.#sent += 1;
      if (this.#sentBefore < this.#sent) this.#sentBefore = this.#sent;
    }
    if (this.#diagnosticsDue) {
      const { base, diagnostics } = this.#options;
      this.#diagnosticsDue = !this.#publishText(`${base}/diagnostics`, diagnostics(), 0, false, 0);
    }
  }

  #publishReading(reading: Reading): boolean {
    const { window, plain, base, origin } = this.#options;
    const slot = reading.seq % window;
    const duplicate = reading.seq < this.#sentBefore;
    if (!duplicate) this.#sentLate[slot] = reading.seq < this.#late ? 1 : 0;
    const late = this.#sentLate[slot] === 1;
    const topic = plain && late ? `${base}/history` : this.#topics[reading.quantity];
    const text = plain && !late ? String(reading.value) : readingJSON(reading, origin, late);
    return this.#publishText(topic, text, 1, !late, 1 + slot, duplicate);
  }

  /** False where there is no room now, or the connection has failed. */
  #publishText(
    topic: string,
    text: string,
    QoS: number,
    retain: boolean,
    id: number,
    duplicate = false,
  ): boolean {
    const length = utf8Length(text);
    if (length + topic.length + PUBLISH_OVERHEAD > this.#writable) return false;
    if (length > this.#buffer.length) this.#buffer = new Uint8Array(length);
    const buffer = this.#buffer;
    writeUTF8(buffer, 0, text);
    const write = this.#write;
    write.topic = topic;
    write.QoS = QoS;
    write.retain = retain;
    write.duplicate = duplicate;
    write.id = id;
    return this.#attempt(buffer.subarray(0, length), write);
  }

  #attempt(data: Bytes | null, options: MQTTWriteOptions): boolean {
    try {
      this.#writable = (this.#client as MQTTClient).write(data, options);
      return true;
    } catch (error) {
      this.#lost(errorText(error));
      return false;
    }
  }

  #onDiagnostics = (): void => {
    this.#diagnosticsDue = true;
    this.#diagnosticsTimer = this.#options.timer.set(this.#onDiagnostics, this.#options.diagnosticsPeriod);
    this.#send();
  };

  // --- receiving ---------------------------------------------------------------------------------------------------

  #onControl(message: MQTTControl): void {
    const { io } = this.#options.client;
    switch (message.operation) {
      case io.CONNACK:
        this.#accepted(message.sessionPresent ?? false);
        break;
      case io.SUBACK:
        this.#onSubscribed(message);
        break;
      case io.PUBACK:
        this.#onAcknowledged(message.id ?? 0);
        break;
    }
  }

  #onSubscribed(message: MQTTControl): void {
    const { payload } = message;
    const { subscriptions, monitor } = this.#options;
    for (let i = 0; i < subscriptions.length; i++) {
      // [MQTT-3.9.3-1]: a code for each filter, in their order.
      if (payload?.[i] === 0x80)
        monitor.warning?.(`the broker refuses the subscription to ${subscriptions[i].topic}`);
    }
    this.#become(subscribed(this.#state), 0);
  }

  #onAcknowledged(id: number): void {
    if (id === Id.OFFLINE) {
      this.#become(left(this.#state), 0);
      return;
    }
    const { outbox, window, monitor } = this.#options;
    if (id < 1 || id > window) return;
    const seq = this.#underWay[id - 1];
    if (seq === FREE) return;
    this.#underWay[id - 1] = FREE;
    const late = this.#sentLate[id - 1] === 1;
    const waits = outbox.read(seq, this.#reading);
    outbox.acknowledge(seq);
    if (waits) monitor.delivered?.(this.#reading, late);
    this.#send();
  }

  #onReadable(count: number, options: MQTTReadableOptions): void {
    if (options.topic !== undefined) {
      this.#messageTopic = options.topic;
      this.#messageQoS = options.QoS ?? 0;
      this.#messageRetain = options.retain;
      this.#messageLength = 0;
      this.#messageTooLong = (options.byteLength ?? 0) > MESSAGE_LIMIT;
    }
    if (count > 0) {
      const data = this.#client?.read(count);
      if (data !== undefined && !this.#messageTooLong) {
        this.#message.set(new Uint8Array(data), this.#messageLength);
        this.#messageLength += data.byteLength;
      }
    }
    if (options.more) return;
    const { subscriptions, monitor } = this.#options;
    const topic = this.#messageTopic;
    if (this.#messageTooLong) {
      monitor.warning?.(`a message of more than ${MESSAGE_LIMIT} bytes to ${topic} is ignored`);
      return;
    }
    for (let i = 0; i < subscriptions.length; i++) {
      if (subscriptions[i].topic !== topic) continue;
      subscriptions[i].onMessage({
        topic,
        payload: this.#message.subarray(0, this.#messageLength),
        QoS: this.#messageQoS,
        retain: this.#messageRetain,
      });
    }
  }
}
